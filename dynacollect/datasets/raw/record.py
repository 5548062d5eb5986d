"""`episode.json`: what an episode was for, how it ended, and what its files hold."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from .durable import digest, flushed

FORMAT = 1
"""Version of the layout; a reader refuses what is newer."""
FILE = "episode.json"
SIGNALS = "signals.mcap"
REPEATED = "episode"
"""Name of the metadata with which the signals repeat the record."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Thing(_Part):
    """An object that was there."""

    key: str
    """Its name in the states of this episode."""
    name: str
    """In the catalogue."""
    role: Literal["target", "container", "distractor"]
    words: tuple[str, ...] = ()
    colour: str | None = None
    extent: tuple[float, float, float] | None = None
    """Its sides as recorded, m; the catalogue's, where nobody has said."""


class Ending(_Part):
    """The verdict."""

    success: bool | None
    """None where the cues disagree."""
    confidence: float
    reason: str


class KeptFile(_Part):
    """A file beside the record, as it was when it was committed."""

    file: str
    bytes: int
    sha256: str


class Video(KeptFile):
    """The pictures of one camera: picture k is the one of tick k."""

    width: int
    height: int
    codec: str
    gop: int
    """Pictures from one that stands alone to the next."""
    sums: tuple[int, ...] = ()
    """CRC-32 of each picture as it was encoded, in order; older episodes have none."""


class EpisodeRecord(_Part):
    """All that is known of an episode as a whole."""

    format: int = FORMAT
    number: int
    id: str
    """Its own, of all episodes ever recorded."""
    task: str
    instructions: tuple[str, ...]
    robot: str
    fps: float
    ticks: int
    started: str
    """ISO 8601, UTC."""
    wall_minus_clock: float
    """Add it to any time in the log for seconds since 1970."""
    things: tuple[Thing, ...]
    verdict: Ending
    phases: tuple[tuple[int, str, str], ...]
    """Tick, phase that began with it, and why."""
    faults: tuple[tuple[float, str, str], ...] = ()
    """Time, name and detail."""
    seeds: Mapping[str, int] = Field(default_factory=dict)
    videos: Mapping[str, Video]
    signals: KeptFile
    provenance: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def files(self) -> tuple[KeptFile, ...]:
        return (*self.videos.values(), self.signals)


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """What is known of an episode before it begins."""

    task: str
    instructions: tuple[str, ...]
    robot: str
    cameras: Mapping[str, CameraModel]
    """Of all that are recorded, calibrated or nominal."""
    things: tuple[Thing, ...] = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    fps: float = 25.0


def kept_file(path: Path) -> KeptFile:
    """A file as it is now; on return the disk has it."""
    flushed(path)
    return KeptFile(file=path.name, bytes=path.stat().st_size, sha256=digest(path))


def repeated(record: EpisodeRecord) -> dict[str, str]:
    """What the signals repeat of the record: all but what is said of themselves."""
    text = record.model_dump_json(exclude={"signals"})
    return {"json": text, "crc32": f"{zlib.crc32(text.encode()):08x}"}


def told_again(metadata: Mapping[str, str]) -> dict[str, Any]:
    """What was repeated; nothing where it has changed since."""
    text = metadata.get("json", "")
    return json.loads(text) if metadata.get("crc32") == f"{zlib.crc32(text.encode()):08x}" else {}


def read_record(folder: Path) -> EpisodeRecord:
    """The record of the episode in a folder."""
    path = folder / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DynacollectError(
            f"{folder} is no episode ({error}); name one, or run: dynacollect dataset repair"
        ) from error
    try:
        record = EpisodeRecord.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise DynacollectError(f"{path}: {where}: {first['msg']}; run: dynacollect dataset repair") from error
    if record.format > FORMAT:
        raise DynacollectError(f"{path} has format {record.format}, newer than {FORMAT}; update dynacollect")
    return record
