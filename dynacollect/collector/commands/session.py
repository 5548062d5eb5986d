"""`dynacollect report`: what a session did, as one page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from ..report import SessionSummary

app = typer.Typer()


@app.command("report", epilog="Example: dynacollect report sessions/monday --out monday.html")
def report(
    session: Annotated[Path, typer.Argument(metavar="SESSION", help="A folder that collect has written.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PAGE.html", help="A new file, in place of the session's own page.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Write what a session did as one page that needs nothing else, and say the figures."""
    from ..report import summary_of, write_report

    page = write_report(session, out)
    found = summary_of(session)
    emit({**_document(found), "report": page, "session": session}, as_json, _view(found, page))


def _document(found: SessionSummary) -> dict[str, object]:
    from dataclasses import fields

    return {field.name: getattr(found, field.name) for field in fields(found)}


def _view(found: SessionSummary, page: Path) -> str:
    wanted = "" if found.wanted is None else f" of {found.wanted}"
    judged = found.episodes + found.failures + found.doubtful
    share = f", {found.success:.1%} of {judged} with a verdict" if judged else ""
    return f"{found.episodes}{wanted} kept{share}; {page}"
