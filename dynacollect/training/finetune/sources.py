"""What is trained on: sessions become a data set, data sets are looked at before anything heavy begins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...datasets.export import Options, build
from ...datasets.export.statement import FILE as STATEMENT
from ...rig.errors import DynacollectError
from .hub import folder_of
from .rows import ACTION, STATE

LAYOUT = "v3."
"""What LeRobot's 0.6 reads."""
IMAGES = "observation.images."

Show = Callable[[int, int], None]
"""Told how many episodes are taken over, of how many."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """A LeRobot data set, by what it says of itself."""

    root: Path
    info: Mapping[str, Any]

    @property
    def features(self) -> Mapping[str, Any]:
        return self.info["features"]

    @property
    def cameras(self) -> tuple[str, ...]:
        return tuple(key for key, feature in self.features.items() if feature["dtype"] in ("video", "image"))

    @property
    def fps(self) -> int:
        return self.info["fps"]

    @property
    def episodes(self) -> int:
        return self.info["total_episodes"]

    @property
    def frames(self) -> int:
        return self.info["total_frames"]

    def width(self, name: str) -> int:
        """How many numbers a feature has."""
        return self.features[name]["shape"][0]

    def names(self, name: str) -> tuple[str, ...]:
        """Of a feature's numbers, where they have any."""
        found = self.features[name].get("names") or ()
        listed = next(iter(found.values()), ()) if isinstance(found, Mapping) else found
        return tuple(map(str, listed))

    @property
    def statement(self) -> Mapping[str, Any] | None:
        """What the numbers mean, where dynacollect has built it."""
        path = self.root / STATEMENT
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def action_kind(self) -> str | None:
        """Absolute, delta or joint, where dynacollect has built it."""
        return None if self.statement is None else self.statement["action"]["kind"]


def data_of(sources: Sequence[str], out: Path, show: Show = lambda *_: None) -> DataSet:
    """The data set that is named, or the one that sessions make, in `out`."""
    sessions = [Path(source) for source in sources if is_session(Path(source))]
    if not sessions and len(sources) == 1:
        return read_set(sources[0])
    if len(sessions) != len(sources):
        raise DynacollectError(
            "several sources must all be sessions; join data sets with `dynacollect dataset merge`, or add them "
            "with --mix SET=SHARE"
        )
    built = build(sessions, out, Options(), show)
    if not built.episodes:
        raise DynacollectError(
            f"{_listed(sources)} holds no episode to learn from: there are {built.left_out} that did not succeed and "
            f"{len(built.skipped)} that cannot be read; collect more, or build a data set with `dynacollect dataset "
            "build --where` and train on that"
        )
    return read_set(str(out))


def is_session(folder: Path) -> bool:
    """Has `collect` written it?"""
    return (folder / "episodes").is_dir() or (folder / "journal.jsonl").is_file()


def read_set(name: str) -> DataSet:
    """A folder or Hub id, refused where LeRobot could not train on it."""
    root = folder_of(name, "dataset")
    path = root / "meta/info.json"
    try:
        found = DataSet(root, json.loads(path.read_text(encoding="utf-8")))
        version = str(found.info["codebase_version"])
        counts = (found.episodes, found.frames, found.fps)
    except (OSError, ValueError, KeyError, TypeError):
        raise DynacollectError(
            f"{name} is neither a session nor a LeRobot data set; name a folder that `dynacollect collect` or "
            "`dynacollect dataset build` has written"
        ) from None
    if not version.startswith(LAYOUT):
        raise DynacollectError(
            f"{name} has LeRobot's layout {version} and the trainer reads v3.0; build it again with --format v3.0, or "
            "convert it with: python -m lerobot.scripts.convert_dataset_v21_to_v30 --repo-id NAME"
        )
    if not all(counts):
        raise DynacollectError(f"{name} has no episodes; collect some first")
    _refuse_without(found, name)
    return found


def _refuse_without(found: DataSet, name: str) -> None:
    for feature in (STATE, ACTION):
        if feature not in found.features:
            raise DynacollectError(f"{name} has no '{feature}'; policies learn from it, so name a set that has it")
    if not found.cameras:
        raise DynacollectError(f"{name} has no pictures; policies look through cameras, so collect with --images")


def _listed(sources: Sequence[str]) -> str:
    return ", ".join(sources)
