"""Objects by the tags stuck on them: no looks to learn and no mesh, and exact enough to be a laboratory's truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ..rig.camera_model import CameraModel
from ..rig.clock import HostClock
from ..rig.config_base import nearest
from ..rig.errors import DynacollectError
from ..rig.nouns import ArmState, FrameSet, ObjectState, Vector
from ..rig.objects.model import Symmetry
from .health import Health
from .kalman import ObjectFilter
from .sequences.sequence import Sequence
from .tags.adjust import Corners
from .tags.description import TagFile, read_tags
from .tags.joint import LENS_PX, TagPose, pose_of_tags
from .tags.sighting import Finder
from .tracked import Tracked

LEAST = np.diag([1e-4**2] * 3 + [1e-3**2] * 3)
"""Variance (m2, rad2) that a measurement has at the least."""
UNKNOWN = np.diag([0.5**2] * 3 + [1.0**2] * 3)
"""Covariance of velocity (m/s) and spin (rad/s) of something that has just come into view."""


@dataclass(slots=True, eq=False)
class _Thing:
    """One object: what is believed of its motion."""

    belief: ObjectFilter
    health: Health = field(default_factory=Health)
    lasting: Vector = field(default_factory=lambda: np.zeros((6, 6)))
    """Covariance of what no filter takes away."""

    def state(self, time: float) -> ObjectState | None:
        return self.belief.state(time) if self.health.followed else None

    def told(self, state: ObjectState) -> ObjectState:
        """A state of the filter as others are to see it."""
        covariance = state.covariance.copy()
        covariance[:6, :6] += self.lasting
        return self.health.put_on(replace(state, covariance=covariance))


class TagTracker:
    """Follows the objects of a tags.yaml. `table_z` (m) if they only move on a level table."""

    def __init__(
        self, tags: TagFile, cameras: Mapping[str, CameraModel], table_z: float | None = None, lens_px: float = LENS_PX
    ) -> None:
        self.cameras = dict(cameras)
        self.last: dict[str, TagPose] = {}
        """What the newest pictures say, by object, before any filter."""
        self._owners, self._table_z, self._lens_px = tags.owners, table_z, lens_px
        self._finder, self._clock = Finder(tags.dictionary), HostClock()
        self._things = {name: _Thing(self._belief(name)) for name in tags.objects}

    def _belief(self, name: str) -> ObjectFilter:
        """Tags make any object unlike itself turned round."""
        return ObjectFilter(name, Symmetry(), None, self._table_z)

    def step(self, frames: FrameSet, arm: ArmState | None = None) -> Tracked:  # noqa: ARG002 # because of Tracker.step
        """What all objects do at the time of these frames; a tag is seen or not, wherever the arm is."""
        begin, time = self._clock.now(), frames.captured_at
        seen = self._seen(frames)
        found, states, self.last = self._clock.now(), dict[str, ObjectState](), {}
        for name, thing in self._things.items():
            before = thing.state(time)
            velocity, spin, unsure = (None, None, UNKNOWN) if before is None else _motion(before)
            pose = pose_of_tags(
                name, seen[name], time, velocity=velocity, spin=spin, unsure=unsure, lens_px=self._lens_px
            )
            self._take(name, pose)
            if (state := thing.state(time)) is not None:
                states[name] = thing.told(state)
        end = self._clock.now()
        return Tracked(states, {"detect": found - begin, "pose": end - found, "tick": end - begin})

    def _seen(self, frames: FrameSet) -> dict[str, list[Corners]]:
        """The tags of each object, in all views."""
        seen: dict[str, list[Corners]] = {name: [] for name in self._things}
        for view, frame in frames.frames.items():
            camera = self.cameras.get(view)
            if camera is None:
                continue
            lag = frame.captured_at - frames.captured_at
            for sighting in self._finder.find(frame.image, camera):
                if sighting.id in self._owners:
                    name, tag = self._owners[sighting.id]
                    seen[name].append(Corners(tag, sighting, camera, lag))
        return seen

    def _take(self, name: str, pose: TagPose | None) -> None:
        thing = self._things[name]
        if pose is None:
            thing.health.missed()
            return
        if not thing.health.followed:
            thing.belief, thing.health = self._belief(name), Health.new()
        self.last[name], thing.lasting = pose, pose.lasting
        update = thing.belief.measure(replace(pose.estimate, covariance=pose.fresh + LEAST))
        thing.health.saw(pose.estimate.health, taken=update.kind in ("taken", "reset"))


def _motion(state: ObjectState) -> tuple[Vector, Vector, Vector]:
    """Velocity, spin, and the covariance of both, which is never larger than that of what has just come into view."""
    unsure = np.minimum(np.diag(state.covariance)[6:], np.diag(UNKNOWN))
    return state.velocity, state.angular_velocity, np.diag(unsure)


def track_sequence(sequence: Sequence, tags: Path) -> Iterator[Tracked]:
    """One outcome for each take; `tags` is a tags.yaml, in the frames that the models' files have."""
    told = read_tags(tags)
    strange = next((name for name in told.objects if name not in sequence.objects), None)
    if strange is not None:
        raise DynacollectError(
            f"{tags} has tags on '{strange}', and {sequence.name} no such object; {nearest(strange, sequence.objects)}"
        )
    tracker = TagTracker(told, sequence.cameras)
    for take in sequence.takes:
        tracker.cameras.update(take.cameras)
        tracked = tracker.step(take.frames(), take.arm)
        yield replace(tracked, states={name: _moved(sequence, name, one) for name, one in tracked.states.items()})


def _moved(sequence: Sequence, name: str, state: ObjectState) -> ObjectState:
    """From the frame that the model's file has to the one that is used here."""
    known = sequence.objects[name]
    arm = state.T_base_object.rotation.apply(known.origin)
    velocity = state.velocity + np.cross(state.angular_velocity, arm)
    lever, swing = np.eye(12), np.cross(np.eye(3), arm).T
    lever[:3, 3:6] = lever[6:9, 9:] = swing
    lever[6:9, 3:6] = np.cross(state.angular_velocity, swing.T).T
    covariance = lever @ state.covariance @ lever.T
    return replace(state, T_base_object=known.from_file(state.T_base_object), velocity=velocity, covariance=covariance)
