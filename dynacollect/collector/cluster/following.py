"""What a worker does, from the lines that its journal grows by."""

from __future__ import annotations

import json
from pathlib import Path

from ..session.journal import FILE


class Following:
    """Reads on where it stopped."""

    def __init__(self, home: Path) -> None:
        self._path, self._place, self.kept = home / FILE, 0, 0
        """Successes that were told of."""

    def news(self) -> bool:
        """Whether an attempt has ended since the last call."""
        if not self._path.exists():
            return False
        with self._path.open("rb") as file:
            file.seek(self._place)
            data = file.read()
        whole = data[: data.rfind(b"\n") + 1]
        self._place += len(whole)
        outcomes = [_outcome(line) for line in whole.splitlines()]
        self.kept += outcomes.count("success")
        return any(outcomes)


def _outcome(line: bytes) -> str | None:
    if b'"verdict"' not in line:
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said.get("outcome") if isinstance(said, dict) and said.get("event") == "verdict" else None
