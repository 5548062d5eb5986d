"""`dynacollect calibrate timing`: how late each camera's clock is against the robot's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit
from .calibrate_solve import reading_bar

if TYPE_CHECKING:
    from ...calibration.result import ClockOffset

EXAMPLE = "Example: dynacollect calibrate timing session"


def add_to(app: typer.Typer) -> None:
    """Hook the command in."""
    app.command("timing", epilog=EXAMPLE)(timing)


def timing(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="What `calibrate capture` filled.")],
    as_json: JsonFlag = False,
) -> None:
    """Solve what is to be added to each camera's times to have the robot's, from pictures taken while the arm moved.

    `calibrate solve` finds the same on the way and writes it into the calibration. Exit code 1: of a camera it cannot
    be told.
    """
    from ...calibration.layout import read_layout
    from ...calibration.solve import solve
    from ...rig.errors import DynacollectError

    with reading_bar(as_json) as progress:
        data = read_layout(folder, progress).data
    clocks = {name: camera.clock for name, camera in solve(data).cameras.items()}
    if not any(clocks.values()):
        raise DynacollectError(
            f"{folder} has no pictures with times from while the arm moved; dynacollect calibrate capture takes some."
        )
    emit({"cameras": clocks}, as_json, "\n".join(_line(name, clock, clocks) for name, clock in clocks.items()))
    if not all(clocks.values()):
        raise typer.Exit(1)


def _line(name: str, clock: ClockOffset | None, names: dict[str, ClockOffset | None]) -> str:
    wide = max(map(len, names))
    if clock is None:
        return f"{name:<{wide}}  cannot be told: no picture while the arm moved"
    return f"{name:<{wide}}  {1e3 * clock.offset_s:+.1f} ± {1e3 * clock.std_s:.1f} ms to its times"
