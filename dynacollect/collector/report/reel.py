"""Film strips of episodes, small enough for a page to hold many."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import av.error
import numpy as np
from av.packet import Packet
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ...calibration.report.markup import Markup, tag
from ...datasets.raw import RawEpisode
from ...datasets.sheet import cameras_of, moments
from ...rig.errors import DynacollectError
from .links import link

WIDE, GAP, QUALITY = 184, 2, 62
"""Pixels of a picture's width and between two, and of their JPEG."""
TALLEST = 4 * WIDE
ROOM = 9_000_000
"""Letters that the pictures of a page may take."""
LONG, SHORT = 8, 5
"""Pictures of a strip."""
PAPER, INK, BETWEEN = (255, 255, 255), (0, 0, 0), (128, 128, 128)
FAR = 50_000
"""No video is read beyond this picture."""


@dataclass(slots=True)
class Reel:
    """Cuts strips until their room is used up."""

    session: Path
    page: Path
    """Where links start from."""
    left: int = ROOM

    def strip(self, number: int, count: int, *words: object) -> Markup | None:
        """Of an episode; None where it has no pictures that can be read."""
        folder = self.session / "episodes" / f"{number:06d}"
        try:
            episode = RawEpisode.open(folder)
        except DynacollectError:
            return None
        if episode.record.ticks < 1 or not episode.record.fps > 0:
            return None
        picture = _picture(episode, shown_at(episode, count))
        if picture is None or len(picture) > self.left:
            return None
        self.left -= len(picture)
        image = tag("img", src=picture, alt=f"Episode {number}: pictures from its start to its end")
        kind = "strip long" if count == LONG else "strip"
        return tag("figure", tag("a", image, href=link(folder, self.page)), tag("figcaption", *words), class_=kind)


def shown_at(episode: RawEpisode, count: int) -> dict[int, str]:
    """Ticks, with what begins there: where phases begin, and between them where these are few."""
    told = moments(episode)
    even = np.linspace(0, max(episode.record.ticks - 1, 0), count).round().astype(int).tolist()
    spare = [tick for tick in even if tick not in told]
    wanted = max(count - len(told), 0)
    fill = [spare[place] for place in np.linspace(0, len(spare) - 1, min(wanted, len(spare))).round().astype(int)]
    found = {tick: told.get(tick, "") for tick in sorted({*told, *fill})}
    kept = np.unique(np.linspace(0, len(found) - 1, min(count, len(found))).round().astype(int))
    ticks = list(found)
    return {ticks[place]: found[ticks[place]] for place in kept}


def _picture(episode: RawEpisode, shown: Mapping[int, str]) -> str | None:
    """As a data URI, of the first camera that has any."""
    for camera in cameras_of(episode):
        pictures = stills(episode.folder / episode.record.videos[camera].file, list(shown))
        if pictures:
            frames = [_frame(pictures[tick], f"{tick / episode.record.fps:.1f} s", shown[tick]) for tick in pictures]
            return _encoded(_side_by_side(frames))
    return None


def stills(path: Path, ticks: Sequence[int]) -> dict[int, Pillow.Image]:
    """The pictures at these ticks, or just before, that stand alone in the video: nothing else has to be decoded."""
    found: dict[int, Pillow.Image] = {}
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            for tick, key in _keys(container.demux(stream), sorted(ticks)):
                frames = [*stream.codec_context.decode(key), *stream.codec_context.decode(None)]
                stream.codec_context.flush_buffers()
                if frames:
                    found[tick] = frames[0].to_image()
    except (OSError, av.error.FFmpegError, IndexError, ValueError):
        return found
    return found


def _keys(packets: Iterable[Packet], ticks: Sequence[int]) -> Iterator[tuple[int, Packet]]:
    """For each tick the newest packet that stands alone."""
    key, wanted = None, list(ticks)
    for index, packet in enumerate(islice(packets, FAR)):
        if not wanted or packet.size == 0:
            return
        key = packet if packet.is_keyframe else key
        if index == wanted[0]:
            wanted.pop(0)
            if key is not None:
                yield index, key


def _frame(picture: Pillow.Image, when: str, what: str) -> Pillow.Image:
    high = min(max(round(WIDE * picture.height / picture.width), 1), TALLEST)
    small = picture.convert("RGB").resize((WIDE, high), Pillow.Resampling.BOX)
    draw, font = ImageDraw.Draw(small), ImageFont.load_default(13)
    draw.text((4, 1), when, fill=PAPER, font=font, stroke_width=1, stroke_fill=INK)
    draw.text((4, high - 18), what[:22], fill=PAPER, font=font, stroke_width=1, stroke_fill=INK)
    return small


def _side_by_side(frames: Sequence[Pillow.Image]) -> Pillow.Image:
    strip = Pillow.new("RGB", ((WIDE + GAP) * len(frames) - GAP, max(frame.height for frame in frames)), BETWEEN)
    for place, frame in enumerate(frames):
        strip.paste(frame, (place * (WIDE + GAP), 0))
    return strip


def _encoded(image: Pillow.Image) -> str:
    data = io.BytesIO()
    image.save(data, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(data.getvalue()).decode("ascii")
