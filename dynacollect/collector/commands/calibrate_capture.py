"""`dynacollect calibrate capture`: the arm shows the board to the cameras from view to view, and the folder fills."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from ...calibration.boards import Board
    from ...calibration.capture.album import Album
    from ...calibration.sightings import CalibrationData, Mounting
    from ...rig.config import RigConfig
    from ..capture.kept import Kept
    from ..capture.progress import Wish
    from ..capture.rehearsal import Rehearsed

"""Arms that hurt nobody."""
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
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Show all poses and check every way to them, and send nothing to the arm.")
    ] = False,
    ask: Annotated[
        bool, typer.Option("--ask", help="The same first, and a question before the arm moves; real arms always do so.")
    ] = False,
    by_hand: Annotated[
        bool, typer.Option("--by-hand", help="You move the arm (free drive); a picture is taken wherever it rests.")
    ] = False,
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
    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ..capture.progress import Wish

    if by_hand and (shadow or ask):
        raise DynacollectError("With --by-hand nothing is sent to the arm; leave out --shadow and --ask.")
    config = load_rig(rig)
    shown = _board(board, out)
    mountings: tuple[Mounting, ...] = ("held", "table") if mounting == "both" else (mounting,)
    wish = Wish(mountings, Enough(Wanted(workspace_mm=workspace_mm), most_views=views), seed)
    if shadow:
        _rehearse(config, shown, wish, as_json)
        return
    album = Album(out, shown)
    before = read_layout(out).data if any((out / each).is_dir() for each in mountings) else None
    ask = ask or not config.simulated
    said, kept = _captured(config, album, shown, wish, before, by_hand=by_hand, ask=ask, quiet=as_json)
    result = {"out": out, "views": kept.counts(), "stopped": said, "refused": kept.refused}
    if not kept.sightings:
        emit(result, as_json, "\n".join(said))
        raise typer.Exit(1)
    text = "\n".join([*said, f"{out}: {sum(kept.counts().values())} pictures; solve them with:"])
    emit(result, as_json, f"{text}\n  dynacollect calibrate solve {out}")


def _captured(
    config: RigConfig, album: Album, board: Board, wish: Wish, before: CalibrationData | None, *,
    by_hand: bool, ask: bool, quiet: bool,
) -> tuple[list[str], Kept]:  # fmt: skip
    from ...calibration.panel import panel_of
    from ...rig.rig import open_rig
    from ..capture import rehearsal
    from ..capture.by_hand import ByHand
    from ..capture.kept import Kept
    from ..capture.session import Session
    from ..capture.show import Show

    with Show(quiet=quiet) as show, open_rig(config, seed=wish.seed) as devices:

        def approve(poses: list[Rehearsed]) -> bool:
            rehearsal.refuse_blocked(poses)
            with show.paused() as console:
                console.print(rehearsal.view(poses))
                return typer.confirm("Is everybody clear of the arm, and shall it move so?", err=True)

        kept, panel = Kept(config, board, show.update), panel_of(board)
        if before is not None:
            kept.go_on_from(before)
        if by_hand:
            return ByHand(devices, kept, album, panel, wish).run(), kept
        return Session(devices, kept, album, panel, wish, approve if ask else None).run(), kept


def _rehearse(config: RigConfig, board: Board, wish: Wish, as_json: bool) -> None:
    from ...calibration.panel import panel_of
    from ...rig.rig import open_rig
    from ..capture import rehearsal
    from ..capture.kept import Kept

    with open_rig(config, seed=wish.seed) as devices:
        poses = rehearsal.rehearse(devices, Kept(config, board, lambda _: None), panel_of(board), wish)
    rehearsal.refuse_blocked(poses)
    emit({"sent": False, "poses": [_document(one) for one in poses]}, as_json, rehearsal.view(poses))


def _document(one: Rehearsed) -> dict[str, object]:
    pose = one.T_base_flange.as_matrix()
    return {"mounting": one.mounting, "for": one.purpose, "T_base_flange": pose, "clear": not one.why, "why": one.why,
            "took_s": one.took_s}  # fmt: skip


def _board(given: Path | None, out: Path) -> Board:
    """The one given, or the folder's own, or one that cameras of 480x360 still read a metre away."""
    from ...calibration.boards import Charuco, read_board

    if given is not None:
        return read_board(given)
    if (out / "board.json").exists():
        return read_board(out / "board.json")
    return Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
