"""`dynacollect evaluate compare`: is one run better than another?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from rich.table import Table

    from ...training.comparison import Comparison

DOCUMENT = "What `dynacollect evaluate --json` has written."


def compare(
    first: Annotated[Path, typer.Argument(metavar="A.json", help=DOCUMENT)],
    second: Annotated[Path, typer.Argument(metavar="B.json", help=DOCUMENT)],
    as_json: JsonFlag = False,
) -> None:
    """Success of B minus that of A, with intervals and exact tests, on the episodes that both have run."""
    from ...training.comparison import compare
    from ...training.documents import read_document

    documents = read_document(first), read_document(second)
    found = compare(*documents)
    names = {"A": documents[0].name, "B": documents[1].name}
    document = {
        "files": {"A": first, "B": second}, "names": names, "paired": found.paired, "left_out": found.left_out,
        "rows": found.rows,
    }  # fmt: skip
    emit(document, as_json, _table(found, names))


def is_given(context: typer.Context, name: str) -> bool:
    """Whether an option was on the command line."""
    source = context.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def refuse_options(context: typer.Context) -> None:
    """Of `evaluate`, before its subcommand: they would do nothing."""
    from ...rig.errors import DynacollectError

    given = next((name for name in context.params if is_given(context, name)), None)
    if given is not None:
        raise DynacollectError(
            f"--{given.removeprefix('as_').replace('_', '-')} is before compare, where it does nothing; write what "
            "compare takes after it, as: dynacollect evaluate compare A.json B.json --json"
        )


def _table(found: Comparison, names: dict[str, str]) -> Table:
    from rich.table import Table

    heads = ("", "n", "A", "B", "B - A", "95 %", "p")
    title = f"A: {names['A']}; B: {names['B']}"
    table = Table(*heads, title=title, title_justify="left")
    for row in found.rows:
        n = str(row.n[0]) if found.paired else f"{row.n[0]}, {row.n[1]}"
        low, high = row.ci95
        table.add_row(
            row.group, n, f"{row.success[0]:.1%}", f"{row.success[1]:.1%}", f"{row.difference:+.1%}",
            f"{low:+.1%} to {high:+.1%}", f"{row.p:.2g}",
        )  # fmt: skip
    how = "the same episodes: McNemar's exact test" if found.paired else "no episode is the same: Fisher's exact test"
    left = f"; {found.left_out} that only one has are left out" if found.left_out else ""
    table.caption = f"{how}{left}; p of each row by itself"
    return table
