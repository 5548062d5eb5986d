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
