"""Between an executor and a policy: what is asked, what answers, and who carries it there and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from .chunk import WIDTH, Chunk
from .stream import Strategy


def _nothing() -> Vector:
    return np.empty((0, WIDTH))


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One observation, and what a policy may want to know beside it."""

    step: int
    seen: Any
    """What the source understands: pictures and words by name, or the expert's observation."""
    state: Vector
    """Tool pose (6,) as in an action: measured, or where it will be at step `begins`."""
    begins: int
    """Step of the first action that is wanted."""
    episode: int = 0
    delay: int = 0
    """Steps that the answer will probably take."""
    left_over: Vector | None = None
    """For real-time chunking: the actions (n, width) not yet executed, the first one this step's."""
    committed: Vector | None = None
    """For a future state: the actions (n, width) from this step on, which will be executed until `begins`."""


class Source(Protocol):
    """Makes chunks: a policy, or the expert; stateless from request to request."""

    def __call__(self, request: Request) -> Vector:
        """Actions (n, width), the first one for step `request.begins`."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A chunk and how long it took, s."""

    chunk: Chunk
    took_s: float


class Inference(Protocol):
    """Carries requests to a source, the newest only, and its answers back; never makes anybody wait."""

    def offer(self, request: Request, now: float) -> None:
        """The newest observation; it takes the place of one that has not been looked at."""
        ...

    def collect(self, now: float) -> Sequence[Answer]:
        """What has been answered since the last time."""
        ...

    @property
    def waiting(self) -> bool:
        """Something was offered and has not been answered."""
        ...

    def trouble(self, now: float) -> str:
        """Why no answers can be counted on; empty while they can."""
        ...


def refuse_unsupported(strategy: Strategy, source: object) -> None:
    """Real-time chunking is the policy's own work: its class says `supports_rtc`."""
    if strategy == "rtc" and not getattr(source, "supports_rtc", False):
        raise DynacollectError("real-time chunking needs a policy that supports it, and this one does not; use laas")
