"""The signals of an episode as arrays, as the rules look at them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mcap.reader import make_reader

from ...rig.nouns import Vector
from ..raw import RawEpisode
from ..raw.record import EpisodeRecord
from ..raw.schemas import SCHEMAS
from .lenses import Lens, lenses

Row = dict[str, Any]
SHUT = 0.01
"""m; fingers that shall be no further apart are to close."""


class UnreadableError(Exception):
    """The signals are not what they should be."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one camera sent, (n,) for n ticks; NaN and -1 where it sent nothing."""

    captured: Vector
    arrived: Vector
    sequence: Vector
    repeated: Vector
    """1 where the picture in the video is the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """What one object did, NaN where it was lost."""

    pose: Vector
    """(n, 7): x, y, z, quaternion x, y, z, w."""
    velocity: Vector
    """(n, 3) m/s."""
    health: Vector
    """(n,); 0 where it was lost."""

    @property
    def speed(self) -> Vector:
        """(n,) m/s."""
        return np.linalg.norm(self.velocity, axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Everything but pictures: n ticks, and what came between them."""

    record: EpisodeRecord
    rows: Mapping[str, Sequence[Row]]
    """By topic, as they were written."""
    times: Vector
    """(n,) s."""
    phases: tuple[str, ...]
    cameras: Mapping[str, Seen]
    tool: Vector
    """(n, 7)."""
    joints: Vector
    """(n, joints) rad."""
    measured: Vector
    """(n,) when the arm was where it says."""
    gripper: Vector
    """(n, 2) width, m, and force, N."""
    asked: Vector
    """(n,) width that the fingers were told, m; infinite before they were told any."""
    objects: Mapping[str, Track]
    lenses: Mapping[str, Lens]
    """By camera."""

    @property
    def ticks(self) -> int:
        return len(self.times)

    @property
    def period(self) -> float:
        return 1.0 / self.record.fps

    @property
    def target(self) -> Track | None:
        """What is to be picked first."""
        key = next((thing.key for thing in self.record.things if thing.role == "target"), None)
        return self.objects.get(key) if key else None

    @property
    def closing(self) -> int:
        """The tick at which the fingers are first told to close; n where they never are."""
        told = np.flatnonzero(self.asked <= SHUT)
        return int(told[0]) if len(told) else self.ticks

    @property
    def steps(self) -> Vector:
        """(n - 1,) s between ticks; a period where the clock says less than nothing."""
        steps = np.diff(self.times)
        return np.where(steps > 0, steps, self.period)

    @property
    def tool_speed(self) -> Vector:
        """(n - 1,) m/s from tick to tick."""
        return np.linalg.norm(np.diff(self.tool[:, :3], axis=0), axis=1) / self.steps


def told(episode: RawEpisode) -> Told:
    """Read the signals; `UnreadableError` says why that cannot be."""
    try:
        rows, opening = _rows(episode)
        return _arrays(episode.record, rows, lenses(opening))
    except Exception as error:  # because damage may make the libraries fail in any way
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


def _rows(episode: RawEpisode) -> tuple[dict[str, list[Row]], list[tuple[str, bytes]]]:
    """Ours by topic, which say `of` which tick they came with or after; and others up to the first tick."""
    rows: dict[str, list[Row]] = {topic: [] for topic in SCHEMAS}
    opening: list[tuple[str, bytes]] = []
    with (episode.folder / episode.record.signals.file).open("rb") as file:
        # In the order of the file: what belongs to a tick follows it.
        for _, channel, message in make_reader(file, validate_crcs=True).iter_messages(log_time_order=False):
            if channel.topic in rows:
                rows[channel.topic].append({"of": len(rows["/tick"]) - 1, **json.loads(message.data)})
            elif not rows["/tick"]:
                opening.append((channel.topic, message.data))
    return rows, opening


def _arrays(record: EpisodeRecord, rows: dict[str, list[Row]], models: Mapping[str, Lens]) -> Told:
    ticks = rows["/tick"]
    arms = _with_ticks(rows["/arm"], len(ticks))
    tracked = {row["of"]: row for row in rows["/objects"]}
    states = [tracked.get(tick, {}) for tick in range(len(ticks))]
    keys = dict.fromkeys(key for row in rows["/objects"] for key in row if key != "of")
    return Told(
        record, rows, np.array([row["time"] for row in ticks], float), tuple(row["phase"] for row in ticks),
        {name: _seen(ticks, name) for name in record.videos},
        np.array([row["tool"] for row in arms], float).reshape(-1, 7),
        np.array([row["joints"] for row in arms], float).reshape(len(arms), -1),
        np.array([row["measured_at"] for row in arms], float),
        np.array([[row["gripper_width"], row["gripper_force"]] for row in arms], float).reshape(-1, 2),
        _asked(rows["/command"], len(ticks)),
        {key: _track(states, key) for key in keys}, models,
    )  # fmt: skip


def _with_ticks(rows: Sequence[Row], ticks: int) -> list[Row]:
    """The first row after each tick is what the controller had; later ones came before the next tick."""
    first: dict[int, Row] = {}
    for row in rows:
        first.setdefault(row["of"], row)
    last = rows[0]
    return [last := first.get(tick, last) for tick in range(ticks)]


def _seen(ticks: Sequence[Row], camera: str) -> Seen:
    frames = [row["frames"].get(camera) or {} for row in ticks]
    return Seen(
        np.array([frame.get("captured_at", np.nan) for frame in frames], float),
        np.array([frame.get("arrived_at", np.nan) for frame in frames], float),
        np.array([frame.get("sequence", -1) for frame in frames], float),
        np.array([camera in row["repeated"] for row in ticks], float),
    )


def _asked(commands: Sequence[Row], ticks: int) -> Vector:
    widths, asked = np.full(ticks, np.inf), [(row["of"], row["grip"]["width"]) for row in commands if row["grip"]]
    for tick, width in asked:
        widths[max(tick, 0) :] = width
    return widths


def _track(rows: Sequence[Row], key: str) -> Track:
    lost = {"pose": [np.nan] * 7, "velocity": [np.nan] * 3, "health": 0.0}
    states = [row.get(key) or lost for row in rows]
    return Track(
        np.array([state["pose"] for state in states], float).reshape(-1, 7),
        np.array([state["velocity"] for state in states], float).reshape(-1, 3),
        np.array([state["health"] for state in states], float),
    )
