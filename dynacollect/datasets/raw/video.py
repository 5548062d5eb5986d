"""One camera's pictures to a video, in a thread of its own: handing one over never waits."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from queue import Full, Queue
from threading import Thread

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream

from ...rig.nouns import Image

CODEC, GOP = "libx264", 2
"""Every second picture stands alone, as trainers read pictures at random."""
OPTIONS = {"preset": "veryfast", "crf": "20", "bf": "0", "sc_threshold": "0", "tune": "fastdecode"}
FRAGMENTS = {"movflags": "empty_moov+default_base_moof", "frag_duration": "1000000"}
"""A second of video at a time is complete in the file: a cut file is readable up to the cut."""
WAITING = 64
"""Pictures that may wait for the encoder."""


class BehindError(Exception):
    """The encoder cannot keep up."""


class VideoWriter:
    """Takes one picture per tick; all of the same size."""

    def __init__(self, path: Path, width: int, height: int, fps: float) -> None:
        self.path, self.width, self.height = path, width, height
        self.error: BaseException | None = None
        self.written = 0
        self.sums: list[int] = []
        """CRC-32 of each picture as it stands in the file."""
        self._abandoned = False
        self._fps = Fraction(fps).limit_denominator(1001)
        self._queue: Queue[Image | None] = Queue(WAITING)
        self._thread = Thread(target=self._run, name=f"encode {path.stem}", daemon=True)
        self._thread.start()

    def put(self, image: Image) -> None:
        """Hand a picture over; it must not be written to afterwards."""
        try:
            self._queue.put_nowait(image)
        except Full:
            raise BehindError(f"the encoder of {self.path.stem} is {WAITING} pictures behind") from None

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    def close(self, abandon: bool = False) -> None:
        """Encode what waits, or leave it, and finish the file."""
        self._abandoned = abandon
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        pictures = until_none(self._queue)
        try:
            # FFmpeg on its own says nothing of an end that it could not write, and may leave the file open.
            with self.path.open("xb") as file, av.open(file, "w", format="mp4", options=FRAGMENTS) as container:
                stream = container.add_stream(CODEC, rate=self._fps, options=OPTIONS)
                stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
                stream.codec_context.gop_size, stream.codec_context.thread_count = GOP, 1
                for image in pictures:
                    if self._abandoned:
                        continue
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
                    frame.pts, frame.time_base = self.written, 1 / self._fps
                    self._mux(container, stream, frame)
                    self.written += 1
                self._mux(container, stream, None)
        except Exception as error:  # noqa: BLE001 # because whatever stops an encoder must reach the recorder
            # With its traceback it would hold the picture.
            self.error = error.with_traceback(None)
        # Nobody shall wait for a thread that has ended.
        for _ in pictures:
            pass

    def _mux(self, container: OutputContainer, stream: VideoStream, frame: av.VideoFrame | None) -> None:
        for packet in stream.encode(frame):
            self.sums.append(zlib.crc32(as_filed(bytes(packet))))
            container.mux(packet)


def until_none[T](queue: Queue[T | None]) -> Iterator[T]:
    """What comes out of a queue; ended once and for all by None."""
    while (item := queue.get()) is not None:
        yield item


def as_filed(data: bytes) -> bytes:
    """A picture as MP4 has it: each unit with its length before it, where the encoder puts a mark."""
    units = (unit.rstrip(b"\0") for unit in re.split(b"\0\0\1", data))
    return b"".join(len(unit).to_bytes(4) + unit for unit in units if unit)


def picture_sums(path: Path) -> tuple[int, ...]:
    """The CRC-32 of each picture in a file, up to where it cannot be read."""
    sums: list[int] = []
    try:
        with av.open(str(path)) as container:
            for packet in container.demux(video=0):
                if packet.size:
                    sums.append(zlib.crc32(bytes(packet)))
    except (OSError, IndexError, av.error.FFmpegError):
        pass
    return tuple(sums)
