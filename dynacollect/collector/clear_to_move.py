"""Before a real arm moves by itself, somebody says that its space is clear."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..rig.errors import DynacollectError

if TYPE_CHECKING:
    from ..rig.config import RigConfig

YesFlag = Annotated[bool, typer.Option("--yes", help="Do not ask before a real arm moves.")]
QUESTION = "Is everybody clear of the arm, a hand at its stop, and shall it move by itself from now on?"


def clear_to_move(config: RigConfig, *, yes: bool) -> None:
    """Return where the arm may move; a simulated one always may."""
    if yes or config.simulated:
        return
    if not sys.stdin.isatty():
        raise DynacollectError(
            "a real arm moves once somebody has said that its space is clear; start it in a terminal, or add --yes"
        )
    if not typer.confirm(QUESTION, err=True):
        raise typer.Exit(1)
