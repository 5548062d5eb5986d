"""Writing the report of a session."""

from __future__ import annotations

from pathlib import Path

from ...datasets.raw.durable import written
from ...rig.errors import DynacollectError
from .page import page_of
from .story import read_story

FILE = "report.html"


def write_report(session: Path, out: Path | None = None) -> Path:
    """Its path. The session's own report is written anew each time; a page that `out` names must not exist."""
    page = out or session / FILE
    if out is not None and out.exists():
        raise DynacollectError(f"{out} exists already; name another file")
    text = page_of(read_story(session), session, page)
    try:
        written(page, text)
    except OSError as error:
        raise DynacollectError(f"cannot write {page} ({error}); name a file in a folder that exists") from error
    return page
