"""Built data sets in, one out, that holds every episode of theirs once."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...rig.errors import DynacollectError
from ..built import BuiltSet, read_built
from ..export.build import LAYOUTS
from ..export.layout import Layout, write_json
from ..export.prepare import Prepared
from ..export.staging import next_state
from ..export.statement import Ledger
from .agree import agreed, robots_of
from .episodes import episodes_of

MERGED = "meta/merged.json"
"""What each set had said of itself, and where its episodes are now."""
FORMAT = 1
"""Version of this file."""
Show = Callable[[int, int], None]
"""Told after each episode how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one set."""

    folder: Path
    episodes: int
    """Taken over."""
    known: tuple[str, ...]
    """Ids of episodes that a set before it had as well; the first one is kept."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge has done."""

    out: Path
    robot: str
    episodes: int
    seconds: float
    sets: tuple[Taken, ...]


def merge(
    folders: Sequence[Path], out: Path, licence: str | None = None, show: Show = lambda *_: None
) -> Merged:  # fmt: skip
    """Make one data set of these; the same ones in the same order give the same bytes."""
    if len(folders) < 2:
        raise DynacollectError("One data set alone is merged already; name two or more")
    _refuse_full(out)
    sets = [read_built(folder) for folder in folders]
    ledger = agreed(sets, licence)
    try:
        with next_state(out) as staged:
            _refuse_full(staged.path)
            work = _Merge(LAYOUTS[ledger.options.format](staged.path, ledger), ledger, sets)
            try:
                total = sum(len(each.episodes) for each in sets)
                taken = [work.take(each, lambda done: show(done, total)) for each in sets]
                work.layout.finish()
            finally:
                work.layout.close()
            ledger.write(staged.path)
            write_json(staged.path / MERGED, _story(sets, taken))
            staged.ready = True
    except OSError as error:
        raise DynacollectError(
            f"{out} could not be written ({error.strerror or error}); make room, or name another"
        ) from error
    return Merged(out, ledger.robot, len(ledger.sources), work.rows / ledger.fps, tuple(taken))


class _Merge:
    """One merge at work."""

    def __init__(self, layout: Layout, ledger: Ledger, sets: Sequence[BuiltSet]) -> None:
        self.layout, self.rows = layout, 0
        self._ledger, self._seen = ledger, 0
        self._known: set[str] = set()
        self._mixed = len(robots_of(sets)) > 1
        every = [each.said(index) for each in sets for index in range(len(each.episodes))]
        self._facts = list(dict.fromkeys(name for said in every for name in said))

    def take(self, built: BuiltSet, show: Callable[[int], None]) -> Taken:
        """All episodes that no set before had."""
        before, known = len(self._ledger.sources), []
        for episode in episodes_of(built, self._ledger.phases):
            if (name := episode.source["id"]) in self._known:
                known.append(name)
            else:
                self._add(episode, built.ledger.robot)
            self._known.add(name)
            self._seen += 1
            show(self._seen)
        return Taken(built.folder, len(self._ledger.sources) - before, tuple(known))

    def _add(self, episode: Prepared, robot: str) -> None:
        """With its robot, where there are several, and none of what is said of others left out."""
        told = {"robot": episode.said.get("robot") or robot} if self._mixed else {}
        said = {name: episode.said.get(name) for name in self._facts}
        self.layout.add(replace(episode, said=told | said | told))
        self._ledger.sources.append(told | dict(episode.source))
        self.rows += episode.rows


def _story(sets: Sequence[BuiltSet], taken: Sequence[Taken]) -> dict[str, Any]:
    told, first = [], 0
    for built, each in zip(sets, taken, strict=True):
        statement = {key: value for key, value in built.statement.items() if key != "episodes"}
        told.append({
            "name": built.name, "first_episode": first, "episodes": each.episodes, "left_out": list(each.known),
            "statement": statement, "merged_of": _earlier(built.folder),
        })  # fmt: skip
        first += each.episodes
    return {"format": FORMAT, "sets": told}


def _earlier(folder: Path) -> Any:
    path = folder / MERGED
    return json.loads(path.read_text(encoding="utf-8"))["sets"] if path.exists() else None


def _refuse_full(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DynacollectError(f"{folder} is there already; name a new folder with --out")
