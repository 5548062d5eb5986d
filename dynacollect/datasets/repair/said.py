"""What is said about an episode that came back: of its ticks, and of each camera."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..raw.durable import digest
from .parts import Part
from .salvage import Salvage


@dataclass(frozen=True, slots=True)
class Pictures:
    """Of one camera."""

    back: int
    of: int
    filled: int
    """Ticks for which the picture before stands."""
    proven: bool
    """The file is as it was, ends where it was cut, or every picture's checksum is right."""


def pictures_of(found: Salvage, parts: Sequence[Part], name: str) -> Pictures:
    """What came back of a camera."""
    film = found.films[name]
    mine = [part for part in parts if name in part.cameras]
    back = sum(tick in film.shots for part in mine for tick in part.ticks)
    return Pictures(
        back, found.expected, sum(len(part.ticks) for part in mine) - back, film.proven or _untouched(found, name)
    )


def _untouched(found: Salvage, name: str) -> bool:
    """Whether nothing before its end can have changed: the file is as it was, or shorter."""
    video = found.record.videos.get(name) if found.record else None
    path = found.folder / (video.file if video else f"{name}.mp4")
    if not path.is_file():
        return True
    if video is None:
        return True
    size = path.stat().st_size
    return size < video.bytes or (size == video.bytes and digest(path) == video.sha256)


def sentences(found: Salvage, parts: Sequence[Part], pictures: Mapping[str, Pictures]) -> list[str]:
    """For people."""
    said = []
    if found.record is None:
        said.append(f"{found.problem}: it was told anew from the signals, and what they do not hold is left open")
    elif found.problem is not None:
        said.append(f"{found.problem}: the signals repeat it")
    ticks = sum(len(part.ticks) for part in parts)
    if ticks < found.expected:
        shown = ", ".join(f"{part.ticks[0]} to {part.ticks[-1]}" for part in parts) or "none"
        said.append(f"of {found.expected} ticks these came back: {shown}")
    if len(found.ticks) < found.expected:
        said.append(f"the signals of {found.expected - len(found.ticks)} ticks cannot be read")
    for name, each in pictures.items():
        said += _about(name, each, len(found.films[name].shots))
    if parts and not said:
        said.append("everything came back")
    return said


def _about(name: str, each: Pictures, readable: int) -> Iterator[str]:
    if readable < each.of:
        filled = f"; for {each.filled} of them the one before stands, and the log says so" if each.filled else ""
        yield f"{name}: {each.of - readable} of {each.of} pictures cannot be read{filled}"
    if each.back < readable:
        yield f"{name}: {readable - each.back} more can be read, but not all else of their ticks; they are left out"
    if not each.proven:
        yield f"{name}: the file has changed somewhere, and which picture was hit cannot be told; look at them"
