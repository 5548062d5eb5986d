"""`dynacollect dataset push`: a built data set to the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from ...datasets.hub import Plan, Pushed

PUSH_EXAMPLE = "Example: dynacollect dataset push sets/mug --repo my-name/moving-mugs"


def push(
    folder: Annotated[Path, typer.Argument(metavar="SET", help="A data set that dataset build or merge has written.")],
    repo: Annotated[
        str, typer.Option("--repo", metavar="USER/NAME", help="Where on the Hub; made if it is not there.")
    ],
    public: Annotated[bool, typer.Option("--public", help="Let everybody read it; else only you do.")] = False,
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="NAME", help="Also name this state, beside LeRobot's version tag.")
    ] = None,
    check: Annotated[bool, typer.Option("--check/--no-check", help="Refuse a set in which errors are found.")] = True,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of other data in the repository; its history stays.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Send a data set to the Hugging Face Hub, with a card, and read there that all of it has arrived.

    Whatever interrupts it, the same line goes on. So it does for a set that has grown; only new files travel.

    Until all is there, LeRobot loads the state before.
    """
    from ...datasets.hub import plan
    from ...datasets.hub import push as push_set

    if dry_run:
        found = plan(folder, repo, check=check, tell=_tell)
        emit(found, as_json, _planned(found))
        return
    with _bytes(as_json) as progress:
        done = push_set(folder, repo, public=public, tag=tag, check=check, replace=replace, show=progress, tell=_tell)
    emit(done, as_json, _said(done))


def _tell(sentence: str) -> None:
    """What one waits for, on standard error."""
    typer.echo(sentence, err=True)


@contextmanager
def _bytes(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """How much is there, on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task("Checking", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total, description="Sending")


def _planned(plan: Plan) -> str:
    here = f"{plan.files} files, {plan.bytes / 1e6:.1f} MB"
    lines = [f"{plan.repo} would get {len(plan.missing)} of {here}, in {_commits(plan.commits)}; nothing was sent."]
    if plan.removed:
        lines.append(f"{len(plan.removed)} files there are not part of the set any more and would go.")
    return "\n".join([*lines, "", plan.card])


def _said(done: Pushed) -> str:
    seen = "only you can see it" if done.private else "everybody can see it"
    lines = [
        f"{done.url} has all of {done.files} files, {done.bytes / 1e6:.1f} MB; {seen}.",
        f"{done.sent} files were sent in {_commits(done.commits)}; tagged {', '.join(done.tags)}, at {done.sha[:8]}.",
    ]
    if done.failures:
        lines.append(f"{done.failures} times the Hub was asked again, after {done.waited_s:.0f} s of waiting.")
    return "\n".join(lines)


def _commits(count: int) -> str:
    return f"{count} commit{'' if count == 1 else 's'}"
