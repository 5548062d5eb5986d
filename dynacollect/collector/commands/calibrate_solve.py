"""`dynacollect calibrate solve`: from a folder of pictures and robot poses to a calibration and its report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from ...calibration.file import CalibrationFile
    from ...calibration.layout import Layout, Progress
    from ...calibration.report import Verdict
    from ...calibration.result import Calibration
    from ...rig.config import RigConfig

EXAMPLE = "Example: dynacollect calibrate solve session --rig rig.yaml"
MOST_NAMED = 8
"""Pictures that were left out, as the terminal lists them."""


def add_to(app: typer.Typer) -> None:
    """Hook the command into a group."""
    app.command("solve", epilog=EXAMPLE)(solve)


def solve(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Has board.json, robot_*.json, held/ and table/.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The calibration to write; DIR/calibration.yaml if not given.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="The report to write; DIR/report.html if not given.")
    ] = None,
    board_scale: Annotated[
        bool, typer.Option("--board-scale", help="Find the board's true size too, by the robot's metres.")
    ] = False,
    guided: Annotated[
        bool, typer.Option("--guided/--no-guided", help="Measure corners again with the first result, and solve again.")
    ] = True,
    rig: Annotated[
        str | None,
        typer.Option("--rig", metavar="NAME|FILE", help="The rig that it is for: its names, serials and sizes."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Solve where cameras are, how their lenses bend, and how far that can be trusted.

    Writes calibration.yaml and report.html. Where the result is not good enough only the report is written, and the
    exit code is 1.
    """
    from ...calibration.guided import solve_guided
    from ...calibration.layout import read_layout
    from ...calibration.report import report_html, verdict
    from ...calibration.solve import solve as solve_jointly
    from ...rig.config import load_rig

    out, report = out or folder / "calibration.yaml", report or folder / "report.html"
    _check_places(out, report, force=force)
    config = None if rig is None else load_rig(rig)
    with reading_bar(as_json) as progress:
        layout = read_layout(folder, progress)
    if config is not None:
        _check_names(layout, config)
    if guided:
        solved = solve_guided(layout.board, layout.picture, layout.data, scale=board_scale)
    else:
        solved = solve_jointly(layout.data, scale=board_scale)
    answer = verdict(solved)
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    file = _filed(solved, layout, created, config)
    title = config.name if config else folder.resolve().name
    _write(report, report_html(solved, layout, folder, title, created), force=force)
    good = answer.grade != "not good enough"
    if good:
        _write(out, file.to_yaml(), force=force)
    places = {"calibration": out if good else None, "id": file.id if good else None, "report": report}
    document = {**places, "created": created, **_document(solved, layout, answer)}
    emit(document, as_json, "\n".join([*_said(solved, layout, answer), "", *_written(out, report, good=good)]))
    if not good:
        raise typer.Exit(1)


def _check_places(out: Path, report: Path, *, force: bool) -> None:
    """Before the work, so that it is not in vain."""
    from ...rig.errors import DynacollectError

    if out.resolve() == report.resolve():
        raise DynacollectError(f"--out and --report are both {out}; give two files.")
    for path, option in ((out, "--out"), (report, "--report")):
        if path.is_dir():
            raise DynacollectError(f"{path} is a folder; name a file in {option}.")
        if not force and (path.exists() or path.is_symlink()):
            raise DynacollectError(f"{path} exists and is left as it is; choose another {option} or add --force.")


def _write(path: Path, text: str, *, force: bool) -> None:
    """Whole or not at all; the old file stays until the new one is there."""
    from ...calibration.text_files import write_new
    from ...rig.errors import DynacollectError

    if not force:
        write_new(path, text)
        return
    aside = path.with_name(f".{path.name}.new")
    try:
        aside.unlink(missing_ok=True)
        write_new(aside, text)
        aside.replace(path)
    except OSError as error:
        raise DynacollectError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


@contextmanager
def reading_bar(as_json: bool) -> Iterator[Progress | None]:
    """A bar on stderr while pictures are read; none for programs."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield None
        return
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task("Looking for the board", total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _filed(solved: Calibration, layout: Layout, created: str, config: RigConfig | None) -> CalibrationFile:
    """With a rig's names and serials, if the calibration is of that rig."""
    from ...calibration.fit_to_rig import models_for
    from ...calibration.solved_file import calibration_of

    if config is None:
        return calibration_of(solved, layout.board, created=created)
    serials = {name: camera.serial for name, camera in config.cameras.items()}
    known = {"rig": config.name, "arm": config.arm.model}
    file = calibration_of(solved, layout.board, created=created, **known, serials=serials)
    models_for(config, file)
    return file


