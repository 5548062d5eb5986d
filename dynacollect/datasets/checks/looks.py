"""What every picture of a video looks like, from decoding it once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
from av.container import InputContainer

from ...rig.nouns import Image, Vector

SMALL = (96, 72)
"""Pictures are compared at this size [px]: noise is gone, and what moves by a pixel still shows."""
BLOWN = 230
"""Luma above which nothing is to be seen; white is 235."""
EARLY_S = 0.005
"""Times of pictures are rounded by less."""
SHARP_SHARE = 0.5
"""Sharpness is measured at half the size: the finest detail is the codec's, not the lens's."""


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """All that the rules of pictures need; arrays have one entry for each picture that could be decoded."""

    width: int
    height: int
    times: Vector
    """(n,) s in the video."""
    brightness: Vector
    """(n,) mean luma; 16 is black, 235 white."""
    blown: Vector
    """(n,) share of the picture that is white through and through."""
    sharpness: Vector
    """(n,) spread of the second derivative, levels."""
    change: Vector
    """(n,) how much the part that changed most differs from the picture before, levels; infinite for the first."""
    mean: Image
    """The mean picture, small and grey."""
    digest: str
    """The same for the same pictures, and no others."""
    faults: tuple[str, ...] = ()
    """What the decoder could not read."""

    @property
    def count(self) -> int:
        return len(self.times)


@dataclass(slots=True)
class _Sums:
    """What grows while a video is read."""

    rows: list[tuple[float, ...]]
    total: Vector
    size: tuple[int, int] = (0, 0)


def look_through(path: Path) -> Looks:
    """Decode a video from end to end; what cannot be read is a fault and no exception."""
    faults: list[str] = []
    return _looks(_frames(path, faults), faults, 0.0)


def look_at_spans(path: Path, starts: Sequence[float]) -> list[Looks]:
    """The same for each of the stretches that begin at these times, s, when many episodes share a file."""
    faults: list[str] = []
    found = {number: _looks(iter(()), [], 0.0) for number in range(len(starts))}
    begin: Vector = np.asarray(starts, float) - EARLY_S
    for number, frames in groupby(
        _frames(path, faults), lambda frame: int(np.searchsorted(begin, frame.time or 0.0, "right")) - 1
    ):
        if number >= 0:
            found[number] = _looks(frames, faults, starts[number])
    if faults and found and not any(each.faults for each in found.values()):
        found[0] = replace(found[0], faults=tuple(faults))
    return list(found.values())


def _looks(frames: Iterator[av.VideoFrame], faults: list[str], start: float) -> Looks:
    """Of pictures in a row; faults that come up meanwhile are theirs."""
    known = len(faults)
    sums, digest = _Sums([], np.zeros(SMALL[::-1])), hashlib.sha256()
    before: Image | None = None
    for frame in frames:
        luma = _luma(frame)
        small = np.asarray(cv2.resize(luma, SMALL, interpolation=cv2.INTER_AREA), np.uint8)
        sums.rows.append(((frame.time or 0.0) - start, *_measures(luma, small, before)))
        sums.total += small
        sums.size = (frame.width, frame.height)
        digest.update(small.tobytes())
        before = small
    times, brightness, blown, sharpness, change = np.array(sums.rows, float).reshape(-1, 5).T
    mean = np.rint(sums.total / max(len(sums.rows), 1)).astype(np.uint8)
    return Looks(
        *sums.size, times, brightness, blown, sharpness, change, mean, digest.hexdigest(), tuple(faults[known:])
    )  # fmt: skip


def _measures(luma: Image, small: Image, before: Image | None) -> tuple[float, float, float, float]:
    half = cv2.resize(luma, None, fx=SHARP_SHARE, fy=SHARP_SHARE, interpolation=cv2.INTER_AREA)
    _, spread = cv2.meanStdDev(cv2.Laplacian(half, cv2.CV_16S))
    change = np.inf if before is None else float(cv2.absdiff(small, before).max())
    return float(small.mean()), float((small > BLOWN).mean()), float(spread[0, 0]), change


def _frames(path: Path, faults: list[str]) -> Iterator[av.VideoFrame]:
    try:
        with av.open(str(path)) as container:
            yield from _decoded(container, faults)
    except Exception as error:  # noqa: BLE001 # because damage may make the library fail in any way
        faults.append(f"the file cannot be read ({error})")


def _decoded(container: InputContainer, faults: list[str]) -> Iterator[av.VideoFrame]:
    stream = container.streams.video[0]
    # Without it the decoder paints over what it cannot read.
    stream.codec_context.options = {"err_detect": "explode"}
    stream.codec_context.thread_count = 1
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            where = (
                ""
                if packet.pts is None or packet.time_base is None
                else f" at {float(packet.pts * packet.time_base):.2f} s"
            )
            faults.append(f"a picture{where} cannot be decoded")
            continue
        for frame in frames:
            if isinstance(frame, av.VideoFrame):
                yield frame


def _luma(frame: av.VideoFrame) -> Image:
    """The brightness of a picture, without a copy."""
    plane = frame.planes[0] if frame.format.name.startswith(("yuv", "gray", "nv")) else None
    if plane is None:
        return np.asarray(frame.to_ndarray(format="gray"), np.uint8)
    return np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
