"""What a policy is shown of a rig: pictures of the last moments by camera, and the words."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ...rig.errors import DynacollectError
from ...rig.nouns import FrameSet, Image

INSTRUCTION = "instruction"
ROOM = 400
"""Bytes for the instruction."""

Look = Callable[[], FrameSet]
"""The frames of this tick."""


class Seen:
    """Remembers pictures, one a step, as a data set has them: what is missing is the last one again, or black."""

    def __init__(self, look: Look, sizes: Mapping[str, tuple[int, int]], moments: tuple[int, ...]) -> None:
        """Width and height, px, that pictures are brought to, by camera."""
        self._look, self._sizes, self._moments = look, sizes, moments
        self._last: dict[str, deque[Image]] = {}
        self._words = np.zeros(ROOM, np.uint8)

    def begin(self, instruction: str) -> None:
        """Another episode."""
        self._last = {name: deque(maxlen=1 - min(self._moments)) for name in self._sizes}
        self._words = written_out(instruction)

    def now(self) -> Mapping[str, NDArray[Any]]:
        """Once in each step: (moments, height, width, 3) of each camera, and the instruction."""
        frames = self._look().frames
        for name, last in self._last.items():
            if name in frames:
                last.append(_sized(frames[name].image, self._sizes[name]))
            elif last:
                last.append(last[-1])
        return {**{name: self._moments_of(name) for name in self._sizes}, INSTRUCTION: self._words}

    def example(self) -> dict[str, NDArray[Any]]:
        """Black pictures and no words, in the shapes of all that is ever shown."""
        return {**{name: self._black(name) for name in self._sizes}, INSTRUCTION: written_out("")}

    def _moments_of(self, name: str) -> NDArray[np.uint8]:
        """Before the first picture there is its like."""
        last = self._last[name]
        if not last:
            return self._black(name)
        return np.stack([last[max(0, len(last) - 1 + moment)] for moment in self._moments])

    def _black(self, name: str) -> NDArray[np.uint8]:
        width, height = self._sizes[name]
        return np.zeros((len(self._moments), height, width, 3), np.uint8)


def _sized(image: Image, size: tuple[int, int]) -> Image:
    if size == image.shape[1::-1]:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def written_out(instruction: str) -> NDArray[np.uint8]:
    """As bytes in an array of one size, which any mailbox takes."""
    said = instruction.encode()
    if len(said) > ROOM:
        raise DynacollectError(f"the instruction is longer than {ROOM} bytes; say it in fewer words")
    return np.frombuffer(said.ljust(ROOM, b"\0"), np.uint8)


def words_of(seen: Mapping[str, Any]) -> str:
    return bytes(seen[INSTRUCTION]).rstrip(b"\0").decode()


def refuse_other_cameras(cameras: tuple[str, ...], there: tuple[str, ...], rig: str) -> None:
    if missing := [name for name in cameras if name not in there]:
        raise DynacollectError(
            f"the policy looks through {', '.join(missing)}, and {rig} has {', '.join(there) or 'no camera'}; name the "
            "rig's cameras as those that it was trained with"
        )
