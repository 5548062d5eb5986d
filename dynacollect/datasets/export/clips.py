"""One episode's pictures of one camera, as packets that can be copied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from ..raw.video import CODEC, GOP, OPTIONS

SAMPLED = 25
"""Pictures of an episode that statistics look at."""
WIDEST = 160
"""px that a picture has at most when statistics look at it."""


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Packets in memory; the container must stay open for as long as they are used."""

    path: Path
    container: InputContainer
    stream: VideoStream
    packets: list[Packet]

    @property
    def bytes(self) -> int:
        return sum(packet.size for packet in self.packets)

    @property
    def header(self) -> bytes:
        """What a decoder needs to know first; packets go into one file only with the same."""
        return bytes(self.stream.codec_context.extradata or b"")

    @property
    def size(self) -> tuple[int, int]:
        return self.stream.codec_context.width, self.stream.codec_context.height

    def sampled(self) -> list[Image]:
        """Some pictures, spread over the clip, of those that stand alone; fewer pixels of each."""
        alone = [packet for packet in self.packets if packet.is_keyframe]
        places = np.unique(np.linspace(0, len(alone) - 1, SAMPLED).round().astype(int))
        step = max(self.size[0] // WIDEST, 1)
        frames = self.decoded([alone[place] for place in places])
        return [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)[::step, ::step] for frame in frames]

    def decoded(self, packets: Sequence[Packet]) -> Iterator[VideoFrame]:
        """The pictures of packets that stand alone, or follow each other from one that does."""
        decoder = cast("VideoCodecContext", VideoCodecContext.create(self.stream.codec_context.name, "r"))
        decoder.extradata, decoder.thread_count = self.header, 1
        try:
            for packet in [*packets, None]:
                yield from decoder.decode(packet)
        except av.error.FFmpegError as error:
            raise DynacollectError(
                f"{self.path} cannot be decoded ({error}); run: dynacollect dataset repair"
            ) from error


def open_clip(path: Path, first: int = 0, count: int | None = None) -> Clip:
    """Pictures from one that stands alone on; all of them, where no count is given."""
    try:
        container = av.open(str(path))
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); run: dynacollect dataset repair") from error
    kept = packets[first:] if count is None else packets[first : first + count]
    if not kept or (count is not None and len(kept) < count) or not kept[0].is_keyframe:
        raise DynacollectError(f"{path} does not have the pictures of its ticks; run: dynacollect dataset repair")
    return Clip(path, container, stream, kept)


def copyable(clip: Clip, size: tuple[int, int], gop: int) -> bool:
    """Whether packets may go into a data set of this size as they are."""
    context = clip.stream.codec_context
    return context.name == "h264" and context.pix_fmt == "yuv420p" and clip.size == size and gop <= GOP


def encoded(clip: Clip, size: tuple[int, int], fps: int, aside: Path) -> Clip:
    """The same pictures in another size, encoded as the recorder does, in a file of their own."""
    with av.open(str(aside), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(CODEC, rate=Fraction(fps), options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = GOP, 1
        for index, frame in enumerate(clip.decoded(clip.packets)):
            small = frame.reformat(*size, format="yuv420p", interpolation="AREA")
            small.pts, small.time_base = index, Fraction(1, fps)
            container.mux(stream.encode(small))
        container.mux(stream.encode(None))
    return open_clip(aside, count=len(clip.packets))
