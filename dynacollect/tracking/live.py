"""The tracker on a rig: the empty scene looked at once, then every tick's pictures."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..rig.arms.kinematics import forward
from ..rig.arms.model import ArmModel
from ..rig.camera_model import CameraModel
from ..rig.errors import DynacollectError
from ..rig.nouns import ArmState, FrameSet, Image, ObjectState
from ..rig.objects import catalogue
from ..rig.rig import Rig
from .forms.learnt import Known
from .meshless import MeshlessTracker
from .seeing.appearance import Appearance
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.registration import learn
from .seeing.segment import AppearanceSegmenter
from .seeing.ultralytics.weights import Weights
from .shape import shape_of
from .tracked import HEALTHY, Follower, Tracked
from .tracker import Tracker

PLATES = 4
"""Pictures of the empty scene, averaged."""
PERIOD_S = 0.04
SETTLE_S = 0.01
"""A picture captured less than this after now may still show what was before."""
PATIENCE_S = 2.0
"""For cameras to send a picture."""
COAST_S = 0.4
"""For so long an object is believed to go on as it did when it was last seen well: the hand that takes it covers it."""
PRESSES, STILL_TICKS, STILL_M = 0.5, 3, 0.0006
"""Fingers that have so much of their least force, and have stood still for so many ticks, press on something."""
GRASP_M = 0.10
"""What is nearer to the tool is then between them."""
REMEMBERED = 25
"""States of the arm, to know where it was when a picture was taken."""


class Watch:
    """Steps a tracker on what a rig sees and feels, and says what the objects do at a time."""

    def __init__(self, rig: Rig, tracker: Follower) -> None:
        self._rig, self.tracker = rig, tracker
        self._arm: deque[ArmState] = deque(maxlen=REMEMBERED)
        self._sure: dict[str, ObjectState] = {}
        self._grasped: frozenset[str] | None = None
        self.last = Tracked({})
        """Of the newest pictures."""
        self.news: Callable[[Tracked], None] | None = None

    def __call__(self, now: float) -> dict[str, ObjectState]:
        """The states that can be acted on, moved on to `now`; without what the hand holds."""
        return self.step(self._rig.see(), self._rig.feel(), now)

    def step(self, frames: FrameSet, arm: ArmState, now: float) -> dict[str, ObjectState]:
        """The same of what somebody else has read from the rig."""
        self._arm.append(arm)
        frames = frames.only(self.tracker.cameras)
        if frames.frames:
            then = arm_at(frames.captured_at, self._arm, self._rig.arm.model)
            self.last = self.tracker.step(frames, then)
            self._sure.update({name: state for name, state in self.last.states.items() if state.health >= HEALTHY})
            if self.news is not None:
                self.news(self.last)
        known = {name: state.at(now) for name, state in self._sure.items() if now - state.valid_at < COAST_S}
        held = self._held(known)
        return {name: state for name, state in known.items() if name not in held}

    def _held(self, known: Mapping[str, ObjectState]) -> frozenset[str]:
        """What the fingers closed on and have not let go of: they cover it, and it goes where they go."""
        least = PRESSES * self._rig.arm.model.gripper.min_force
        if self._arm[-1].gripper_force < least:
            self._grasped = None
        elif self._grasped is None and self._pressing(least):
            tool = self._arm[-1].T_base_tool.translation
            near = (name for name, state in known.items() if np.linalg.norm(state.position - tool) < GRASP_M)
            # Nothing may be known at that moment: the hand covers what it takes.
            self._grasped = frozenset(near) or None
        return self._grasped or frozenset()

    def _pressing(self, least: float) -> bool:
        """Whether the fingers press and stand still: while they move, that takes force too."""
        recent = list(self._arm)[-STILL_TICKS:]
        widths = [arm.gripper_width for arm in recent]
        still = len(recent) == STILL_TICKS and max(widths) - min(widths) < STILL_M
        return still and all(arm.gripper_force >= least for arm in recent)

    def until(self, time: float) -> None:
        """Watch up to a time, so that everything is found before it moves."""
        clock = self._rig.clock
        while clock.now() < time:
            clock.wait_until(min(time, clock.now() + PERIOD_S))
            self(clock.now())


def tracker_on(
    rig: Rig, names: Mapping[str, str], models: Mapping[str, CameraModel],
    looks: Mapping[str, Appearance] | None = None, segmenter: Weights | None = None,
    backgrounds: Mapping[str, Background] | None = None,
) -> Tracker:  # fmt: skip
    """A tracker for a rig whose table is empty now, if it must take the pictures of the empty scene.

    `names`: key of each object -> its name in the catalogue; `models`: calibrated cameras, of which those beside the
    table are used; `looks`: what was learnt of objects by name, else the colours of their meshes are taken;
    `segmenter`: a trained network that tells objects apart, in place of their colours; `backgrounds`: the empty scene,
    by camera, where it is known.
    """
    fixed, cover = beside_table(rig, models), ArmCover(rig.arm.model)
    if backgrounds is None:
        backgrounds = backgrounds_on(rig, models)
    shapes = {name: shape_of(catalogue.load(name)) for name in set(names.values())}
    known = {name: (looks or {}).get(name) or Appearance.of_mesh(shape) for name, shape in shapes.items()}
    by_colour = AppearanceSegmenter(backgrounds, {key: known[name] for key, name in names.items()})
    chosen = segmenter.segmenter(by_colour, names) if segmenter else by_colour
    things = {key: shapes[name] for key, name in names.items()}
    return Tracker(things, fixed, backgrounds, chosen, cover, rig.config.safety.table_z)


def meshless_on(rig: Rig, known: Mapping[str, Known], models: Mapping[str, CameraModel]) -> MeshlessTracker:
    """As `tracker_on`, for objects of which a clip is all that is known, by key."""
    fixed, cover = beside_table(rig, models), ArmCover(rig.arm.model)
    backgrounds = backgrounds_on(rig, models)
    segmenter = AppearanceSegmenter(backgrounds, {key: one.appearance for key, one in known.items()})
    return MeshlessTracker(known, fixed, backgrounds, segmenter, cover, rig.config.safety.table_z)


def beside_table(rig: Rig, models: Mapping[str, CameraModel]) -> dict[str, CameraModel]:
    """The calibrated cameras that a rig has beside the table."""
    fixed = {name: model for name, model in models.items() if not model.on_wrist and name in rig.cameras}
    if not fixed:
        raise DynacollectError("no calibrated camera stands beside the table; calibrate one, or add it to rig.yaml")
    return fixed


def backgrounds_on(rig: Rig, models: Mapping[str, CameraModel]) -> dict[str, Background]:
    """The empty scene as it is now, by camera."""
    fixed, cover = beside_table(rig, models), ArmCover(rig.arm.model)
    plates, arm = pictures(rig, fixed, PLATES), rig.feel()
    return {name: Background(*plate, covered=cover.pixels(arm, fixed[name])) for name, plate in plates.items()}


def learn_look(name: str, plates: Mapping[str, Image], clip: Sequence[Mapping[str, Image]]) -> Appearance:
    """How an object of the catalogue looks, from pictures of it alone on the table whose plates these are."""
    return learn(plates, clip, start=Appearance.of_mesh(shape_of(catalogue.load(name))), name=name).appearance


def pictures(rig: Rig, cameras: Iterable[str], count: int = 1) -> dict[str, list[Image]]:
    """So many new pictures of each of these cameras."""
    found: dict[str, list[Image]] = {name: [] for name in cameras}
    begin = rig.clock.now()
    while any(len(shots) < count for shots in found.values()):
        rig.clock.wait_until(rig.clock.now() + PERIOD_S)
        for name, frame in rig.see().frames.items():
            if name in found and len(found[name]) < count and frame.captured_at > begin + SETTLE_S:
                found[name].append(frame.image)
        if rig.clock.now() > begin + PATIENCE_S:
            silent = next(name for name, shots in found.items() if len(shots) < count)
            raise DynacollectError(f"{silent} sends no pictures; look at its cable, or run: dynacollect rig check")
    return found


def arm_at(time: float, states: deque[ArmState], arm: ArmModel) -> ArmState:
    """Where the arm was at a time between the first and the last of its states, else the nearest of them."""
    times = np.array([state.measured_at for state in states])
    after = int(np.searchsorted(times, time))
    if after in (0, len(times)):
        return states[min(after, len(times) - 1)]
    before, later = states[after - 1], states[after]
    share = (time - times[after - 1]) / (times[after] - times[after - 1])
    joints = before.joints + share * (later.joints - before.joints)
    width = before.gripper_width + share * (later.gripper_width - before.gripper_width)
    return replace(later, joints=joints, gripper_width=width, T_base_tool=forward(arm, joints), measured_at=time)
