"""What the rules judge: one episode's record, signals and videos, and what is kept of it for the set as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from ..raw import RawEpisode
from ..raw.durable import digest
from ..raw.record import EpisodeRecord, KeptFile, Video
from .lenses import Lens
from .looks import Looks, look_through
from .told import Told, UnreadableError, told


@dataclass(frozen=True, slots=True)
class FileState:
    """A file beside what the record says of it."""

    kept: KeptFile
    bytes: int | None
    """None: it is not there."""
    same: bool


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The video of one camera, and what is known about the ticks it belongs to."""

    camera: str
    video: Video
    record: EpisodeRecord
    looks: Looks
    told: Told | None


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One episode."""

    folder: Path
    number: int
    """The folder's name."""
    record: EpisodeRecord | None
    problem: str | None
    """Why there is no record."""
    files: tuple[FileState, ...] = ()
    told: Told | None = None
    muddle: str | None = None
    """Why there are no signals."""
    views: tuple[View, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Traits:
    """What rules of the whole set need of an episode; small, as there may be thousands."""

    number: int
    record: EpisodeRecord
    seconds: float
    motion: str | None
    """The same for the same signals, and no others."""
    pictures: Mapping[str, str]
    """By camera: the same for the same pictures."""
    means: Mapping[str, Image]
    """By camera: the mean picture, small and grey."""
    lenses: Mapping[str, Lens]
    figures: Mapping[str, float]
    """What is compared with the other episodes, by name."""


def read_case(folder: Path) -> Case:
    """Everything that can be read of an episode; nothing that is wrong with it stops this."""
    number = int(folder.name)
    try:
        episode = RawEpisode.open(folder)
    except (DynacollectError, UnicodeDecodeError) as error:
        return Case(folder, number, None, str(error).split(";")[0])
    files = tuple(_state(folder / kept.file, kept) for kept in episode.record.files)
    signals, muddle = None, None
    try:
        signals = told(episode)
    except UnreadableError as error:
        muddle = str(error)
    views = tuple(
        View(name, video, episode.record, look_through(folder / video.file), signals)
        for name, video in episode.record.videos.items()
        if (folder / video.file).is_file()
    )
    return Case(folder, number, episode.record, None, files, signals, muddle, views)


def _state(path: Path, kept: KeptFile) -> FileState:
    if not path.is_file():
        return FileState(kept, None, False)
    size = path.stat().st_size
    return FileState(kept, size, size == kept.bytes and digest(path) == kept.sha256)


def traits(case: Case) -> Traits | None:
    """What is kept for the set; None where there is no record."""
    if case.record is None:
        return None
    signals = case.told
    return Traits(
        case.number, case.record, case.record.ticks / case.record.fps,
        None if signals is None else _motion(signals),
        {view.camera: view.looks.digest for view in case.views if view.looks.count},
        {view.camera: view.looks.mean for view in case.views if view.looks.count},
        signals.lenses if signals else {}, figures_of(case),
    )  # fmt: skip


def _motion(signals: Told) -> str | None:
    """None where nothing moved: two arms at rest are no copies."""
    if not signals.ticks or np.ptp(signals.joints, axis=0).max() < 1e-6:
        return None
    parts = (signals.tool, signals.gripper, *(track.pose for track in signals.objects.values()))
    return hashlib.sha256(b"".join(np.round(part, 9).tobytes() for part in parts)).hexdigest()


def figures_of(case: Case) -> dict[str, float]:
    """What is compared with the other episodes."""
    found = {}
    for view in case.views:
        if view.looks.count:
            found[f"brightness of {view.camera}"] = float(np.median(view.looks.brightness))
            found[f"sharpness of {view.camera}"] = float(np.median(view.looks.sharpness))
    if case.told is not None and case.told.ticks > 1:
        signals = case.told
        found["seconds"] = signals.ticks * signals.period
        found["way of the tool [m]"] = float((signals.tool_speed * signals.steps).sum())
        found["lowest tool [m]"] = float(signals.tool[:, 2].min())
        for name, seen in signals.cameras.items():
            if np.isfinite(seen.captured).any():
                found[f"age of {name} [s]"] = float(np.nanmedian(signals.times - seen.captured))
    return found
