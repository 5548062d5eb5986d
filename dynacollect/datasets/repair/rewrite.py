"""Writing what came back as a new episode: pictures and messages as they were, where nothing had to be filled in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.FrameTransforms_pb2 import FrameTransforms
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import Message
from mcap.writer import CompressionType, Writer
from mcap_protobuf.schema import build_file_descriptor_set

from ...rig.nouns import Image
from ..raw.record import REPEATED, EpisodeRecord, Video, kept_file, repeated
from ..raw.schemas import SCHEMAS
from ..raw.signals import CHUNK
from ..raw.video import CODEC, FRAGMENTS, GOP, OPTIONS, picture_sums
from .film import Film, decoded, header_of
from .messages import Said


def write_film(path: Path, film: Film, ticks: range, fps: float) -> int:
    """The pictures of these ticks, the first of which must be there; returns for how many the one before stands."""
    shown = list(_shown(film, ticks))
    filled = sum(tick != shot for tick, shot in zip(ticks, shown, strict=True))
    blank = _blank(film, fps)
    if filled or not film.shots[ticks[0]].key or header_of(blank) != film.header:
        pictures = _repeated(film, shown)
        path.write_bytes(_encoded(pictures, film.width, film.height, fps))
        return filled
    rate = Fraction(fps).limit_denominator(1001)
    # FFmpeg on its own says nothing of an end that it could not write.
    with (
        av.open(BytesIO(blank)) as like, path.open("xb") as file,
        av.open(file, "w", format="mp4", options=FRAGMENTS) as container,
    ):  # fmt: skip
        stream = container.add_stream_from_template(like.streams.video[0])
        for place, tick in enumerate(ticks):
            packet = av.Packet(film.shots[tick].data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, 1 / rate, film.shots[tick].key
            packet.pts = packet.dts = place
            packet.duration = 1
            container.mux(packet)
    return 0


def filed(path: Path, film: Film) -> Video:
    """A video as it is now, with the checksums of its pictures."""
    kept = kept_file(path).model_dump()
    return Video(
        **kept, width=film.width, height=film.height, codec="h264", gop=GOP, sums=picture_sums(path)
    )  # fmt: skip


def _shown(film: Film, ticks: range) -> Iterator[int]:
    """Of each tick, the tick whose picture is shown."""
    last = ticks[0]
    for tick in ticks:
        last = tick if tick in film.shots else last
        yield last


def _repeated(film: Film, shown: Iterable[int]) -> Iterator[Image]:
    before, image = -1, np.zeros((0, 0, 3), np.uint8)
    for tick in shown:
        image = image if tick == before else next(decoded(film, [tick]))
        before = tick
        yield image


def _blank(film: Film, fps: float) -> bytes:
    """A video as the recorder would write it now: what came back can go into its like as it is."""
    return _encoded([np.zeros((film.height, film.width, 3), np.uint8)], film.width, film.height, fps)


def _encoded(pictures: Iterable[Image], width: int, height: int, fps: float) -> bytes:
    file = BytesIO()
    rate = Fraction(fps).limit_denominator(1001)
    with av.open(file, "w", format="mp4", options=FRAGMENTS) as container:
        stream = container.add_stream(CODEC, rate=rate, options=OPTIONS)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size, stream.codec_context.thread_count = GOP, 1
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def write_messages(path: Path, said: Iterable[Said], about: EpisodeRecord | None = None, chunk: int = CHUNK) -> None:
    """Our own topics, each under its schema; others are left out."""
    with path.open("xb") as file:
        writer = Writer(file, chunk_size=chunk, compression=CompressionType.ZSTD)
        writer.start(profile="", library="dynacollect")
        if about is not None:
            writer.add_metadata(REPEATED, repeated(about))
        _fill(writer, said)
        writer.finish()


def _fill(writer: Writer, said: Iterable[Said]) -> None:
    channels: dict[str, int] = {}
    counts: dict[str, int] = {}
    for each in said:
        if each.topic not in channels:
            kind = _kind(each.topic)
            schema = (
                writer.register_schema(
                    f"dynacollect{each.topic.replace('/', '.')}",
                    "jsonschema",
                    json.dumps(SCHEMAS.get(each.topic, {"type": "object"})).encode(),
                )
                if kind is None
                else writer.register_schema(
                    kind.DESCRIPTOR.full_name, "protobuf", build_file_descriptor_set(kind).SerializeToString()
                )
            )
            channels[each.topic] = writer.register_channel(each.topic, "json" if kind is None else "protobuf", schema)
        count = counts[each.topic] = counts.get(each.topic, -1) + 1
        writer.add_message(channels[each.topic], each.time, each.data, each.time, count)


def _kind(topic: str) -> type[Message] | None:
    """None for our own, which are JSON."""
    if topic.startswith("/cameras/"):
        return CameraCalibration
    kinds: Mapping[str, type[Message]] = {"/tf": FrameTransforms, "/log": Log}
    return kinds.get(topic)


def renumbered(said: Said, index: int, cameras: Iterable[str]) -> Said:
    """The row of a tick or of its command under its new number.

    A tick has no picture of these cameras: the video repeats the one before.
    """
    row, names = {**json.loads(said.data), "index": index}, list(cameras)
    if said.topic == "/tick":
        for name in names:
            row["frames"].pop(name, None)
        for key in ("missing", "repeated"):
            row[key] = list(dict.fromkeys([*row[key], *names]))
    return Said(said.topic, said.time, said.sequence, json.dumps(row, separators=(",", ":")).encode())
