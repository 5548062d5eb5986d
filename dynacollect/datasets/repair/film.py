"""What a damaged video still shows: every picture that can be told and decoded, under the number of its tick.

Pictures are found by walking through the media data themselves, as ours hold one slice for each picture; where a piece
of the video belongs in time is believed only if a neighbour, the beginning or the end agrees.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import av
import av.error
import numpy as np

from ...rig.nouns import Image

PICTURE, KEY = 1, 5
"""H.264's kinds of slices: one that needs the picture before, and one that stands alone."""
BESIDES = (6, 7, 8, 9)
"""What may stand before a picture: messages, parameter sets, a delimiter."""
STRICT = {"err_detect": "explode+crccheck+bitstream+buffer"}


@dataclass(frozen=True, slots=True)
class Shot:
    """One encoded picture."""

    data: bytes
    key: bool


@dataclass(frozen=True, slots=True)
class Film:
    """What came back of one video."""

    shots: dict[int, Shot]
    """By tick; each decodes, together with the one before if it is not a key."""
    header: bytes
    """The decoder's configuration, from `avcC`."""
    width: int
    height: int
    proven: bool
    """Every picture's checksum was there and right."""
    last: int = -1
    """The last tick of which there is any trace."""


@dataclass(slots=True)
class _Piece:
    """A second or so of video."""

    starts: int | None
    """Its own word for the tick of its first picture."""
    shots: list[Shot] = field(default_factory=list)
    whole: bool = True
    sure: bool = False


def film_in(data: bytes, fps: float, ticks: int | None, sums: Sequence[int] = (), spare: bytes = b"") -> Film:
    """All that can be read of a video.

    `ticks` is how many pictures there should be, if that is known; `sums` are the CRC-32 of every picture as it was
    written, if they are; `spare` is a decoder's configuration for a file that has lost its own.
    """
    found = {tick: shot for tick, shot in _placed(_pieces(data, fps), ticks).items() if _as_written(shot, tick, sums)}
    best: tuple[dict[int, Shot], bytes, tuple[int, int]] = {}, b"", (0, 0)
    for header in filter(None, (header_of(data), spare)):
        good, size = _decodable(found, header)
        if len(good) > len(best[0]):
            best = good, header, size
        if len(good) == len(found):
            break
    return Film(best[0], best[1], *best[2], bool(sums), max(found, default=-1))


def decoded(film: Film, ticks: Sequence[int]) -> Iterator[Image]:
    """The pictures of these ticks, which must have come back."""
    for tick in ticks:
        shot = film.shots[tick]
        pair = [shot] if shot.key else [film.shots[tick - 1], shot]
        yield _pictures(pair, film.header)[-1]


def _as_written(shot: Shot, tick: int, sums: Sequence[int]) -> bool:
    return not sums or (tick < len(sums) and zlib.crc32(shot.data) == sums[tick])


def _pieces(data: bytes, fps: float) -> list[_Piece]:
    """From one `moof` to the next; where one has lost its name it counts to the piece before, and breaks it."""
    scale, pieces = _scale(data), []
    bounds = [*_all(data, b"moof"), len(data) + 4]
    for begin, end in pairwise(bounds):
        media = data.find(b"mdat", begin, end)
        base = data.find(b"tfdt", begin, media if media >= 0 else end)
        piece = _Piece(_starts(data, base, scale, fps))
        if media >= 0:
            stop = data.find(b"mfra", media, end - 4)
            piece.shots, piece.whole = _walk(data[media + 4 : stop - 4 if stop >= 0 and end > len(data) else end - 4])
        pieces.append(piece)
    return pieces


def _all(data: bytes, name: bytes) -> Iterator[int]:
    """Where boxes of a name begin, by their names followed by the first box that is always in them."""
    place = -1
    while (place := data.find(name, place + 1)) >= 0:
        if data[place + 8 : place + 12] == b"mfhd" or data[place + 32 : place + 36] == b"tfhd":
            yield place


