"""Raw sessions in, a LeRobot data set out; called again, it adds what is new."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ...rig.errors import DynacollectError
from ..raw import RawEpisode, episodes_in
from .facts import Facts
from .layout import Layout, features
from .layout_v21 import LayoutV21
from .layout_v30 import LayoutV30
from .options import Format, Options
from .prepare import Prepared, prepared
from .staging import next_state
from .statement import Ledger, read_ledger
from .where import Condition

LAYOUTS: dict[Format, Callable[[Path, Ledger], Layout]] = {"v3.0": LayoutV30, "v2.1": LayoutV21}
Show = Callable[[int, int], None]
"""Told after each episode how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """An episode that was asked for and could not be read."""

    session: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Built:
    """What a build has done."""

    out: Path
    format: Format
    where: str
    added: int
    """Episodes."""
    episodes: int
    """All that the data set has now; without any there is no data set."""
    seconds: float
    """Of what was added."""
    left_out: int
    """By the condition."""
    skipped: tuple[Skipped, ...]


def build(sessions: Sequence[Path], out: Path, options: Options | None = None, show: Show = lambda *_: None) -> Built:
    """Make a data set of these sessions, or add to it the episodes that it does not have."""
    options = options or Options()
    condition = Condition(options.where)
    every = [raw for session in sessions for raw in episodes_in(session)]
    read_ledger(out)
    try:
        with next_state(out) as staged:
            ledger = read_ledger(out)
            if ledger is not None and ledger.options != options:
                raise DynacollectError(
                    f"{out} was built with {_differences(ledger.options, options)}; give the same, or another folder"
                )
            work = _Build(staged.path, options, condition, ledger)
            try:
                for done, raw in enumerate(every):
                    work.take(raw)
                    show(done + 1, len(every))
                staged.ready = work.finish()
            finally:
                work.close()
    except OSError as error:
        raise DynacollectError(
            f"{out} could not be written ({error.strerror or error}) and is as it was; make room, or name another"
        ) from error
    count = 0 if work.ledger is None else len(work.ledger.sources)
    return Built(
        out, options.format, options.where, work.added, count, work.seconds, work.left_out, tuple(work.skipped)
    )


class _Build:
    """One build at work."""

    def __init__(self, folder: Path, options: Options, condition: Condition, ledger: Ledger | None) -> None:
        self.ledger, self.added, self.seconds, self.left_out = ledger, 0, 0.0, 0
        self.skipped: list[Skipped] = []
        self._folder, self._options, self._condition = folder, options, condition
        self._known = set() if ledger is None else ledger.ids
        self._layout: Layout | None = None

    def take(self, raw: RawEpisode) -> None:
        """Add it, unless it is there, does not fit the condition, or cannot be read."""
        facts = Facts(raw)
        if raw.record.id in self._known:
            return
        with ExitStack() as stack:
            try:
                if not self._condition(facts):
                    self.left_out += 1
                    return
                if damage := raw.damage():
                    raise DynacollectError(f"{damage[0]}; run: dynacollect dataset repair")
                joints = facts.signals.joints.shape[1]
            except DynacollectError as error:
                self._skip(facts, error)
                return
            # What does not belong together is for a person to decide, and nothing is built.
            ledger = self.ledger or Ledger.of_first(facts, self._options, joints)
            ledger.admit(facts)
            try:
                episode = prepared(facts, ledger, stack)
            except DynacollectError as error:
                self._skip(facts, error)
                return
            self._write(episode, ledger)

    def finish(self) -> bool:
        """Write what belongs to the whole; whether anything was added."""
        if self._layout is None or self.ledger is None:
            return False
        self._layout.finish()
        self.ledger.write(self._folder)
        return True

    def close(self) -> None:
        if self._layout is not None:
            self._layout.close()

    def _write(self, episode: Prepared, ledger: Ledger) -> None:
        if self._layout is None:
            _refuse_other_features(self._folder, episode, ledger)
            self._layout = LAYOUTS[self._options.format](self._folder, ledger)
        self._layout.add(episode)
        ledger.sources.append(dict(episode.source))
        self._known.add(episode.source["id"])
        self.ledger, self.added = ledger, self.added + 1
        self.seconds += episode.rows / ledger.fps

    def _skip(self, facts: Facts, error: DynacollectError) -> None:
        self.skipped.append(Skipped(facts.session, facts.record.number, str(error)))


def _refuse_other_features(folder: Path, episode: Prepared, ledger: Ledger) -> None:
    path = folder / "meta/info.json"
    if path.exists() and json.loads(path.read_text(encoding="utf-8"))["features"] != features(episode, ledger):
        raise DynacollectError("The data set has other columns than this version writes; build into another folder")


def _differences(there: Options, asked: Options) -> str:
    pairs = zip(there.as_dict().items(), asked.as_dict().values(), strict=True)
    return ", ".join(f"{name} {value!r}" for (name, value), other in pairs if value != other)
