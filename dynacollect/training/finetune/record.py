"""`progress.jsonl`: what a training has done so far, a line for each event; and its checkpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FILE = "progress.jsonl"
CHECKPOINTS, LAST, BEST = "checkpoints", "last", "best"
"""LeRobot's folder and its link to the newest; ours to the one with the least validation loss."""
PRETRAINED, WHOLE = "pretrained_model", "policy"
"""In a checkpoint: what LeRobot saves; the averaged or merged policy where that is another."""

KNOWN = 0.01
"""Share of the first loss below which a batch counts as known, where only one is trained on."""

Row = dict[str, Any]


class Record:
    """Of one training; whoever writes appends, and a reader sees whole lines only."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._path = out / FILE

    def add(self, event: str, **said: Any) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **said}) + "\n")

    def rows(self) -> list[Row]:
        """All that still holds: a training that went on from a checkpoint has left out what came after it."""
        found: list[Row] = []
        for row in self._lines():
            if row["event"] == "start":
                found = [old for old in found if old.get("step", 0) <= row["step"] and "step" in old]
            found.append(row)
        return found

    def _lines(self) -> list[Row]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    @property
    def last(self) -> Path | None:
        """The newest checkpoint."""
        link = self.out / CHECKPOINTS / LAST
        return link.resolve() if link.exists() else None

    @property
    def step(self) -> int:
        """Of the newest checkpoint."""
        return int(self.last.name) if self.last else 0

    def best(self) -> tuple[Path, float] | None:
        """The checkpoint with the least validation loss."""
        losses = {row["step"]: row["loss"] for row in self.rows() if row["event"] == "validation"}
        folder = self.out / CHECKPOINTS
        saved = [path for path in folder.glob("[0-9]*") if path.is_dir() and int(path.name) in losses]
        found = min(saved, key=lambda path: losses[int(path.name)], default=None)
        return (found, losses[int(found.name)]) if found else None

    def mark_best(self) -> None:
        """Let the link point to it."""
        if (best := self.best()) is None:
            return
        link = self.out / CHECKPOINTS / BEST
        aside = link.with_name(f".{BEST}")
        aside.unlink(missing_ok=True)
        aside.symlink_to(best[0].name)
        aside.replace(link)


def policy_in(checkpoint: Path) -> Path:
    """The folder to run."""
    whole = checkpoint / WHOLE
    return whole if whole.is_dir() else checkpoint / PRETRAINED


def losses(rows: list[Row]) -> Mapping[str, float | None]:
    """First and last of the training."""
    found = [row["loss"] for row in rows if row["event"] == "train"]
    return {"first": found[0] if found else None, "last": found[-1] if found else None}