def _scale(data: bytes) -> int:
    """Units of time in a second."""
    place = data.find(b"mdhd")
    if place < 0 or place + 20 > len(data):
        return 0
    return struct.unpack_from(">I", data, place + (24 if data[place + 4] == 1 else 16))[0]


def _starts(data: bytes, base: int, scale: int, fps: float) -> int | None:
    """The tick of a piece's first picture."""
    if base < 0 or base + 16 > len(data) or not scale:
        return None
    units = struct.unpack_from(">Q" if data[base + 4] == 1 else ">I", data, base + 8)[0]
    tick = units * fps / scale
    return round(tick) if abs(tick - round(tick)) < 1e-3 and tick < 1e7 else None


def _walk(media: bytes) -> tuple[list[Shot], bool]:
    """Pictures one after the other, and whether they go on to the end."""
    shots, place, before = [], 0, 0
    while place + 5 <= len(media):
        size, head = struct.unpack_from(">IB", media, place)
        kind, end = head & 31, place + 4 + size
        if head & 128 or size < 2 or end > len(media) or kind not in (PICTURE, KEY, *BESIDES):
            return shots, False
        if kind in (PICTURE, KEY):
            shots.append(Shot(media[before:end], kind == KEY))
            before = end
        place = end
    return shots, place == len(media) == before


def _placed(pieces: Sequence[_Piece], ticks: int | None) -> dict[int, Shot]:
    """Pictures by tick; pieces that nothing else agrees with are left out."""
    expected: int | None = 0
    for number, piece in enumerate(pieces):
        follows = pieces[number + 1].starts if number + 1 < len(pieces) else ticks
        starts = [start for start in (expected, piece.starts) if start is not None]
        ends_right = [start for start in starts if piece.whole and start + len(piece.shots) == follows]
        agreed = starts[:1] if len(starts) == 2 and starts[0] == starts[1] else ends_right[:1]
        # A piece that goes on without a gap behind one whose place is sure needs no word of its own.
        agreed = agreed or (starts[:1] if expected is not None and piece.starts is None else [])
        piece.sure, piece.starts = bool(agreed), agreed[0] if agreed else piece.starts
        expected = None if not (agreed and piece.whole) else agreed[0] + len(piece.shots)
    return {
        (piece.starts or 0) + place: shot
        for piece in pieces
        if piece.sure
        for place, shot in enumerate(piece.shots)
        if ticks is None or (piece.starts or 0) + place < ticks
    }


def header_of(data: bytes) -> bytes:
    """A decoder's configuration, from the beginning of a video; empty where there is none."""
    place = data.find(b"avcC")
    if place < 4:
        return b""
    size = struct.unpack_from(">I", data, place - 4)[0]
    return data[place + 4 : place - 4 + size] if 8 < size < 1024 else b""


def _decodable(found: dict[int, Shot], header: bytes) -> tuple[dict[int, Shot], tuple[int, int]]:
    """Pictures that the decoder takes without complaint, and their size."""
    good: dict[int, Shot] = {}
    sizes: list[tuple[int, int]] = []
    for tick, shot in sorted(found.items()):
        if not shot.key:
            continue
        run = [shot]
        while (after := found.get(tick + len(run))) is not None and not after.key:
            run.append(after)
        pictures = _pictures(run, header)
        good.update(zip(range(tick, tick + len(pictures)), run, strict=False))
        sizes += [(picture.shape[1], picture.shape[0]) for picture in pictures[:1]]
    size = max(set(sizes), key=sizes.count) if sizes else (0, 0)
    return good, size


def _pictures(run: Sequence[Shot], header: bytes) -> list[Image]:
    """Of a picture that stands alone and those that build on it, up to the first that cannot be decoded."""
    pictures: list[Image] = []
    try:
        decoder = av.CodecContext.create("h264", "r")
        decoder.extradata, decoder.options, decoder.thread_count = header, STRICT, 1
        for packet in (*(av.Packet(shot.data) for shot in run), None):
            for frame in decoder.decode(packet):
                if frame.is_corrupt:
                    return pictures
                pictures.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    except (av.error.FFmpegError, ValueError):
        return pictures
    return pictures
