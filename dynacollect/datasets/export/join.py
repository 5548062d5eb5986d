"""Many episodes' pictures of one camera, one after another, in files of bounded size; packets are copied."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from .clips import Clip, open_clip
from .staging import anew

LARGEST = 200 << 20
"""Bytes of pictures in a file, as LeRobot keeps it."""
LONGEST = 900.0
"""s of pictures in a file: LeRobot compares times in single precision to 0.1 ms, which holds to 1024 s."""
FILE = {"movflags": "faststart", "fflags": "+bitexact", "write_btrt": "0"}
"""The same pictures give the same bytes, whatever files they come from."""
TICKS_PER_PICTURE = 512
"""Of the file's time base."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where an episode's pictures are."""

    file: int
    """In order."""
    first: int
    """Picture."""
    count: int


class Film:
    """A file that is being written."""

    def __init__(self, path: Path, like: Clip, fps: int) -> None:
        anew(path)
        self.header, self.pictures, self.bytes = like.header, 0, 0
        self._container: OutputContainer = av.open(str(path), "w", format="mp4", options=FILE)
        self._stream: VideoStream = self._container.add_stream_from_template(like.stream, opaque=True)
        self._stream.time_base = Fraction(1, TICKS_PER_PICTURE * fps)

    def add(self, clip: Clip) -> None:
        """Its packets are used up by this."""
        self.bytes += clip.bytes
        for packet in clip.packets:
            self._mux(packet)

    def close(self) -> None:
        self._container.close()

    def _mux(self, packet: Packet) -> None:
        packet.stream, packet.time_base = self._stream, Fraction(self._stream.time_base or 1)
        packet.pts = packet.dts = self.pictures * TICKS_PER_PICTURE
        packet.duration = TICKS_PER_PICTURE
        self._container.mux(packet)
        self.pictures += 1


class Join:
    """Goes on in the last file that is there, as if it had been written at once."""

    def __init__(self, path_of: Callable[[int], Path], fps: int, files: int = 0) -> None:
        self._path_of, self._fps, self._file = path_of, fps, files - 1
        self._film: Film | None = None

    def add(self, clip: Clip) -> Placed:
        film = self._film or self._reopened()
        if film is None or not self._fits(film, clip):
            self.close()
            self._file += 1
            film = Film(self._path_of(self._file), clip, self._fps)
        self._film = film
        first = film.pictures
        film.add(clip)
        return Placed(self._file, first, len(clip.packets))

    def close(self) -> None:
        if self._film is not None:
            self._film.close()
            self._film = None

    def _reopened(self) -> Film | None:
        if self._file < 0:
            return None
        before = open_clip(self._path_of(self._file))
        # Writing gives the name to a new file; what is read stays open.
        film = Film(self._path_of(self._file), before, self._fps)
        film.add(before)
        before.container.close()
        return film

    def _fits(self, film: Film, clip: Clip) -> bool:
        long = film.pictures + len(clip.packets) > LONGEST * self._fps
        return not long and film.bytes + clip.bytes <= LARGEST and film.header == clip.header
