"""One camera's pictures to a video, in a thread of its own: handing one over never waits."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from queue import Full, Queue
from threading import Thread

import av
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
            with av.open(str(self.path), "w", format="mp4", options=FRAGMENTS) as container:
                stream = container.add_stream(CODEC, rate=self._fps, options=OPTIONS)
                stream.width, stream.height, stream.pix_fmt = self.width, self.height, "yuv420p"
                stream.codec_context.gop_size, stream.codec_context.thread_count = GOP, 1
                for image in pictures:
                    if self._abandoned:
                        continue
                    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
                    frame.pts, frame.time_base = self.written, 1 / self._fps
                    _mux(container, stream, frame)
                    self.written += 1
                _mux(container, stream, None)
        except Exception as error:  # noqa: BLE001 # because whatever stops an encoder must reach the recorder
            self.error = error
        # Nobody shall wait for a thread that has ended.
        for _ in pictures:
            pass


def until_none[T](queue: Queue[T | None]) -> Iterator[T]:
    """What comes out of a queue; ended once and for all by None."""
    while (item := queue.get()) is not None:
        yield item


def _mux(container: OutputContainer, stream: VideoStream, frame: av.VideoFrame | None) -> None:
    for packet in stream.encode(frame):
        container.mux(packet)
