"""Which action of which chunk is executed at a step: pure, on step labels, without clocks or threads.

`laas` (latency-aware action streaming): an action stays with the step that it was made for. What of a chunk is for
steps that have passed when it arrives is dropped, and of the chunks that cover a step the newest one's action is
taken. `rtc` and `future-state` execute so too; they differ in what the policy is told. `continuous` executes each chunk
from its first action as it arrives; `blocking` too, but asks for one only once the last is used up.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from ...rig.nouns import Vector
from .chunk import Chunk

Strategy = Literal["blocking", "continuous", "laas", "rtc", "future-state"]
REMEMBERED = 25
"""Steps for which executed actions can still be looked up."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A chunk that has arrived, and the step at which its first action is due."""

    chunk: Chunk
    first: int
    arrived_at: int

    @property
    def end(self) -> int:
        """The first step after it."""
        return self.first + len(self.chunk.actions)

    def covers(self, step: int) -> bool:
        """It has an action for the step, and had arrived by then."""
        return max(self.first, self.arrived_at) <= step < self.end


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """What is to be done at a step: a row of a chunk."""

    step: int
    placed: Placed

    @property
    def row(self) -> int:
        return self.step - self.placed.first

    @property
    def values(self) -> Vector:
        return self.placed.chunk.actions[self.row]

    @property
    def age(self) -> int:
        """Steps since the observation that it was made from."""
        return self.step - self.placed.chunk.made_at


@dataclass(frozen=True, slots=True)
class Stream:
    """The chunks that count, newest last."""

    strategy: Strategy
    episode: int = 0
    placed: tuple[Placed, ...] = ()

    @property
    def labelled(self) -> bool:
        """Actions stay with the steps that they were made for."""
        return self.strategy not in ("blocking", "continuous")


def restarted(stream: Stream) -> Stream:
    """A new episode: nothing of the former one is executed, whenever it arrives."""
    return Stream(stream.strategy, stream.episode + 1)


def emptied(stream: Stream) -> Stream:
    """The same episode, with nothing to execute until another chunk arrives."""
    return replace(stream, placed=())


def arrived(stream: Stream, chunk: Chunk, step: int) -> Stream:
    """A chunk is there, in time for this step's action."""
    first = chunk.begins if stream.labelled else step
    new = Placed(chunk, first, step)
    if chunk.episode != stream.episode or new.end <= step:
        return stream
    if stream.labelled:
        kept = [old for old in stream.placed if old.end > step - REMEMBERED]
        return replace(stream, placed=tuple(sorted([*kept, new], key=lambda placed: placed.chunk.made_at)))
    outdated = any(old.chunk.made_at > chunk.made_at for old in stream.placed)
    return stream if outdated else replace(stream, placed=(new,))


def next_action(stream: Stream, step: int) -> Action | None:
    """The action of a step, also of one that has just passed; None where there is none."""
    return next((Action(step, placed) for placed in reversed(stream.placed) if placed.covers(step)), None)


def asks(stream: Stream, step: int, *, waiting: bool) -> bool:
    """Whether the policy is to be shown this step's observation; `waiting` while it has not answered.

    Who is told what will be executed meanwhile is asked only when the last answer is known to be a part of that.
    """
    if stream.strategy == "blocking":
        return not (waiting or next_action(stream, step))
    return stream.strategy in ("continuous", "laas") or not waiting


def ahead_of(stream: Stream, step: int) -> list[Action]:
    """The actions that will be executed from a step on if no other chunk arrives, up to the first gap."""
    found: list[Action] = []
    while action := next_action(stream, step + len(found)):
        found.append(action)
    return found
