"""What a damaged MCAP file still says: every chunk that can be read and whose checksum is right.

Chunks are found by what they are compressed with, so that neither the index, the footer nor the framing is needed. Of a
chunk that the end of the file cuts, what comes before the cut is read.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import zstandard
from mcap.exceptions import McapError
from mcap.reader import make_reader
from mcap.records import Channel, McapRecord, Message, Metadata
from mcap.stream_reader import StreamReader

from ..raw.record import REPEATED, told_again

FRAME = b"\x28\xb5\x2f\xfd"
"""What compressed data begin with."""
CHECKSUM = 20
"""So many bytes before them stands the CRC-32 of what they hold: before it come no more than two lengths and a name."""
LENGTH = 8
"""And so many, their length."""
STEP = 1 << 14
"""Bytes that are unpacked at once."""
OPENING = 9
"""Bytes of a record before what it holds: what it is, and its length."""
LARGEST = 64 << 20
"""Bytes of a chunk; a length that is larger is damaged itself."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    topic: str
    time: int
    """ns since 1970."""
    sequence: int
    """How many messages of the topic came before it."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Messages:
    """What came back, in the order of the file."""

    said: tuple[Said, ...]
    lost: int
    """Chunks that cannot be read."""
    whole: bool
    """Nothing is missing, index and footer included."""
    about: Mapping[str, Any]
    """What the file repeats of the record; empty where it does not."""


def messages_in(data: bytes) -> Messages:
    """Everything that can be read of an MCAP file."""
    records: list[McapRecord] = []
    lost, place = 0, 0
    while (place := data.find(FRAME, place)) >= 0:
        content, used = _unpacked(data, place)
        sound = used > 0 and zlib.crc32(content) == _number(data, place - CHECKSUM, "<I")
        if sound or (not used and _cut(data, place)):
            records += _records(content)
        lost += not sound
        place += used if sound else len(FRAME)
    channels = _listed(data) | {each.id: each.topic for each in records if isinstance(each, Channel)}
    messages = [each for each in records if isinstance(each, Message)]
    said = [
        Said(channels.get(each.channel_id) or _guessed(each.data), each.log_time, each.sequence, each.data)
        for each in messages
    ]
    return Messages(tuple(each for each in said if each.topic), lost, _whole(data), _about(data))


def _unpacked(data: bytes, place: int) -> tuple[bytes, int]:
    """What is in the compressed data there, and how many bytes they take; 0 where they do not end."""
    unpack = zstandard.ZstdDecompressor(max_window_size=LARGEST).decompressobj()
    content = b""
    try:
        for start in range(place, len(data), STEP):
            content += unpack.decompress(data[start : start + STEP])
            if unpack.eof:
                return content, min(start + STEP, len(data)) - len(unpack.unused_data) - place
            if len(content) > LARGEST:
                return b"", 0
    except (zstandard.ZstdError, MemoryError):
        return b"", 0
    return content, 0


def _cut(data: bytes, place: int) -> bool:
    """Whether the file ends before these data do."""
    size = _number(data, place - LENGTH, "<Q")
    return size is not None and len(data) - place < size < LARGEST


def _number(data: bytes, start: int, form: str) -> int | None:
    if start < 0:
        return None
    return struct.unpack_from(form, data, start)[0]


def _records(content: bytes) -> Iterator[McapRecord]:
    """Up to the first that is not complete."""
    try:
        yield from StreamReader(BytesIO(content), skip_magic=True, record_size_limit=LARGEST).records
    except (McapError, struct.error, UnicodeDecodeError, ValueError):
        return


def _listed(data: bytes) -> dict[int, str]:
    """Topics by the number of their channel, as the end of the file repeats them."""
    try:
        summary = make_reader(BytesIO(data)).get_summary()
    except Exception:  # noqa: BLE001 # because damage may make the library fail in any way
        return {}
    return {} if summary is None else {number: channel.topic for number, channel in summary.channels.items()}


def _whole(data: bytes) -> bool:
    """Whether the file can be read from end to end."""
    try:
        return sum(1 for _ in StreamReader(BytesIO(data), validate_crcs=True, record_size_limit=LARGEST).records) > 0
    except Exception:  # noqa: BLE001 # because damage may make the library fail in any way
        return False


def _about(data: bytes) -> dict[str, Any]:
    """What the file says of the episode, found by its name: framing before it may be broken."""
    name, place = struct.pack("<I", len(REPEATED)) + REPEATED.encode(), -1
    while (place := data.find(name, place + 1)) >= 0:
        record = next(_records(data[max(place - OPENING, 0) :]), None)
        if isinstance(record, Metadata) and (about := told_again(record.metadata)):
            return about
    return {}


def _guessed(data: bytes) -> str:
    """The topic of one of our own messages by what is in it; empty for all others."""
    try:
        row = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(row, dict):
        return ""
    for topic, key in (("/tick", "phase"), ("/arm", "measured_at"), ("/command", "reach_at"), ("/setpoints", "times")):
        if key in row:
            return topic
    return "/objects" if all(isinstance(each, dict) and "valid_at" in each for each in row.values()) else ""