def _check_names(layout: Layout, config: RigConfig) -> None:
    from ...rig.config_base import nearest
    from ...rig.errors import DynacollectError

    for name in layout.data.sizes:
        if name not in config.cameras:
            remedy = nearest(name, config.cameras)
            raise DynacollectError(f"{config.name} has no camera {name}; {remedy} (name its folder of pictures alike).")


def _document(solved: Calibration, layout: Layout, answer: Verdict) -> dict[str, object]:
    quality = solved.quality
    space = quality.workspace
    scale = {"value": solved.board_scale, "std": solved.board_scale_std}
    return {
        "verdict": answer,
        "cameras": {name: _camera(solved, name) for name in solved.cameras},
        "boards": {
            mounting: {
                "T_flange_board" if mounting == "held" else "T_base_board": board.pose.as_matrix(),
                "std": board.std,
            }
            for mounting, board in solved.boards.items()
        },
        "board_scale": scale if solved.board_scale_std > 0 else None,
        "quality": {
            "corner_sigma_px": quality.corner_sigma_px,
            "robot_sigma_deg": quality.robot_sigma_deg,
            "robot_sigma_mm": quality.robot_sigma_mm,
            "held_out": quality.held_out,
            "workspace": space
            and {"low": space.low, "high": space.high, "rms_mm": space.rms_mm, "worst_mm": space.worst_mm},
            "advice": quality.advice,
        },
        "findings": solved.findings,
        "rejected": [
            {"camera": view.camera, "mounting": view.mounting, "frame": view.frame, "reason": view.rejected}
            for view in solved.rejected()
        ],
        "unused": layout.unused,
    }


def _camera(solved: Calibration, name: str) -> dict[str, object]:
    """As OpenCV has it; K's sigmas are those of fx, fy, cx, cy."""
    camera = solved.cameras[name]
    sigmas = list(camera.lens_std.values())
    place, std = camera.pose.as_matrix(), camera.pose_std
    return {
        "role": camera.role,
        "K": camera.K,
        "dist": camera.distortion,
        "size": camera.size,
        "T_base_camera" if camera.role == "fixed" else "T_flange_camera": place,
        "std": {"K": sigmas[:4], "dist": sigmas[4:], "turn_deg": std.turn_deg, "shift_mm": std.shift_mm},
        "rms_px": camera.rms_px,
        "clock": camera.clock,
    }


def _said(solved: Calibration, layout: Layout, answer: Verdict) -> Iterator[str]:
    """For people: the answer, a line for each camera, what was left out, what to do."""
    from ...calibration.report import left_out, pictures_taken

    yield f"{answer.grade.capitalize()}. {answer.sentence}"
    yield ""
    wide = max(len(name) for name in solved.cameras)
    taken = pictures_taken(solved, layout)
    for name in solved.cameras:
        yield _camera_line(solved, name, wide, taken[name])
    out = left_out(solved, layout)
    if out:
        yield from ("", f"Left out: {len(out)} of {taken.total()} pictures")
        yield from (f"  {one.picture}: {one.reason}" for one in out[:MOST_NAMED])
    if len(out) > MOST_NAMED:
        yield f"  and {len(out) - MOST_NAMED} more, which the report names"
    for heading, sentences in (("Meanwhile", solved.findings), ("To do", solved.quality.advice)):
        if sentences:
            yield from ("", heading, *(f"  {sentence}" for sentence in sentences))


def _camera_line(solved: Calibration, name: str, wide: int, taken: int) -> str:
    import numpy as np

    camera, held = solved.cameras[name], solved.quality.held_out.get(name)
    used = sum(view.camera == name and not view.rejected for view in solved.views)
    shift, turn = (np.linalg.norm(sigmas) for sigmas in (camera.pose_std.shift_mm, camera.pose_std.turn_deg))
    parts = [f"{name:<{wide}}", f"rms {camera.rms_px:.3f} px", f"position ± {shift:.2f} mm", f"angle ± {turn:.3f} deg"]
    parts.append(f"held out {held.rms_mm:.2f} mm" if held else "held out -")
    return "  ".join([*parts, f"{used} of {taken} pictures"])


def _written(out: Path, report: Path, *, good: bool) -> list[str]:
    if good:
        return [f"Wrote {out} and {report}."]
    old = f"; {out} is the one of before" if out.exists() else ""
    return [f"Wrote {report}, and no calibration{old}."]
