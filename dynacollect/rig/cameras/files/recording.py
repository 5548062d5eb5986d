"""What a recording holds of one camera: which picture came when.

Two layouts are read. An *episode* that `dynacollect collect` has kept: `CAMERA.mp4` with one picture for each tick, and
the times of each in the `/tick` messages of `signals.mcap`. Or any folder with, for each camera, its pictures as
`CAMERA.mp4` (or .mkv, .avi) or as a folder `CAMERA/` of them, in the order of their names, and `CAMERA.csv` with a line
for each frame that arrived:

    picture,sequence,captured_at,arrived_at,device_time

`captured_at` is mid-exposure and `arrived_at` when the host had it, both in s on a clock that all cameras of the folder
share. `picture` counts from 0 and never goes back: the same number again is a repeated picture. `sequence` is the
camera's own number, a gap is a lost frame. `device_time` is `captured_at` on the camera's own clock. All but
`captured_at` may be left out: they are then the line's number, as soon as it was captured, and `captured_at`.
"""

from __future__ import annotations

import csv
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from ...errors import DynacollectError
from .tell import look_there

RECORD, SIGNALS = "episode.json", "signals.mcap"
VIDEOS = (".mp4", ".mkv", ".avi")
FPS = 25.0
"""Of a recording too short to tell."""


@dataclass(frozen=True, slots=True)
class Row:
    """A frame as it arrived then; times as they were written."""

    picture: int
    sequence: int
    captured_at: float
    arrived_at: float
    device_time: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One camera of a recording."""

    path: Path
    camera: str
    pictures: Path
    """A video, or a folder of pictures."""
    rows: tuple[Row, ...]
    """In the order in which they arrived."""
    begin: float
    end: float
    """Of all cameras together: where a loop joins."""
    about: Mapping[str, Any]
    """Fields of a camera in rig.yaml, as far as they are known."""


def read_recording(path: Path, camera: str) -> Recording:
    """DynacollectError says in one sentence what is wrong with it."""
    found = _episode(path, camera) if (path / RECORD).is_file() else _folder(path, camera)
    if not found.rows:
        raise DynacollectError(f"{path} has no picture of {camera}; name another recording or camera")
    before = [(old, new) for old, new in pairwise(found.rows) if new.picture < old.picture]
    if before:
        raise DynacollectError(
            f"{path} shows picture {before[0][1].picture} of {camera} after {before[0][0].picture}; "
            "sort its pictures as they arrived"
        )
    return found


def _episode(path: Path, camera: str) -> Recording:
    record = _json(path / RECORD)
    videos = record.get("videos", {})
    if camera not in videos:
        raise DynacollectError(look_there(camera, videos, path))
    ticks = _ticks(path / SIGNALS)
    frames = [(number, name, frame) for number, tick in enumerate(ticks) for name, frame in tick["frames"].items()]
    rows = [
        Row(number, frame["sequence"], frame["captured_at"], frame["arrived_at"], frame["device_time"])
        for number, name, frame in frames
        if name == camera
    ]
    begin, end = _span((frame["arrived_at"] for _, _, frame in frames), 1.0 / record["fps"])
    made = record.get("provenance", {})
    info = made.get("cameras", {}).get(camera, {})
    about = {key: info[key] for key in ("serial", "fps", "exposure_s") if key in info}
    mount = made.get("config", {}).get("cameras", {}).get(camera, {}).get("mount")
    about |= {"width": videos[camera]["width"], "height": videos[camera]["height"], "mount": mount or "fixed"}
    video = path / videos[camera]["file"]
    return Recording(path, camera, video, _sorted(rows), begin, end, {"fps": record["fps"], "serial": camera, **about})


def _ticks(path: Path) -> list[dict[str, Any]]:
    from mcap.exceptions import McapError  # on demand, as below: a rig.yaml without recordings needs none of it
    from mcap.reader import make_reader

    try:
        with path.open("rb") as file:
            messages = make_reader(file).iter_messages(topics=["/tick"], log_time_order=False)
            return [json.loads(message.data) for _, _, message in messages]
    except (OSError, McapError, ValueError, struct.error) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); run: dynacollect dataset repair") from error


def _folder(path: Path, camera: str) -> Recording:
    lists = {file.stem: file for file in sorted(path.glob("*.csv"))}
    if not lists:
        raise DynacollectError(f"{path} is no recording: it has no {RECORD} and no CAMERA.csv; see docs/cameras.md")
    if camera not in lists:
        raise DynacollectError(look_there(camera, lists, path))
    pictures = next((path / (camera + end) for end in ("", *VIDEOS) if (path / (camera + end)).exists()), None)
    if pictures is None:
        raise DynacollectError(f"{path} has no pictures of {camera}; put {camera}.mp4 or a folder {camera}/ there")
    rows = {name: _sorted(_lines(file)) for name, file in lists.items()}
    period = _period(rows[camera])
    begin, end = _span((row.arrived_at for each in rows.values() for row in each), period)
    width, height = _size(pictures)
    about = {"serial": camera, "fps": 1.0 / period, "width": width, "height": height}
    return Recording(path, camera, pictures, rows[camera], begin, end, about)


def _lines(file: Path) -> list[Row]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            return [_row(number, line) for number, line in enumerate(csv.DictReader(lines))]
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise DynacollectError(
            f"{file} is no list of frames ({error!r}); see docs/cameras.md for its columns"
        ) from error


def _row(number: int, line: Mapping[str, str]) -> Row:
    captured = float(line["captured_at"])
    arrived, device = float(line.get("arrived_at") or captured), float(line.get("device_time") or captured)
    if not (math.isfinite(captured) and math.isfinite(arrived) and math.isfinite(device)):
        raise ValueError(f"line {number + 2} has a time that is no number")
    return Row(int(line.get("picture") or number), int(line.get("sequence") or number), captured, arrived, device)


def _sorted(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(sorted(rows, key=lambda row: row.arrived_at))


def _span(arrivals: Iterable[float], period: float) -> tuple[float, float]:
    """From the first frame of any camera to one period after the last."""
    every = list(arrivals) or [0.0]
    return min(every), max(every) + period


def _period(rows: Sequence[Row]) -> float:
    """Between two frames, from those that follow each other."""
    steps = [new.captured_at - old.captured_at for old, new in pairwise(rows) if new.sequence == old.sequence + 1]
    return median(steps) if steps and median(steps) > 0.0 else 1.0 / FPS


def _size(pictures: Path) -> tuple[int, int]:
    from .pictures import size_of

    try:
        return size_of(pictures)
    except (OSError, ValueError, IndexError, StopIteration) as error:
        raise DynacollectError(f"{pictures} holds no pictures ({error}); record it again") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); run: dynacollect dataset repair") from error
