"""One USB camera through OpenCV."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from ...camera import CameraInfo
from ...clock import Clock
from ...errors import DynacollectError
from ...nouns import Image
from ..device import Device, Shot
from .config import UvcCamera
from .settings import compare, prepare

LOST = 2
"""Reads in a row without a picture, after which the camera counts as gone."""
EARLY = 0.4
"""Share of a period by which a frame may be late before one is missing: the kernel's number is not to be had."""


class Capture(Protocol):
    """What is used of cv2.VideoCapture."""

    def isOpened(self) -> bool: ...
    def set(self, propId: int, value: float) -> bool: ...
    def get(self, propId: int) -> float: ...
    def read(self) -> tuple[bool, Image]: ...
    def release(self) -> None: ...


def open_capture(device: str) -> Capture:
    """A device through V4L2; any other file as a video."""
    path = Path(device)
    if not path.exists():
        others = sorted(link.name for link in Path("/dev/v4l/by-id").glob("*"))
        there = f"only {', '.join(others)}" if others else "nor any other camera"
        raise DynacollectError(f"{device} is not there, {there}; plug it in, or mend its device in rig.yaml")
    # Read once in a process, at the first picture; else a silent camera holds its reader for 10 s.
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "1")
    backend = cv2.CAP_V4L2 if path.resolve().is_char_device() else cv2.CAP_ANY
    return cv2.VideoCapture(str(path.resolve()), backend)  # pyright: ignore[reportReturnType]


class Uvc(Device):
    """Time stamps are the kernel's, which run on the host's monotonic clock, else when the picture arrived."""

    def __init__(self, config: UvcCamera, clock: Clock, opened: Callable[[str], Capture] = open_capture) -> None:
        self._config, self._clock, self._opened = config, clock, opened
        self._capture: Capture | None = None

    def open(self) -> CameraInfo:
        config = self._config
        self._capture = capture = self._opened(config.device)
        if not capture.isOpened():
            raise DynacollectError(
                f"{config.device} cannot be opened; close other programs that use it, and join the group video"
            )
        prepare(capture, config)
        first, second = self._first(capture), self._first(capture)
        exposure = compare(capture, config)
        self._stamped = second > first
        self._sequence, self._last, self._empty = 0, math.nan, 0
        width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        return CameraInfo("uvc", config.serial, "", width, height, capture.get(cv2.CAP_PROP_FPS), exposure)

    def read(self) -> Shot | None:
        capture = self._capture
        if capture is None:
            return None
        found, image = capture.read()
        arrived_at = self._clock.now()
        if not found:
            self._empty += 1
            if self._empty < LOST:
                return None
            raise DynacollectError(f"{self._config.device} sends no pictures any more; check its cable and hub")
        self._empty = 0
        stamp = 1e-3 * capture.get(cv2.CAP_PROP_POS_MSEC) if self._stamped else arrived_at
        self._count(stamp)
        return Shot(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), self._sequence, stamp, arrived_at)

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            capture.release()

    def _first(self, capture: Capture) -> float:
        """The stamp of a picture with which the camera shows that it works."""
        if not capture.read()[0]:
            raise DynacollectError(
                f"{self._config.device} sends no pictures; try another USB port, or fewer cameras on it"
            )
        return capture.get(cv2.CAP_PROP_POS_MSEC)

    def _count(self, stamp: float) -> None:
        """A frame that came periods later has lost those between."""
        periods = (stamp - self._last) * self._config.fps
        self._sequence += max(1, math.floor(periods + EARLY)) if math.isfinite(periods) else 1
        self._last = stamp
