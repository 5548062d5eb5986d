"""How long an inference takes, as stated: always as long, drawn, or as once measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

import numpy as np

from ...rig.errors import DynacollectError

LONGEST_S = 60.0
_NUMBER = r"(\d+(?:\.\d+)?)"
_CONSTANT = re.compile(rf"{_NUMBER}(ms|s)")
_DRAWN = re.compile(rf"(normal|uniform):{_NUMBER},{_NUMBER}(ms|s)")


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds per inference."""

    kind: Literal["constant", "normal", "uniform", "trace"]
    values: tuple[float, ...]
    """The constant; mean and standard deviation; least and most; or the trace."""

    def draws(self, seed: int) -> Iterator[float]:
        """One after the other, without end; a trace begins somewhere and goes round."""
        rng = np.random.default_rng([seed, 0x1A7])
        if self.kind == "trace":
            yield from islice(cycle(self.values), int(rng.integers(len(self.values))), None)
        while True:
            yield self._one(rng)

    def _one(self, rng: np.random.Generator) -> float:
        if self.kind == "constant":
            return self.values[0]
        first, second = self.values
        return max(0.0, float(rng.normal(first, second) if self.kind == "normal" else rng.uniform(first, second)))


def parse_latency(text: str) -> Latency:
    """`226ms`, `normal:226,30ms` (mean, deviation), `uniform:100,300ms`, or a file with milliseconds, one a line."""
    if found := _CONSTANT.fullmatch(text):
        return _sane(Latency("constant", (float(found[1]) * _unit(found[2]),)), text)
    if found := _DRAWN.fullmatch(text):
        first, second = (float(found[i]) * _unit(found[4]) for i in (2, 3))
        if found[1] == "uniform":
            return _sane(Latency("uniform", (min(first, second), max(first, second))), text)
        return _sane(Latency("normal", (first, second)), text)
    return _sane(Latency("trace", _trace(text)), text)


def _trace(text: str) -> tuple[float, ...]:
    try:
        lines = Path(text).read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise DynacollectError(
            f"--latency: '{text}' is neither a latency nor a file that can be read; write e.g. 226ms, normal:226,30ms, "
            "uniform:100,300ms, or name a file with milliseconds, one a line"
        ) from error
    try:
        values = tuple(1e-3 * float(line) for line in lines)
    except ValueError as error:
        raise DynacollectError(f"--latency: {text} holds more than numbers; write milliseconds, one a line") from error
    if not values:
        raise DynacollectError(f"--latency: {text} is empty; write milliseconds, one a line")
    return values


def _unit(name: str) -> float:
    return 1e-3 if name == "ms" else 1.0


def _sane(latency: Latency, text: str) -> Latency:
    if not all(0.0 <= value <= LONGEST_S for value in latency.values):
        raise DynacollectError(f"--latency: '{text}' has values outside 0 to {LONGEST_S:.0f} s; write e.g. 226ms")
    return latency
