"""What the session knows of the objects, tick by tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.clock import HostClock
from ...rig.nouns import ArmState, FrameSet, Image, ObjectState
from ...rig.objects import load
from ...rig.rig import Rig
from ...rig.stage import Request, Staged
from ...tracking.arm_check import ArmCheck
from ...tracking.live import Watch, backgrounds_on, beside_table, pictures, tracker_on
from ...tracking.seeing.appearance import Appearance
from ...tracking.seeing.arm_cover import ArmCover
from ...tracking.seeing.background import Background
from ...tracking.seeing.held import arm_look, shown_around
from ...tracking.tracked import Follower
from ...training.vision import keys_of, shown_alone

PERIOD_S = 0.04
FIND_S = 1.2
"""Within this the tracker finds everything on the table, or it is not there."""
AROUND_M = 0.03
"""What is held shows so far around the tool, and its own size."""
SEEN_S = 0.3
"""For so long at least it looks before anything is launched: turns and velocities settle."""


class Seeing(Protocol):
    """Called once a tick: reads the cameras and says where the objects are."""

    frames: FrameSet
    """Of the last call."""
    work_s: float
    """What the last call took beside waiting for pictures."""

    def __call__(self, now: float) -> Mapping[str, ObjectState]: ...

    def raw(self) -> Mapping[str, ObjectState]:
        """The newest states, also those not to be acted on."""
        ...


class Sight(Seeing, Protocol):
    """And says what there is on the table, in the hand and around."""

    def prepare(self, seed: int, request: Request) -> Staged:
        """Have the table set, and be ready to follow what is on it."""
        ...

    def found(self) -> frozenset[str]:
        """Look until everything on the table is found, or give up: what is missing."""
        ...

    def in_hand(self, key: str) -> float | None:
        """How much of an object shows around the tool, m2 in the camera that sees most; None where nothing can tell."""
        ...

    def look_anew(self) -> None:
        """The surroundings have changed."""
        ...

    def know_arm(self) -> None:
        """The arm stands at home, and is where it says."""
        ...

    def arm_off(self) -> float | None:
        """The arm stands at home: how far it is from there, m; None where nothing can tell."""
        ...


class Tracking:
    """Through the cameras."""

    def __init__(self, rig: Rig, models: Mapping[str, CameraModel]) -> None:
        self._rig, self._models = rig, models
        self._fixed = beside_table(rig, models)
        self._cover = ArmCover(rig.arm.model)
        self._arm_check = ArmCheck(self._cover, self._fixed)
        self._looks: dict[str, Appearance] = {}
        self._backgrounds: Mapping[str, Background] = {}
        self._surroundings: int | None = None
        self._watch: Watch | None = None
        self._empty_handed: tuple[dict[str, Image], ArmState] = {}, rig.feel()
        self._arm_look: Appearance | None = None
        self._keys: dict[str, str] = {}
        self._stopwatch = HostClock()
        self.frames, self.work_s = FrameSet({}), 0.0

    @property
    def follower(self) -> Follower:
        """Of what is on the table now."""
        if self._watch is None:
            raise RuntimeError("prepare a table first")
        return self._watch.tracker

    def learn(self, names: tuple[str, ...]) -> None:
        """Be shown each object alone."""
        self._looks |= shown_alone(self._rig, names, self._models)

    def prepare(self, seed: int, request: Request) -> Staged:
        request = replace(request, seen_by=tuple(self._fixed.values()))
        staged = self._rig.stage.prepare(seed, request)
        if staged.surroundings != self._surroundings:
            self._rig.stage.clear()
            for camera in self._rig.cameras.values():
                camera.rebase()
            self._backgrounds = backgrounds_on(self._rig, self._models)
            self._surroundings = staged.surroundings
            staged = self._rig.stage.prepare(seed, request)
        self._keys = keys_of(staged)
        tracker = tracker_on(self._rig, self._keys, self._models, self._looks, backgrounds=self._backgrounds)
        self._watch = Watch(self._rig, tracker)
        return staged

    def found(self) -> frozenset[str]:
        clock = self._rig.clock
        begin, missing = clock.now(), frozenset(self._keys)
        while clock.now() < begin + FIND_S and (missing or clock.now() < begin + SEEN_S):
            clock.wait_until(clock.now() + PERIOD_S)
            missing = frozenset(self._keys) - self(clock.now()).keys()
        return missing

    def __call__(self, now: float) -> Mapping[str, ObjectState]:
        self.frames = self._rig.see()
        arm = self._rig.feel()
        begin = self._stopwatch.now()
        states = self._watch.step(self.frames, arm, now) if self._watch is not None else {}
        self.work_s = self._stopwatch.now() - begin
        return states

    def raw(self) -> Mapping[str, ObjectState]:
        return self._watch.last.states if self._watch is not None else {}

    def know_arm(self) -> None:
        self._empty_handed = self._now(), self._rig.feel()
        self._arm_check.learn(*self._empty_handed)

    def _arms_look(self) -> Appearance:
        shots, arm = self._empty_handed
        return arm_look(
            (self._backgrounds[name], shots[name], self._cover.pixels(arm, model))
            for name, model in self._fixed.items()
        )

    def arm_off(self) -> float | None:
        return self._arm_check.off(self._now())

    def _now(self) -> dict[str, Image]:
        return {name: shots[0] for name, shots in pictures(self._rig, self._fixed).items()}

    def in_hand(self, key: str) -> float | None:
        arm, frames, name = self._rig.feel(), self._now(), self._keys[key]
        arms = self._arm_look = self._arm_look or self._arms_look()
        place = np.asarray(arm.T_base_tool.translation)
        radius = AROUND_M + 0.5 * float(np.linalg.norm(load(name).extent))
        found = []
        for camera, model in self._fixed.items():
            hidden, scene = self._cover.pixels(arm, model), self._backgrounds[camera]
            scene.look(frames[camera], hidden)
            found.append(shown_around(scene, frames[camera], hidden, model, self._looks[name], arms, place, radius))
        return max((area for area in found if area is not None), default=None)

    def look_anew(self) -> None:
        self._surroundings = None
        for camera in self._rig.cameras.values():
            camera.rebase()
