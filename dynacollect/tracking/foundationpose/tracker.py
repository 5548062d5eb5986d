"""The tracker by FoundationPose: every RGB-D camera has its own pose of each object, and all of one object make one.

It registers where an object is lost, from the segmenter's masks, and tracks where it is not. Registering takes
FoundationPose a second or more, during which the tick waits; its time stamps stay those of the pictures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.camera_model import CameraModel
from ...rig.clock import HostClock
from ...rig.nouns import ArmState, FrameSet, ObjectState, PoseEstimate, Vector
from ..health import Health
from ..kalman import ObjectFilter
from ..seeing.areas import Region
from ..seeing.arm_cover import ArmCover
from ..seeing.background import Background
from ..seeing.segment import Hidden, Segmenter
from ..shape import Shape
from ..tracked import Tracked
from .agreement import Agreement, Surface, judge, total
from .client import Depth, Pixels, PoseServer
from .fusion import fuse
from .look import DepthLook
from .masks import first_free, region_of, silhouette

LOST, FOUND = 0.65, 0.75
"""Share of the surface that depth must have where the pose has it: below, a camera has lost it; above, it is found."""
LEAST_SEEN = 0.2
"""Share of the surface that must be seen for a camera to say anything."""
SEARCH_EVERY, ANEW_EVERY = 3, 15
"""Ticks from one registration to the next of an object that is lost, and of one that only this camera has lost."""
FRESH = 0.4
"""Share of a pose's variance that is new in every tick; the rest comes of mesh, lens and depth, and stays."""

CONTRADICTS = 3
"""Ticks in a row in which a camera's pose contradicts the others' until it counts as lost there."""
UNKNOWN = np.array([0.5**2] * 3 + [1.0**2] * 3)
"""Variance of velocity (m/s) and spin (rad/s) of something that has just come into view."""

Depths = Mapping[str, Depth]


@dataclass(slots=True, eq=False)
class _Thing:
    """One object."""

    shape: Shape
    surface: Surface
    belief: ObjectFilter
    health: Health = field(default_factory=Health)
    cameras: dict[str, int] = field(default_factory=dict)
    """Those that follow it, and how many times in a row each has contradicted the others."""
    lasting: Vector = field(default_factory=lambda: np.zeros((6, 6)))

    def told(self, state: ObjectState) -> ObjectState:
        """A state of the filter as others are to see it."""
        covariance = state.covariance.copy()
        covariance[:6, :6] += self.lasting
        return self.health.put_on(replace(state, covariance=covariance))


@dataclass(frozen=True, slots=True, eq=False)
class _Claim:
    """One camera's pose of an object."""

    look: DepthLook
    pose: RigidTransform
    """T_base_object at the time of the look."""
    agreement: Agreement
    """With what this camera sees."""


