"""`dynacollect calibrate show | export | import`: calibration files, and those of other tools."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from rich.table import Table

    from ...calibration.file import CalibrationFile
    from ...calibration.file_parts import FiledCamera

EXPORT_EXAMPLE = "Example: dynacollect calibrate export calibration.yaml --format ros --out camera_info"
IMPORT_EXAMPLE = (
    "Example: dynacollect calibrate import camchain.yaml --format kalibr --rename cam0=front --rename cam1=side "
    "--out calibration.yaml"
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="What `calibrate solve` wrote.")]


def add_to(app: typer.Typer) -> None:
    """Hook the three commands into a group."""
    app.command("show", epilog="Example: dynacollect calibrate show calibration.yaml")(show)
    app.command("export", epilog=EXPORT_EXAMPLE)(export)
    app.command("import", epilog=IMPORT_EXAMPLE)(import_)


def show(file: FileArgument, as_json: JsonFlag = False) -> None:
    """Show where cameras are, how sure that is, and how old."""
    from ...calibration.file import read_calibration

    read = read_calibration(file)
    age_days = round((datetime.now(UTC) - read.created_at).total_seconds() / 86400, 3)
    emit({"path": file, "id": read.id, "age_days": age_days, **read.content()}, as_json, _table(read, age_days))


def export(
    file: FileArgument,
    form: Annotated[Literal["opencv", "ros"], typer.Option("--format", help="FileStorage, or camera_info.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write one file a camera into.")],
    as_json: JsonFlag = False,
) -> None:
    """Write the cameras as OpenCV or ROS read them."""
    from ...calibration.exchange import export as write
    from ...calibration.file import read_calibration

    paths = write(read_calibration(file), form, out)
    lines = [f"Wrote {', '.join(map(str, paths.values()))}."]
    if form == "ros":
        lines.append("A camera_info has no place for where a camera is: the poses stay behind.")
    emit({"format": form, "paths": paths}, as_json, "\n".join(lines))


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="OpenCV and ROS: one a camera.")],
    form: Annotated[
        Literal["opencv", "ros", "kalibr"], typer.Option("--format", help="FileStorage, camera_info, or camchain.")
    ],
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("calibration.yaml"),
    rig: Annotated[
        str | None, typer.Option("--rig", metavar="NAME|FILE", help="Gives the serials, and what is on the wrist.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option("--rename", metavar="THEIRS=OURS", help="A camera's name; may be repeated.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take over cameras that another tool calibrated."""
    from ...calibration.exchange import import_cameras, imported, lacking
    from ...calibration.file import write_calibration
    from ...rig.config import load_rig

    cameras = import_cameras(files, form, _names(rename or []))
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = imported(cameras, created=created, rig=None if rig is None else load_rig(rig))
    write_calibration(out, made)
    lacks = lacking(made)
    said = f"Wrote {out}: {', '.join(made.cameras)}." + (f"\n{lacks}" if lacks else "")
    emit({"path": out, "id": made.id, "cameras": list(made.cameras), "lacking": lacks}, as_json, said)


def _names(given: list[str]) -> dict[str, str]:
    from ...rig.errors import DynacollectError

    names: dict[str, str] = {}
    for pair in given:
        theirs, _, ours = pair.partition("=")
        if not theirs or not ours:
            raise DynacollectError(f"--rename {pair} names no two cameras; write it like cam0=front.")
        names[theirs] = ours
    return names


def _table(file: CalibrationFile, age_days: float) -> Table:
    from rich.table import Table
    from rich.text import Text

    title = f"{file.rig or 'calibration'} {file.id}, {_age(age_days)} old"
    table = Table(
        "camera", "", "size", "focal px", "± px", "place ± mm", "turn ± deg", "views", "rms px", "held out mm",
        title=Text(title), title_justify="left", caption=Text(_caption(file)), caption_justify="left",
    )  # fmt: skip
    for name, camera in file.cameras.items():
        table.add_row(Text(name), *_row(camera), _held_out(file, name))
    return table


def _row(camera: FiledCamera) -> list[str]:
    std = camera.std
    sure = [f"{max(std.K.fx, std.K.fy):.2f}", _norm(std.shift_mm, 2), _norm(std.turn_deg, 3)] if std else ["", "", ""]
    if camera.pose is None:
        sure[1:] = ["not known", "not known"]
    views = f"{camera.views.used}/{camera.views.taken}" if camera.views else ""
    rms = "" if camera.rms_px is None else f"{camera.rms_px:.3f}"
    return [camera.role, camera.shape, f"{camera.K.fx:.1f}", *sure, views, rms]


def _norm(sigmas: tuple[float, float, float], digits: int) -> str:
    return f"{sum(sigma**2 for sigma in sigmas) ** 0.5:.{digits}f}"


def _held_out(file: CalibrationFile, name: str) -> str:
    one = file.quality and file.quality.held_out.get(name)
    return f"{one.rms_mm:.2f}" if one else ""


def _caption(file: CalibrationFile) -> str:
    quality = file.quality
    lines: list[str] = []
    if quality and quality.workspace:
        space = quality.workspace
        lines.append(f"Points that two cameras see: {space.rms_mm:g} mm off (one sigma), {space.worst_mm:g} at worst.")
    lines += [*(quality.advice if quality else ()), *file.findings]
    return "\n".join(lines)


def _age(days: float) -> str:
    if days < 1:
        return f"{max(0.0, 24 * days):.0f} h"
    return f"{days:.0f} days"
