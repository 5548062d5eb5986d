"""Reading an episode back: its record, its signals as arrays, its pictures."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader
from zstandard import ZstdError

from ...rig.errors import DynacollectError
from ...rig.nouns import Image, Vector
from .durable import digest
from .record import EpisodeRecord, KeptFile, Video, read_record
from .video import picture_sums

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class RawEpisode:
    """One committed episode."""

    folder: Path
    record: EpisodeRecord

    @classmethod
    def open(cls, folder: Path) -> RawEpisode:
        return cls(folder, read_record(folder))

    def rows(self, *topics: str) -> dict[str, list[Row]]:
        """All messages of some of our topics (`/tick`, `/arm`, `/objects`, `/command`), as they were written."""
        found: dict[str, list[Row]] = {topic: [] for topic in topics}
        for topic, row in self._messages(topics):
            found[topic].append(row)
        return found

    def signals(self) -> Signals:
        """What there is once per tick."""
        found = Signals([], [], [], [])
        places = {"/tick": found.ticks, "/objects": found.objects, "/command": found.commands}
        for topic, row in self._messages(("/tick", "/arm", "/objects", "/command")):
            if topic == "/command":
                # Older logs do not say the tick: a command follows it in the file.
                row.setdefault("index", len(found.ticks) - 1)
            if topic != "/arm":
                places[topic].append(row)
            # Each tick is followed by what the arm had last reported then; the arm may have reported more in between.
            elif len(found.arms) < len(found.ticks):
                found.arms.append(row)
        return found

    def _messages(self, topics: Sequence[str]) -> Iterator[tuple[str, Row]]:
        path = self.folder / self.record.signals.file
        try:
            with path.open("rb") as file:
                for _, channel, message in make_reader(file).iter_messages(topics=list(topics), log_time_order=False):
                    yield channel.topic, json.loads(message.data)
        except (OSError, McapError, ValueError, struct.error, ZstdError) as error:
            raise DynacollectError(f"{path} cannot be read ({error}); run: dynacollect dataset repair") from error

    def pictures(self, camera: str) -> Iterator[Image]:
        """All pictures of a camera in order, RGB; one per tick."""
        path = self.folder / self.record.videos[camera].file
        try:
            with av.open(str(path)) as container:
                for frame in container.decode(video=0):
                    yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        except (OSError, av.error.FFmpegError) as error:
            raise DynacollectError(f"{path} cannot be decoded ({error}); run: dynacollect dataset repair") from error

    def damage(self) -> list[str]:
        """Files that are not as they were committed."""
        found = []
        for kept in self.record.files:
            path = self.folder / kept.file
            if not path.exists():
                found.append(f"{kept.file} is missing")
            elif path.stat().st_size != kept.bytes:
                found.append(f"{kept.file} has {path.stat().st_size} bytes instead of {kept.bytes}")
            elif digest(path) != kept.sha256:
                found.append(f"{kept.file} has changed{in_pictures(changed_pictures(path, kept))}")
        return found


def changed_pictures(path: Path, kept: KeptFile) -> list[int]:
    """Pictures of a video that are not as they were encoded; none where nobody knows."""
    known = kept.sums if isinstance(kept, Video) else ()
    now = picture_sums(path) if known else ()
    return [tick for tick, value in enumerate(known) if tick >= len(now) or now[tick] != value]


def in_pictures(ticks: Sequence[int]) -> str:
    """To be put behind what is said of a file."""
    others = f" and {len(ticks) - 1} more" if len(ticks) > 1 else ""
    return f" in picture {ticks[0]}{others}" if ticks else ""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """Rows of one episode; `ticks`, `arms` and `objects` have one for each tick."""

    ticks: list[Row]
    arms: list[Row]
    objects: list[Row]
    commands: list[Row]

    @property
    def times(self) -> Vector:
        """(n,) s on the host's clock."""
        return np.array([row["time"] for row in self.ticks])

    def captured(self, camera: str) -> Vector:
        """(n,) mid-exposure of the picture of each tick; NaN where there was none."""
        frames = [row["frames"].get(camera) for row in self.ticks]
        return np.array([np.nan if frame is None else frame["captured_at"] for frame in frames])

    @property
    def tool(self) -> Vector:
        """(n, 7) x, y, z and quaternion x, y, z, w in the base frame."""
        return np.array([row["tool"] for row in self.arms]).reshape(-1, 7)

    @property
    def joints(self) -> Vector:
        return np.array([row["joints"] for row in self.arms])

    @property
    def widths(self) -> Vector:
        """(n,) m that the fingers were last told to be apart; infinite before they were told."""
        widths = np.full(len(self.ticks), np.inf)
        for row in self.commands:
            if row["grip"] is not None:
                widths[max(row["index"], 0) :] = row["grip"]["width"]
        return widths

    @property
    def gripper(self) -> Vector:
        """(n, 2) width, m, and force, N."""
        return np.array([[row["gripper_width"], row["gripper_force"]] for row in self.arms]).reshape(-1, 2)


def episodes_in(session: Path) -> list[RawEpisode]:
    """The committed episodes of a session, in order."""
    folder = session / "episodes"
    if not folder.is_dir():
        raise DynacollectError(f"{session} holds no episodes; name a folder that dynacollect collect has written")
    return [RawEpisode.open(path) for path in sorted(folder.iterdir()) if path.name.isdigit()]
