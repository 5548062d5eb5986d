"""A contact sheet: of each episode a row of pictures, at its start, where each phase begins, and at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import av
import av.error
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from ..rig.errors import DynacollectError
from ..rig.nouns import Image
from .raw import RawEpisode

WIDE, GAP, LEFT, TEXT = 160, 3, 150, 15
"""Pixels of a picture's width, between pictures, of what is said at the left, and of a line of text."""
COLUMNS = 8
"""Pictures of an episode."""
ROWS = 40
"""Episodes of a sheet; of more, these are spread over all."""
CAMERAS = 2
PREFERRED = ("opst_cam", "wrist_cam")
"""What policies see, where it was recorded."""
PAPER, INK, SOFT = (18, 21, 25), (236, 240, 243), (150, 162, 172)
MARKS = {True: (80, 200, 120), False: (230, 90, 70), None: (225, 170, 70)}


def write_sheet(path: Path, episodes: Sequence[RawEpisode]) -> int:
    """The sheet as PNG, beside nothing that is there already; returns how many episodes are on it."""
    if path.exists():
        raise DynacollectError(f"{path} exists already; name another file")
    if not episodes:
        raise DynacollectError("there is no episode that can be read; run: dynacollect dataset repair")
    chosen = [episodes[place] for place in np.unique(np.linspace(0, len(episodes) - 1, ROWS).round().astype(int))]
    strips = [_strip(episode) for episode in chosen]
    wide = max(strip.width for strip in strips)
    sheet = Pillow.new("RGB", (wide, sum(strip.height + GAP for strip in strips)), PAPER)
    top = 0
    for strip in strips:
        sheet.paste(strip, (0, top))
        top += strip.height + GAP
    try:
        sheet.save(path, format="PNG")
    except OSError as error:
        raise DynacollectError(f"cannot write {path} ({error}); name a .png in a folder that exists") from error
    return len(chosen)


def moments(episode: RawEpisode) -> dict[int, str]:
    """The ticks that are shown, with what begins there; the last one is the end."""
    record = episode.record
    last = record.ticks - 1
    found = {0: "start"}
    found |= {min(tick, last): name for tick, name, _ in record.phases}
    found[last] = f"{found[last]}, end" if last in found and last else "end"
    ticks = sorted(found)
    kept = np.unique(np.linspace(0, len(ticks) - 1, min(COLUMNS, len(ticks))).round().astype(int))
    return {ticks[place]: found[ticks[place]] for place in kept}


def cameras_of(episode: RawEpisode) -> list[str]:
    """Those that are shown."""
    names = [name for name in PREFERRED if name in episode.record.videos]
    return [*names, *(name for name in episode.record.videos if name not in names)][:CAMERAS]


def pictures_at(path: Path, ticks: Sequence[int]) -> dict[int, Image]:
    """Some pictures of a video; those that cannot be decoded are left out."""
    found: dict[int, Image] = {}
    try:
        with av.open(str(path)) as container:
            for tick, frame in enumerate(container.decode(video=0)):
                if tick in ticks:
                    found[tick] = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                if tick >= max(ticks):
                    break
    except (OSError, av.error.FFmpegError, IndexError):
        return found
    return found


def _strip(episode: RawEpisode) -> Pillow.Image:
    shown, cameras = moments(episode), cameras_of(episode)
    views = {name: pictures_at(episode.folder / episode.record.videos[name].file, list(shown)) for name in cameras}
    videos = episode.record.videos
    heights = {name: round(WIDE * videos[name].height / videos[name].width) for name in cameras}
    wide = LEFT + len(shown) * (WIDE + GAP)
    strip = Pillow.new("RGB", (wide, TEXT + sum(height + GAP for height in heights.values())), PAPER)
    draw, font = ImageDraw.Draw(strip), ImageFont.load_default(11)
    _say(draw, font, episode)
    for column, (tick, name) in enumerate(shown.items()):
        left = LEFT + column * (WIDE + GAP)
        draw.text((left + 2, 1), f"{tick / episode.record.fps:.2f} s  {name}"[:28], fill=SOFT, font=font)
        top = TEXT
        for camera, height in heights.items():
            _paste(strip, views[camera], tick, (left, top, WIDE, height))
            top += height + GAP
    return strip


def _say(draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, episode: RawEpisode) -> None:
    record = episode.record
    target = next((thing.name for thing in record.things if thing.role == "target"), "")
    verdict = {True: "success", False: "failure", None: "unsure"}[record.verdict.success]
    lines = [f"{record.number}  {record.task}  {target}", verdict, *_wrapped(record.verdict.reason)]
    for place, line in enumerate(lines):
        colour = INK if place == 0 else MARKS[record.verdict.success] if place == 1 else SOFT
        draw.text((4, 1 + place * TEXT), line[:26], fill=colour, font=font)


def _wrapped(text: str, most: int = 24, lines: int = 4) -> list[str]:
    found = [""]
    for word in text.split():
        if len(found[-1]) + len(word) >= most:
            found.append("")
        found[-1] = f"{found[-1]} {word}".strip()
    return found[:lines]


def _paste(
    strip: Pillow.Image, pictures: Mapping[int, Image], tick: int, place: tuple[int, int, int, int]
) -> None:  # fmt: skip
    left, top, wide, high = place
    if tick in pictures:
        small = Pillow.fromarray(pictures[tick]).resize((wide, high), Pillow.Resampling.LANCZOS)
        strip.paste(small, (left, top))
    else:
        ImageDraw.Draw(strip).rectangle((left, top, left + wide - 1, top + high - 1), outline=SOFT)
