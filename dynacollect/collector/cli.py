"""The `dynacollect` command: a table of groups, each loaded when it is called."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from .. import __version__
from .errors import exit_code_of


@dataclass(frozen=True, slots=True)
class Group:
    """One row of the table: what `--help` shows, and where the commands are."""

    name: str
    module: str
    """Module of the `commands` folder that exports `app`."""
    help: str
    single: bool = False
    """The module's one command is called by the row's name itself."""


GROUPS = (
    Group(
        "demo",
        "demo",
        "Everything once, on the cell: calibrate, collect, build, check, train, replay.",
        single=True,
    ),
    Group("doctor", "doctor", "What this machine has for a rig, and what it lacks.", single=True),
    Group("rig", "rig", "Describe, see and check a rig: cameras, arm, and the simulated cell."),
    Group("calibrate", "calibrate", "Print a board, and find where cameras are to the robot."),
    Group("objects", "objects", "The objects that the rig knows: list, show, add your own mesh."),
    Group("track", "track", "Follow objects, and measure how well."),
    Group("collect", "collect", "Collect episodes with nobody there, until the count is reached.", single=True),
    Group("report", "session", "One page about a session: success, coverage, failures, faults, timing.", single=True),
    Group("dataset", "dataset", "Build, check, show and share data sets."),
    Group("train", "train", "Train a policy on sessions and data sets, or fine-tune one.", single=True),
    Group("evaluate", "evaluate", "How often a controller succeeds in the cell, by speed of the object.", single=True),
    Group("replay", "replay", "Run a policy on a rig, recorded and judged as a session.", single=True),
    Group("policy", "policy", "Look at a trained policy, and convert it from one layout to another."),
    Group("bench", "bench", "Measure how fast the parts are on this machine."),
)


class LazyGroup(TyperGroup):
    """Lists its groups from the table and imports a group's module only to run it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for row in GROUPS:
            self.add_command(TyperGroup(name=row.name, help=row.help, no_args_is_help=True))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and _load(command.name), rest

    def main(self, *args: Any, **settings: Any) -> Any:
        """Run the line, put any error in a sentence, and leave with its exit code."""
        given = args[0] if args else settings.pop("args", None)
        words = list(sys.argv[1:] if given is None else given)
        settings["standalone_mode"] = False
        try:
            code = super().main(words, *args[1:], **settings)
        except Exception as error:  # noqa: BLE001 # because here every error becomes a sentence and an exit code
            sys.exit(exit_code_of(error, as_json=_asks_for_json(words)))
        sys.exit(code if isinstance(code, int) else 0)


def _load(name: str | None) -> Any:
    row = next(row for row in GROUPS if row.name == name)
    app = import_module(f".commands.{row.module}", __package__).app
    command = get_command(app) if row.single else get_group(app)
    command.name, command.help, command.no_args_is_help = row.name, row.help, not row.single
    return command


def _asks_for_json(words: Sequence[str]) -> bool:
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


app = typer.Typer(
    cls=LazyGroup,
    name="dynacollect",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dynacollect {__version__}")
        raise typer.Exit


@app.callback()
def dynacollect(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Collect robot data on moving objects, with nobody teleoperating.

    Exit codes: 0 done, 1 ran and the answer is no, 2 wrong input or a missing part.
    """


def main() -> None:
    """Entry point of the console script."""
    # Matrices are small here: more threads wait for each other, and a control loop with them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    get_group(app)(prog_name="dynacollect")
