"""`dynacollect calibrate timing`: how late everything is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.status import Status
from rich.table import Table

from ...rig.errors import DynacollectError
from ..clear_to_move import YesFlag, clear_to_move
from ..output import JsonFlag, SeedOption, emit
from .calibrate_solve import reading_bar

if TYPE_CHECKING:
    from ...calibration.result import ClockOffset
    from ..timing import Timing

EXAMPLE = "Example: dynacollect calibrate timing --rig rig.yaml"


def add_to(app: typer.Typer) -> None:
    """Hook the command in."""
    app.command("timing", epilog=EXAMPLE)(timing)


def timing(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="What `calibrate capture` filled, in place of a rig.")
    ] = None,
    rig: Annotated[str | None, typer.Option("--rig", metavar="NAME|FILE", help="Measure on this rig.")] = None,
    yes: YesFlag = False,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Measure how late cameras, arm and gripper of a rig are, from a slow swing of the arm and a few grips.

    The table must be clear and nobody may move in the pictures; neither boards nor a calibration are needed. With DIR:
    solve what is to be added to each camera's times to have the robot's, from pictures that were taken there while the
    arm moved; `calibrate solve` finds the same and writes it into the calibration. Exit code 1: something is not told.
    """
    if (folder is None) == (rig is None):
        raise DynacollectError("name either a rig with --rig, or the folder of a capture")
    if folder is not None:
        _of_capture(folder, as_json)
    elif rig is not None:
        _of_rig(rig, seed, yes, as_json)


def _of_rig(name: str, seed: int, yes: bool, as_json: bool) -> None:
    from ...rig.config import load_rig
    from ...rig.rig import open_rig
    from ..timing import measure

    config = load_rig(name)
    clear_to_move(config, yes=yes)
    with Status("connecting", console=Console(stderr=True)) as status, open_rig(config, seed=seed) as devices:
        found = measure(devices, status.update)
    emit(found, as_json, _table(found))
    if found.command is None or not all(camera.lag for camera in found.cameras.values()):
        raise typer.Exit(1)


def _table(found: Timing) -> Table:
    table = Table("", "delay", "±", "what it is", title="measured delays, ms", title_justify="left")
    for name, camera in found.cameras.items():
        if camera.lag is None:
            table.add_row(name, "?", "", "[red]does not see the arm swing[/]")
            continue
        late = f"its times are {_ms(camera.lag.seconds, '+')} late as they are; write cameras.{name}.delay_s: "
        clock = f"{camera.delay_s:.4f}; clock {camera.drift_ppm:+.0f} ± {camera.drift_std_ppm:.0f} ppm"
        table.add_row(name, _ms(camera.delay_s), _ms(camera.lag.std), late + clock)
    command = found.command
    if command is None:
        table.add_row("arm", "?", "", "[red]does not follow its set-points[/]")
    else:
        table.add_row("arm", _ms(command.seconds), _ms(command.std), "from a set-point to the feedback that shows it")
    grip = found.gripper
    table.add_row("gripper", _ms(grip.delay_s), _ms(grip.std), f"from a command to the first motion, of {grip.n} grips")
    return table


def _ms(seconds: float, sign: str = "") -> str:
    return f"{1e3 * seconds:{sign}.1f}"


def _of_capture(folder: Path, as_json: bool) -> None:
    from ...calibration.layout import read_layout
    from ...calibration.solve import solve

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
