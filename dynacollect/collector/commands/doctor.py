"""`dynacollect doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..output import JsonFlag, emit

app = typer.Typer()

MARKS = {"good": "[green]good[/]", "note": "[yellow]note[/]", "bad": "[red]bad[/]"}


@app.command("doctor", epilog="Example: dynacollect doctor --rig rig.yaml")
def doctor(
    rig: Annotated[str | None, typer.Option("--rig", metavar="NAME|FILE", help="Judge by what this rig needs.")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where sessions are to go.")] = Path(),
    as_json: JsonFlag = False,
) -> None:
    """What is installed, plugged in and allowed on this machine; exit code 1 if something will not do."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..doctor import examine

    found = examine(None if rig is None else load_rig(rig), out)
    table = Table("part", "", "finding", "remedy", title_justify="left")
    for one in found:
        table.add_row(one.part, MARKS[one.state], one.detail, one.remedy)
    ok = all(one.state != "bad" for one in found)
    emit({"ok": ok, "findings": found}, as_json, table)
    if not ok:
        raise typer.Exit(1)
