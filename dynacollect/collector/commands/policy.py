"""`dynacollect policy`: look at a trained policy, and bring it from one layout to another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..output import JsonFlag, emit
from .policy_bridge import app as bridge
from .policy_serve import SERVE_EXAMPLE, serve

app = typer.Typer()
app.add_typer(bridge, name="bridge")

Source = Annotated[str, typer.Argument(metavar="DIR|HUB-ID", help="A policy: a folder, or its name on the Hub.")]


@app.callback()
def policy() -> None:
    """Look at a trained DynamicVLA policy, and convert it."""


@app.command("show", epilog="Example: dynacollect policy show outputs/apple/checkpoints/last/pretrained_model")
def show(source: Source, as_json: JsonFlag = False) -> None:
    """What it sees, what it makes, how large it is, and its statistics."""
    from rich.table import Table

    from ...training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy
    from ...training.dynamicvla.showing import shown

    found = shown(DynamicVLAPolicy.from_pretrained(source))
    table = Table("", "", title=source, title_justify="left", show_header=False)
    for name, value in found.items():
        table.add_row(name, value if isinstance(value, str) else ", ".join(map(str, value)))
    emit(found, as_json, table)


@app.command("convert", epilog="Example: dynacollect policy convert hzxie/dynamic-vla --to lerobot --out dynamicvla")
def convert(
    source: Source,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Must not be there.")],
    to: Annotated[
        Literal["lerobot", "upstream"],
        typer.Option("--to", help="LeRobot's layout, with its pipelines, or that of the public code."),
    ] = "lerobot",
    statistics: Annotated[
        Path | None, typer.Option("--statistics", metavar="DIR", help="Take those of this LeRobot data set.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write a policy anew: published weights for LeRobot, or what was trained here for the public code."""
    from ...training.dynamicvla import convert as converting
    from ...training.dynamicvla.showing import data_statistics

    made = converting.convert(source, out, to, data_statistics(statistics) if statistics else None)
    count = sum(each.numel() for each in made.parameters())
    emit({"out": out, "to": to, "parameters": count}, as_json, f"{count:,} parameters written to {out} for {to}.")


app.command("serve", epilog=SERVE_EXAMPLE)(serve)
