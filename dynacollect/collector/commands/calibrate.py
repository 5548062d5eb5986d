"""`dynacollect calibrate`: where cameras are, and what they see of a board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..output import JsonFlag, emit
from . import calibrate_capture, calibrate_files, calibrate_solve, calibrate_timing, calibrate_verify

if TYPE_CHECKING:
    from ...calibration.boards import Board

app = typer.Typer(help="Calibrate cameras, and where they are to the robot.", no_args_is_help=True)


@app.command("board", epilog="Example: dynacollect calibrate board --out board.pdf --squares 7x5 --square-mm 36")
def board(
    out: Annotated[Path, typer.Option("--out", help="File to write: .pdf, .svg or .png.")] = Path("board.pdf"),
    kind: Annotated[Literal["charuco", "aprilgrid"], typer.Option("--type", help="What is drawn.")] = "charuco",
    squares: Annotated[str, typer.Option("--squares", metavar="XxY", help="ChArUco: squares across and down.")] = "7x5",
    square_mm: Annotated[float, typer.Option("--square-mm", help="ChArUco: side of a square.")] = 36.0,
    marker_mm: Annotated[
        float | None, typer.Option("--marker-mm", help="ChArUco: side of a marker; 3/4 of a square if not given.")
    ] = None,
    dictionary: Annotated[str, typer.Option("--dictionary", help="ChArUco: OpenCV's markers.")] = "DICT_4X4_50",
    legacy: Annotated[bool, typer.Option("--legacy", help="ChArUco: as OpenCV drew it before 4.6.")] = False,
    tags: Annotated[str, typer.Option("--tags", metavar="XxY", help="AprilGrid: tags across and down.")] = "6x4",
    tag_mm: Annotated[float, typer.Option("--tag-mm", help="AprilGrid: side of a tag.")] = 32.0,
    spacing: Annotated[float, typer.Option("--spacing", help="AprilGrid: gap as a share of a tag's side.")] = 0.3,
    first_id: Annotated[int, typer.Option("--first-id", min=0, help="AprilGrid: number of the first tag.")] = 0,
    paper: Annotated[str, typer.Option("--paper", help="A4, A3, Letter, or a size such as 300x200mm.")] = "A4",
    dpi: Annotated[int, typer.Option("--dpi", min=72, max=2400, help="Resolution of a .png.")] = 600,
    measured_mm: Annotated[
        float | None, typer.Option("--measured-mm", help="Length of the printed 100 mm ruler, as you measure it.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Draw a board to print at true scale, and write the board.json that describes it.

    Print it at 100 %, measure its ruler, and give the length: the same line again with --measured-mm 100.4 leaves the
    drawing alone and corrects the sizes in board.json.
    """
    from ...calibration.boards import board_of
    from ...calibration.sheet import lay_out
    from ...calibration.sheet_files import encode

    if kind == "charuco":
        across, down = _counts("--squares", squares)
        marker = 0.75 * square_mm if marker_mm is None else marker_mm
        sizes: dict[str, Any] = {"square_m": _metres(square_mm), "marker_m": _metres(marker)}
        facts = {"squares_x": across, "squares_y": down, **sizes, "dictionary": dictionary, "legacy": legacy}
    else:
        across, down = _counts("--tags", tags)
        facts = {"tags_x": across, "tags_y": down, "tag_m": _metres(tag_mm), "spacing": spacing, "first_id": first_id}
    drawn = board_of({"type": kind, **facts}, "These options")
    scaled = drawn.scaled(_printed_scale(measured_mm))
    content = encode(lay_out(drawn, paper), out, dpi)
    beside = out.with_name("board.json")
    _write(out, content, beside, scaled, force=force, measured=measured_mm is not None)
    result = {"out": out, "board": beside, "paper": paper, "measured_mm": measured_mm, "definition": scaled}
    emit(result, as_json, _said(out, beside, scaled, measured_mm))


def _counts(option: str, given: str) -> tuple[int, int]:
    from ...rig.errors import DynacollectError

    parts = given.lower().split("x")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        raise DynacollectError(f"{option} {given} is no size; write across x down, such as 7x5.")
    return int(parts[0]), int(parts[1])


def _metres(millimetres: float) -> float:
    return round(1e-3 * millimetres, 9)


def _printed_scale(measured_mm: float | None) -> float:
    from ...rig.errors import DynacollectError

    if measured_mm is None:
        return 1.0
    if not 90.0 <= measured_mm <= 110.0:
        raise DynacollectError(
            f"A ruler of {measured_mm:g} mm is too far from 100 mm; print again at 100 % without fitting to the page."
        )
    return measured_mm / 100.0


def _write(out: Path, content: bytes, beside: Path, board: Board, *, force: bool, measured: bool) -> None:
    """Both files; what is there is never lost, but a measured board.json replaces the one of the same drawing."""
    from ...calibration.boards import board_text
    from ...rig.errors import DynacollectError

    same = measured and out.is_file() and out.read_bytes() == content
    if out.exists() and not (same or force):
        remedy = "give the options that it was drawn with" if measured else "choose another --out or add --force"
        raise DynacollectError(f"{out} exists and is left as it is; {remedy}.")
    if beside.exists() and not (same or force):
        raise DynacollectError(f"{beside} exists and is left as it is; choose another folder in --out or add --force.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if not same:
            out.write_bytes(content)
        beside.write_text(board_text(board), encoding="utf-8")
    except OSError as error:
        raise DynacollectError(
            f"{error.filename} cannot be written ({error.strerror}); choose another --out."
        ) from error


def _said(out: Path, beside: Path, board: Board, measured_mm: float | None) -> str:
    lines = [f"{out}: {board.describe()}", f"{beside}: the same for the solver"]
    if measured_mm is None:
        lines.append(
            "Print it at 100 %, glue it to something flat, and measure its 100 mm ruler; then give the length:"
        )
        lines.append("  the same line again with --measured-mm 100.0")
    else:
        lines[1] = f"{beside}: sizes as printed, with a ruler of {measured_mm:g} mm"
    return "\n".join(lines)


calibrate_capture.add_to(app)
calibrate_solve.add_to(app)
calibrate_timing.add_to(app)
calibrate_verify.add_to(app)
calibrate_files.add_to(app)
