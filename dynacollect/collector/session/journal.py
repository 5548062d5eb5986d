"""Every decision of a session, one JSON line each, on the disk before anything follows from it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...datasets.raw.durable import flushed
from ...rig.clock import wall_time
from ...rig.errors import DynacollectError
from ..output import plain

FILE = "journal.jsonl"

Line = Mapping[str, Any]


class Journal:
    """Appends; a line that a killed process left half written is closed and stays where it is."""

    def __init__(self, session: Path, news: Callable[[Line], None] | None = None) -> None:
        path = session / FILE
        self._news = news
        try:
            self._file = path.open("ab+")
            if self._file.tell() and not _ends_with_newline(path):
                self._file.write(b"\n")
                self._file.flush()
            flushed(session)
        except OSError as error:
            raise DynacollectError(f"cannot write {path} ({error}); name a folder that can be written to") from error

    def say(self, event: str, **what: Any) -> None:
        """Write it down; on return it is on the disk."""
        line = {"at": datetime.fromtimestamp(wall_time(), UTC).isoformat(timespec="milliseconds"), "event": event}
        line |= plain(what)
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        if self._news is not None:
            self._news(line)

    def close(self) -> None:
        self._file.close()


def read_journal(session: Path) -> Iterator[dict[str, Any]]:
    """All lines that were written whole, in order."""
    path = session / FILE
    if not path.exists():
        return
    with path.open("rb") as file:
        for raw in file:
            try:
                line = json.loads(raw)
            except (ValueError, UnicodeDecodeError):
                continue
            if isinstance(line, dict) and "event" in line:
                yield line


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
