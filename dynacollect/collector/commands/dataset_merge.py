"""`dynacollect dataset merge`: several built data sets into one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from ...datasets.merge import Merged

MERGE_EXAMPLE = "Example: dynacollect dataset merge sets/mug sets/can --out sets/both"


def merge(
    sets: Annotated[list[Path], typer.Argument(metavar="SET", help="Data sets that dataset build has written.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new data set.")],
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="SPDX", help="Of the whole, where theirs differ.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Put data sets of different sessions, robots or calibrations into one; nothing of them is lost or changed.

    Videos are copied, not encoded again. An episode that several sets have is kept once, and told.

    Of sessions that are all here, build one set at once instead: dataset build SESSION SESSION.

    Merge what was built at different places or with different conditions, or whose sessions are gone.
    """
    from ...datasets.merge import merge as merge_sets
    from .dataset_check import bar

    with bar("Merging", as_json) as progress:
        merged = merge_sets(sets, out, licence, progress)
    emit(merged, as_json, _said(merged))


def _said(merged: Merged) -> str:
    lines = [f"{merged.out} has {merged.episodes} episodes of {merged.robot}, {merged.seconds:.0f} s."]
    for each in merged.sets:
        known = f"; {len(each.known)} left out that were there already" if each.known else ""
        lines.append(f"{each.episodes} from {each.folder}{known}")
    return "\n".join(lines)
