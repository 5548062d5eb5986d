"""`dynacollect bench`: how fast the parts are on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

app = typer.Typer()


@app.callback()
def bench() -> None:
    """Measure how fast the parts are on this machine."""


@app.command("cell", epilog="Example: dynacollect bench cell --json")
def cell(
    rig: RigOption = "cell",
    seed: SeedOption = 1,
    ticks: Annotated[int, typer.Option("--ticks", min=5, max=100_000, help="How many ticks to time.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """Ticks per second of the cell, beside bare renderer calls on the same scene in the same run."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..benches.cell import bench_cell
    from ..output import plain

    figures = bench_cell(load_rig(rig), ticks, seed)
    table = Table("figure", "value", title="cell: physics, rendering and sensor of all cameras", title_justify="left")
    for name, value in plain(figures).items():
        table.add_row(name, f"{value:.3g}")
    emit(figures, as_json, table)


@app.command("controllers", epilog="Example: dynacollect bench controllers --json")
def controllers(
    rig: RigOption = "cell",
    seed: SeedOption = 1,
    ticks: Annotated[int, typer.Option("--ticks", min=5, max=100_000, help="How many ticks to time.")] = 1000,
    as_json: JsonFlag = False,
) -> None:
    """What one control step costs, from what is seen to checked set-points, on episodes with fast objects."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..benches.controllers import bench_controllers

    figures = bench_controllers(load_rig(rig), ticks, seed)
    table = Table("part", "median ms", "p99 ms", title=f"one control step, over {figures.ticks}", title_justify="left")
    rows = {
        "all": figures.tick_ms,
        "state machine, interception": figures.machine_ms,
        "inverse kinematics, motion": figures.motion_ms,
        "safety": figures.safety_ms,
    }
    for name, spread in rows.items():
        table.add_row(name, f"{spread.median:.2f}", f"{spread.p99:.2f}")
    emit(figures, as_json, table)
