"""`dynacollect calibrate capture`: the arm shows the board to the cameras from view to view, and the folder fills."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from ...calibration.boards import Board
    from ...calibration.sightings import Mounting

EXAMPLE = "Example: dynacollect calibrate capture --rig cell --out session"


def add_to(app: typer.Typer) -> None:
    """Hook the command in."""
    app.command("capture", epilog=EXAMPLE)(capture)


def capture(
    out: Annotated[Path, typer.Option("--out", help="Folder to fill, or to go on with.")],
    rig: RigOption = "cell",
    board: Annotated[
        Path | None, typer.Option("--board", help="Its board.json; by default that in --out, or an A3 ChArUco.")
    ] = None,
    mounting: Annotated[
        Literal["both", "held", "table"],
        typer.Option("--mounting", help="Board in the hand for fixed cameras, on the table for the wrist's, or both."),
    ] = "both",
    views: Annotated[int, typer.Option("--views", min=8, max=500, help="Most per camera.")] = 40,
    workspace_mm: Annotated[
        float, typer.Option("--workspace-mm", min=0.01, help="Enough when points are as sure as this (one sigma).")
    ] = 0.2,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Take the pictures that calibrate all cameras: the arm drives itself, slowly, to where a picture tells most.

    Pictures that are blurred, partial or nothing new are left out as they come. Ctrl-C keeps what is there; the same
    line again goes on.
    """
    from ...calibration.capture.album import Album
    from ...calibration.capture.stakes import Wanted
    from ...calibration.capture.stop import Enough
    from ...calibration.layout import read_layout
    from ...calibration.panel import panel_of
    from ...rig.config import load_rig
    from ...rig.rig import open_rig
    from ..capture.session import Session, Wish
    from ..capture.show import Show

    config = load_rig(rig)
    shown = _board(board, out)
    mountings: tuple[Mounting, ...] = ("held", "table") if mounting == "both" else (mounting,)
    album = Album(out, shown)
    before = read_layout(out) if any((out / each).is_dir() for each in mountings) else None
    wish = Wish(mountings, Enough(Wanted(workspace_mm=workspace_mm), most_views=views), seed)
    with Show(quiet=as_json) as show, open_rig(config, seed=seed) as devices:
        session = Session(devices, shown, panel_of(shown), album, wish, show.update)
        if before is not None:
            session.go_on_from(before.data)
        said = session.run()
    result = {"out": out, "views": session.counts(), "stopped": said, "refused": session.refused}
    text = "\n".join([*said, f"{out}: {sum(session.counts().values())} pictures; solve them with:"])
    emit(result, as_json, f"{text}\n  dynacollect calibrate solve {out}")


def _board(given: Path | None, out: Path) -> Board:
    """The one given, or the folder's own, or one that cameras of 480x360 still read a metre away."""
    from ...calibration.boards import Charuco, read_board

    if given is not None:
        return read_board(given)
    if (out / "board.json").exists():
        return read_board(out / "board.json")
    return Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
