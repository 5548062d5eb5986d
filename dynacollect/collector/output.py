"""What commands print: a view for people, or exactly one JSON document; and the options they share."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console, RenderableType

JsonFlag = Annotated[bool, typer.Option("--json", help="Print exactly one JSON document.")]
RIGS = "A rig.yaml, or a built-in rig: cell, cell-fr3, cell-piper, franka-sim, piper-sim."
RigOption = Annotated[str, typer.Option("--rig", metavar="NAME|FILE", help=RIGS)]
SeedOption = Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same run.")]


def emit(data: object, as_json: bool, view: RenderableType) -> None:
    """Print the one result of a command: `data` as JSON, or `view` for people."""
    if as_json:
        write_json(data)
    elif isinstance(view, str):
        typer.echo(view)
    else:
        Console(highlight=False).print(view)


def write_json(data: object) -> None:
    """One document on standard output."""
    typer.echo(json.dumps(plain(data), indent=2, ensure_ascii=False, allow_nan=False))


def plain(value: object) -> Any:
    """The value in JSON's own types; arrays become lists, and what is not a finite number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return plain(_unwrapped(value))


def _unwrapped(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Path):
        return str(value)
    for method in ("model_dump", "tolist"):
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"{type(value).__name__} has no JSON form")
