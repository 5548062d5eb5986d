"""Repairing a session into a new one: sound episodes as they are, damaged ones as far as they come back."""

from __future__ import annotations

import os
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...rig.errors import DynacollectError
from ..raw import EpisodeRecord, RawEpisode
from ..raw.durable import digest, flushed, named, written
from ..raw.places import IN_FLIGHT, LEFT_OVER
from ..raw.record import FILE, SIGNALS, kept_file
from .film import header_of
from .messages import Said
from .parts import Part, parts_of, record_of
from .retold import retold
from .rewrite import filed, renumbered, write_film, write_messages
from .said import Pictures, pictures_of, sentences
from .salvage import Salvage, Session, salvage

UNFINISHED = (IN_FLIGHT, LEFT_OVER)
"""Where a killed recorder leaves its episode, and where the next one puts it."""
State = Literal["sound", "repaired", "lost"]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Came:
    """What came back of one episode."""

    episode: int
    folder: Path
    state: State
    numbers: tuple[int, ...]
    """Of the new episodes."""
    ticks: int
    of: int
    pictures: dict[str, Pictures]
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repaired:
    """What came of a session."""

    session: Path
    out: Path
    episodes: tuple[Came, ...]

    @property
    def ok(self) -> bool:
        """Whether every tick and every picture came back."""
        return all(
            each.state != "lost" and each.ticks == each.of and all(p.back == p.of for p in each.pictures.values())
            for each in self.episodes
        )


def repair_session(session: Path, out: Path, in_flight: bool = False, progress: Progress | None = None) -> Repaired:
    """Write everything that comes back to a new folder; the old one is only read."""
    folders = _folders(session / "episodes")
    folders += [folder for name in UNFINISHED if in_flight for folder in _folders(session / name)]
    if not folders:
        raise DynacollectError(f"{session} holds no episodes; name a folder that dynacollect collect has written")
    if out.exists():
        raise DynacollectError(f"{out} exists already; name another folder with --out")
    (out / "episodes").mkdir(parents=True)
    (out / "in_flight").mkdir()
    common = common_to(folders)
    taken = {int(_number(folder)) for folder in folders if folder.parent.name == "episodes"}
    came = []
    for done, folder in enumerate(folders, start=1):
        numbers = _Numbers(int(_number(folder)) if folder.parent.name == "episodes" else None, taken)
        came.append(_brought(folder, out, common, numbers))
        if progress is not None:
            progress(done, len(folders))
    (out / "in_flight").rmdir()
    return Repaired(session, out, tuple(came))


@dataclass(slots=True)
class _Numbers:
    """The old number first, then free ones."""

    own: int | None
    taken: set[int]

    def next(self) -> int:
        number = self.own or max(self.taken, default=0) + 1
        self.own = None
        self.taken.add(number)
        return number


def _folders(home: Path) -> list[Path]:
    found = [path for path in home.iterdir() if path.is_dir() and _number(path).isdigit()] if home.is_dir() else []
    return sorted(found, key=lambda path: (int(_number(path)), path.name))


def _number(folder: Path) -> str:
    """Of what is left over there may be several of one number: 000003 and 000003-2."""
    return folder.name.split("-")[0]


def common_to(folders: Sequence[Path]) -> Session:
    """What sound episodes in these folders say."""
    records: list[EpisodeRecord] = []
    headers: dict[str, bytes] = {}
    for folder in folders:
        try:
            episode = RawEpisode.open(folder)
        except (DynacollectError, UnicodeDecodeError):
            continue
        records.append(episode.record)
        for name, video in episode.record.videos.items():
            path = folder / video.file
            if (
                name not in headers
                and path.is_file()
                and path.stat().st_size == video.bytes
                and digest(path) == video.sha256
            ):
                headers[name] = header_of(path.read_bytes())
    if not records:
        return Session(headers=headers)
    task, robot, fps = (
        Counter(getattr(record, key) for record in records).most_common(1)[0][0] for key in ("task", "robot", "fps")
    )
    return Session(fps, task, robot, headers)


def _brought(folder: Path, out: Path, common: Session, numbers: _Numbers) -> Came:
    sound = _sound(folder)
    if sound is not None:
        number = numbers.next()
        _copied(sound, out, number)
        pictures = {name: Pictures(sound.record.ticks, sound.record.ticks, 0, True) for name in sound.record.videos}
        ticks = sound.record.ticks
        return Came(int(_number(folder)), folder, "sound", (number,), ticks, ticks, pictures, ())
    found = salvage(folder, common)
    record, parts = found.record or retold(found, common), parts_of(found)
    made = [numbers.next() for _ in parts]
    for number, part in zip(made, parts, strict=True):
        _written(found, record, part, number, out)
    pictures = {name: pictures_of(found, parts, name) for name in found.films}
    ticks = sum(len(part.ticks) for part in parts)
    said = tuple(sentences(found, parts, pictures))
    state: State = "repaired" if parts else "lost"
    return Came(int(_number(folder)), folder, state, tuple(made), ticks, found.expected, pictures, said)


def _sound(folder: Path) -> RawEpisode | None:
    try:
        episode = RawEpisode.open(folder)
    except (DynacollectError, UnicodeDecodeError):
        return None
    return None if episode.damage() else episode


def _copied(episode: RawEpisode, out: Path, number: int) -> None:
    """As it is; linked where the file system can, so that a copy takes no room."""
    aside = out / "in_flight" / f"{number:06d}"
    aside.mkdir()
    for name in (FILE, *(kept.file for kept in episode.record.files)):
        source, copy = episode.folder / name, aside / name
        if name == FILE and number != episode.record.number:
            written(copy, episode.record.model_copy(update={"number": number}).model_dump_json(indent=1))
            continue
        try:
            os.link(source, copy)
        except OSError:
            shutil.copyfile(source, copy)
            flushed(copy)
    named(aside, out / "episodes" / aside.name)


def _written(found: Salvage, record: EpisodeRecord, part: Part, number: int, out: Path) -> None:
    aside = out / "in_flight" / f"{number:06d}"
    aside.mkdir()
    videos = {}
    for name in part.cameras:
        film, path = found.films[name], aside / f"{name}.mp4"
        write_film(path, film, part.ticks, found.fps)
        videos[name] = filed(path, film)
    about = record_of(found, record, part)
    source = {"id": record.id, "number": int(_number(found.folder)), "first": part.ticks[0], "of": found.expected}
    provenance = {**record.provenance, "repaired": source}
    update = {"id": uuid.uuid4().hex, "number": number, "provenance": provenance, "videos": videos}
    about = about.model_copy(update=update)
    rows = [_row(found, part, tick, each) for tick in part.ticks for each in found.ticks[tick]]
    write_messages(aside / SIGNALS, [*found.opening, *rows], about)
    about = about.model_copy(update={"signals": kept_file(aside / SIGNALS)})
    written(aside / FILE, about.model_dump_json(indent=1))
    named(aside, out / "episodes" / aside.name)


def _row(found: Salvage, part: Part, tick: int, said: Said) -> Said:
    """As it was, but for the number of its tick and for pictures that did not come back."""
    gaps, index = part.gaps(found, tick), tick - part.ticks[0]
    changed = said.topic == "/tick" and (gaps or index != tick)
    # Older commands do not say their tick.
    return renumbered(said, index, gaps) if changed or said.topic == "/command" else said