class FoundationPoseTracker:
    """Follows the objects that it was told of, by name; like `Tracker`, but that a step takes depth too."""

    def __init__(
        self, shapes: Mapping[str, Shape], cameras: Mapping[str, CameraModel], segmenter: Segmenter,
        server: PoseServer, backgrounds: Mapping[str, Background] | None = None, cover: ArmCover | None = None,
        table_z: float | None = 0.0,
    ) -> None:  # fmt: skip
        self.cameras = dict(cameras)
        self._segmenter, self._server, self._backgrounds = segmenter, server, backgrounds or {}
        self._cover, self._table_z, self._ticks = cover, table_z, 0
        self._clock, self._seconds = HostClock(), dict[str, float]()
        surfaces = {id(shape): Surface.of(shape) for shape in shapes.values()}
        self._things = {
            name: _Thing(shape, surfaces[id(shape)], self._belief(name, shape)) for name, shape in shapes.items()
        }
        for name, shape in shapes.items():
            server.load(name, shape)

    def step(self, frames: FrameSet, depths: Depths, arm: ArmState | None = None) -> Tracked:
        """What all objects do at the time of these frames. Depth [m] lies over the picture of its camera."""
        self._ticks, self._seconds = self._ticks + 1, {}
        begin, time = self._clock.now(), frames.captured_at
        looks = {
            name: DepthLook.of(frame, depths[name], self.cameras[name])
            for name, frame in frames.frames.items()
            if name in depths and name in self.cameras
        }
        with self._timed("segment"):
            masks = self._masks(frames, looks, self._hidden(frames, arm))
        for name, thing in self._things.items():
            with self._timed("track"):
                claims = [
                    claim
                    for view in sorted(thing.cameras.keys() & looks.keys())
                    if (claim := self._tracked(name, looks[view]))
                ]
            with self._timed("register"):
                claims += [
                    claim
                    for view, mask in masks.get(name, {}).items()
                    if (claim := self._registered(name, looks[view], mask))
                ]
            with self._timed("fuse"):
                self._take(name, self._fused(name, claims, list(looks.values()), time))
        states = {name: self._things[name].told(state) for name, state in self._states(time).items()}
        return Tracked(states, {**self._seconds, "tick": self._clock.now() - begin})

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        begin = self._clock.now()
        yield
        self._seconds[stage] = self._seconds.get(stage, 0.0) + self._clock.now() - begin

    def _belief(self, name: str, shape: Shape) -> ObjectFilter:
        return ObjectFilter(name, shape.symmetry, shape.rolling_radius, self._table_z)

    def _states(self, time: float) -> dict[str, ObjectState]:
        """Of all objects that are followed."""
        followed = {name: thing.belief.state(time) for name, thing in self._things.items() if thing.health.followed}
        return {name: state for name, state in followed.items() if state is not None}

    def _hidden(self, frames: FrameSet, arm: ArmState | None) -> Hidden:
        if arm is None or self._cover is None:
            return {}
        return {name: self._cover.pixels(arm, self.cameras[name]) for name in frames.frames if name in self.cameras}

    def _masks(self, frames: FrameSet, looks: Mapping[str, DepthLook], hidden: Hidden) -> dict[str, dict[str, Pixels]]:
        """By object and camera, where one is to be registered in this tick."""
        for name, background in self._backgrounds.items():
            if name in frames.frames:
                background.look(frames.frames[name].image, hidden.get(name))
        lost = [name for name, thing in self._things.items() if not thing.cameras or thing.health.doubted]
        known = {name: state for name, state in self._states(frames.captured_at).items() if name not in lost}
        masks: dict[str, dict[str, Pixels]] = {}
        if lost and self._ticks % SEARCH_EVERY == 1 % SEARCH_EVERY:
            taken = {view: self._taken(look, known) for view, look in looks.items()}
            masks = first_free(self._segmenter.find(frames, lost, hidden), looks, taken)
        if known and self._ticks % ANEW_EVERY == 0:
            regions = {view: self._regions(view, known) for view in looks}
            for view, found in self._segmenter.segment(frames, regions, hidden).views.items():
                for name, mask in found.items():
                    masks.setdefault(name, {})[view] = looks[view].straight(mask.pixels)
        return masks

    def _taken(self, look: DepthLook, states: Mapping[str, ObjectState]) -> Pixels:
        """Pixels of the objects that are not lost."""
        taken = np.zeros(look.shot.depth.shape, bool)
        for name, state in states.items():
            pose = _at(state.T_base_object, look.time - state.valid_at, state)
            taken |= silhouette(self._things[name].surface, look, pose)
        return taken

    def _regions(self, view: str, states: Mapping[str, ObjectState]) -> dict[str, Region]:
        """Around the objects that this camera has lost and another follows."""
        away = {name: state for name, state in states.items() if view not in self._things[name].cameras}
        found = {
            name: region_of(self.cameras[view], state.position, self._things[name].shape.radius)
            for name, state in away.items()
        }
        return {name: region for name, region in found.items() if region is not None}

    def _tracked(self, name: str, look: DepthLook) -> _Claim | None:
        """A camera's pose from its last one; None where it has lost the object."""
        thing, view = self._things[name], look.shot.camera
        pose = self._server.track(name, look.shot)
        claim = None if pose is None else self._claim(name, look, pose)
        if claim is None or (claim.agreement.seen >= LEAST_SEEN and claim.agreement.share < LOST):
            del thing.cameras[view]
            return None
        return claim if claim.agreement.seen >= LEAST_SEEN else None

    def _registered(self, name: str, look: DepthLook, mask: Pixels) -> _Claim | None:
        """A camera's pose from a mask; None where depth does not bear it out."""
        pose = self._server.register(name, look.shot, mask)
        claim = None if pose is None else self._claim(name, look, pose)
        if claim is None or claim.agreement.share < FOUND or claim.agreement.seen < LEAST_SEEN:
            return None
        self._things[name].cameras[look.shot.camera] = 0
        return claim

    def _claim(self, name: str, look: DepthLook, T_camera_object: RigidTransform) -> _Claim:
        pose = look.to_base * T_camera_object
        return _Claim(look, pose, judge(self._things[name].surface, look, pose))

    def _fused(
        self, name: str, claims: Sequence[_Claim], looks: Sequence[DepthLook], time: float
    ) -> PoseEstimate | None:
        """One pose of all cameras; a camera that contradicts what they see together has lost the object."""
        if not claims:
            return None
        thing, state = self._things[name], self._states(time).get(name)
        ranked = sorted(claims, key=lambda claim: -self._together(name, claim, looks, state).health)
        fused = fuse([_brought(name, claim, time, state) for claim in ranked], thing.shape.symmetry)
        for index, claim in enumerate(ranked):
            view = claim.look.shot.camera
            thing.cameras[view] = 0 if index in fused.used else thing.cameras[view] + 1
            if thing.cameras[view] >= CONTRADICTS:
                del thing.cameras[view]
        pose = fused.estimate.T_base_object
        seen = total(judge(thing.surface, look, _at(pose, look.time - time, state)) for look in looks)
        return replace(fused.estimate, health=seen.health)

    def _together(self, name: str, claim: _Claim, looks: Sequence[DepthLook], state: ObjectState | None) -> Agreement:
        """What all cameras say to one camera's pose."""
        surface, since = self._things[name].surface, claim.look.time
        return total(judge(surface, look, _at(claim.pose, look.time - since, state)) for look in looks)

    def _take(self, name: str, estimate: PoseEstimate | None) -> None:
        thing = self._things[name]
        if estimate is None:
            thing.health.missed()
            return
        if not thing.health.followed:
            thing.belief, thing.health = self._belief(name, thing.shape), Health.new()
        thing.lasting = (1.0 - FRESH) * estimate.covariance
        update = thing.belief.measure(replace(estimate, covariance=FRESH * estimate.covariance))
        thing.health.saw(estimate.health, taken=update.kind in ("taken", "reset"))


def _brought(name: str, claim: _Claim, time: float, state: ObjectState | None) -> PoseEstimate:
    """A camera's pose as an estimate at a time, with what is uncertain of the motion until then."""
    dt = time - claim.look.time
    estimate = claim.agreement.estimate(name, _at(claim.pose, dt, state), time)
    unsure = UNKNOWN if state is None else np.minimum(np.diag(state.covariance)[6:], UNKNOWN)
    return replace(estimate, covariance=estimate.covariance + dt**2 * np.diag(unsure))


def _at(pose: RigidTransform, dt: float, state: ObjectState | None) -> RigidTransform:
    """A pose `dt` later, by what is known of the motion."""
    if state is None or dt == 0.0:
        return pose
    turn = Rotation.from_rotvec(dt * state.angular_velocity) * pose.rotation
    return RigidTransform.from_components(pose.translation + dt * state.velocity, turn)
