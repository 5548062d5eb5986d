"""`dynacollect dataset check` and `repair`: what is wrong with recorded episodes, and bringing back what can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from rich.table import Table

    from ...datasets.checks import Report
    from ...datasets.checks.fix import Fix
    from ...datasets.repair import Repaired

CHECK_EXAMPLE = "Example: dynacollect dataset check sessions/monday --html check.html"
REPAIR_EXAMPLE = "Example: dynacollect dataset repair sessions/monday --out sessions/monday-repaired"


def check(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A session, or a LeRobot v3 data set.")] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="OUT", help="Write a page with the pictures that are wrong.")
    ] = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Set episodes with errors aside; write lost records anew where that is safe.")
    ] = False,
    rule: Annotated[
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Judge by this rule only; may be given again.")
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list", help="Show the rules, and check nothing.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Look for what is wrong with recorded episodes.

    Exit code 1: there are errors. Warnings are for a person to look at, and do no harm to the exit code.
    """
    from ...datasets.checks import check_any, rules_named
    from ...datasets.checks.fix import fix as put_right
    from ...datasets.checks.fix import left, refuse_export
    from ...datasets.checks.page import refuse_page, write_page
    from ...rig.errors import DynacollectError

    names = rules_named(rule or ())
    if list_rules:
        emit({"rules": _rules(names)}, as_json, _rule_table(names))
        return
    if folder is None:
        raise DynacollectError("nothing says what to check; name a session, or show the rules with --list")
    refuse_page(html)
    if fix:
        refuse_export(folder)
    with bar("Checking", as_json) as progress:
        report = check_any(folder, names, progress)
    if html is not None:
        write_page(html, report)
    fixes = put_right(report) if fix else ()
    remaining = left(report, fixes)
    emit({"ok": not remaining, **_document(report, fixes)}, as_json, _view(report, fixes))
    if remaining:
        raise typer.Exit(1)


def repair(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A session that was cut, or that lost files.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="NEW", help="The new session; DIR-repaired if not given.")
    ] = None,
    in_flight: Annotated[
        bool, typer.Option("--in-flight", help="Also bring back the episode that a killed recorder was in.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Bring back what can be of a damaged session, as a new one; the old one is only read.

    Sound episodes are taken over as they are. Exit code 1: something could not be brought back.
    """
    from ...datasets.repair import repair_session

    place = out or folder.with_name(f"{folder.resolve().name}-repaired")
    with bar("Repairing", as_json) as progress:
        repaired = repair_session(folder, place, in_flight, progress)
    emit({"ok": repaired.ok, "out": repaired.out, "episodes": repaired.episodes}, as_json, _repair_view(repaired))
    if not repaired.ok:
        raise typer.Exit(1)


@contextmanager
def bar(what: str, as_json: bool) -> Iterator[Callable[[int, int], None]]:
    """Episodes done, on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _rules(names: frozenset[str]) -> list[dict[str, object]]:
    from ...datasets.checks import EVERY

    shown = ("name", "looks_at", "severity", "limit", "unit", "because")
    return [{key: getattr(each, key) for key in shown} for each in EVERY if each.name in names]


def _rule_table(names: frozenset[str]) -> Table:
    from rich.table import Column, Table

    table = Table(Column("rule", no_wrap=True), "looks at", "kind", "limit", "because", box=None, pad_edge=False)
    for each in _rules(names):
        limit = f"{each['limit']:g} {each['unit']}" if each["unit"] else ""
        table.add_row(*(str(each[key]) for key in ("name", "looks_at", "severity")), limit, str(each["because"]))
    return table


def _document(report: Report, fixes: tuple[Fix, ...]) -> dict[str, object]:
    each = 1e3 * report.took / report.seconds if report.seconds else None
    return {
        "episodes": report.episodes, "seconds": report.seconds, "ms_per_episode_second": each,
        "findings": report.findings, "fixed": fixes,
    }  # fmt: skip


def _view(report: Report, fixes: tuple[Fix, ...]) -> Table:
    from rich.table import Column, Table

    errors = sum(finding.severity == "error" for finding in report.findings)
    warnings = len(report.findings) - errors
    each = 1e3 * report.took / report.seconds if report.seconds else 0.0
    about = f"{report.episodes} episodes, {report.seconds:.0f} s of data: {errors} errors, {warnings} warnings"
    table = Table(
        "episode", "kind", Column("rule", no_wrap=True), "what", box=None, pad_edge=False, title=about,
        title_justify="left",
        caption=f"{each:.0f} ms for each second of an episode", caption_justify="left",
    )  # fmt: skip
    for finding in report.findings:
        colour = "red" if finding.severity == "error" else "yellow"
        where = "all" if finding.episode is None else f"{finding.episode}"
        what = f"{finding.camera}: {finding.detail}" if finding.camera else finding.detail
        table.add_row(where, f"[{colour}]{finding.severity}[/]", finding.rule, what)
    for done in fixes:
        table.add_row(f"{done.episode}", "[green]fixed[/]", "", f"{done.did}: {done.where}")
    return table


def _repair_view(repaired: Repaired) -> Table:
    from rich.table import Table

    sound = sum(each.state == "sound" for each in repaired.episodes)
    about = f"{len(repaired.episodes)} episodes, {sound} of them sound; the new session is {repaired.out}"
    table = Table("episode", "now", "ticks", "what", box=None, pad_edge=False, title=about, title_justify="left")
    colours = {"repaired": "yellow", "lost": "red", "sound": "green"}
    for each in repaired.episodes:
        if each.state != "sound":
            now = ", ".join(str(number) for number in each.numbers) or f"[{colours[each.state]}]{each.state}[/]"
            what = "\n".join(each.said)
            table.add_row(f"{each.folder.parent.name}/{each.folder.name}", now, f"{each.ticks} of {each.of}", what)
    return table
