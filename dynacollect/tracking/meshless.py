"""The tracker for objects of which nobody gave a mesh: a short clip of each says how it looks, its masks the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from ..rig.camera_model import CameraModel
from ..rig.clock import HostClock
from ..rig.nouns import ArmState, FrameSet, Mask, Masks, ObjectState
from ..rig.objects import ObjectModel
from .foreseen import Views, regions, taken, unobstructed
from .forms.finding import Found, find
from .forms.follow import Followed, follow, foreseen
from .forms.form import Form
from .forms.learnt import Known
from .forms.measure import Looks, measure
from .forms.thing import Models, Thing, is_whole
from .health import Health
from .kalman import ObjectFilter
from .pose.looks import Look
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.segment import AppearanceSegmenter
from .seeing.tones import Pixels
from .tracked import Tracked

ROOM_PX = 10
"""Around an outline, where its object is looked for."""
LOOKS = 6
"""Measurements from which a form is taken."""
SEARCH_EVERY = 3
"""Ticks from one search over whole pictures to the next."""
LEARNS_EVERY, LEARNS_ABOVE = 8, 0.85
"""Ticks, and least health and overlap, for an object's looks to be brought up to date."""
DOUBTED, DOUBTS = 0.6, 8
"""Overlap below which a form does not explain what is seen, and ticks in a row after which it is measured anew."""


class MeshlessTracker:
    """Follows the objects that it was told of, by name, wherever they are; has the same outside as `Tracker`."""

    def __init__(
        self, known: Mapping[str, Known], cameras: Mapping[str, CameraModel], backgrounds: Mapping[str, Background],
        segmenter: AppearanceSegmenter, cover: ArmCover | None = None, table_z: float | None = 0.0,
    ) -> None:  # fmt: skip
        self.cameras = dict(cameras)
        self._backgrounds, self._segmenter, self._cover, self._table_z = backgrounds, segmenter, cover, table_z
        self._things = {name: Thing(one) for name, one in known.items()}
        self.models: Mapping[str, ObjectModel] = Models(self._things)
        """The objects for whoever plans grasps; they change as more is measured."""
        self._clock, self._ticks = HostClock(), 0
        self._seconds: dict[str, float] = {}

    @property
    def forms(self) -> dict[str, Form]:
        """What has been measured so far."""
        return {name: thing.form for name, thing in self._things.items() if thing.form is not None}

    def step(self, frames: FrameSet, arm: ArmState | None = None) -> Tracked:
        """What all objects do at the time of these frames."""
        self._ticks, self._seconds = self._ticks + 1, {}
        begin, time = self._clock.now(), frames.captured_at
        with self._timed("background"):
            looks = [self._look(frames, name, arm) for name in frames.frames if name in self.cameras]
            hidden = {look.camera.name: look.hidden for look in looks if look.hidden is not None}
        with self._timed("segment"):
            expected = self._states(time)
            views = self._foreseen(expected, looks)
            masks = self._segmenter.segment(frames, regions(views), hidden)
        with self._timed("pose"):
            for name, state in expected.items():
                self._follow(name, state, unobstructed(looks, views, name), _of(masks, name))
        with self._timed("search"):
            self._search(frames, looks, hidden, time)
        with self._timed("form"):
            self._measure(looks, views, masks, expected)
        states = {name: self._things[name].told(state) for name, state in self._states(time).items()}
        with self._timed("learn"):
            self._learn(frames, looks, masks, states)
        return Tracked(states, {**self._seconds, "tick": self._clock.now() - begin})

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        begin = self._clock.now()
        yield
        self._seconds[stage] = self._clock.now() - begin

    def _look(self, frames: FrameSet, name: str, arm: ArmState | None) -> Look:
        frame, camera, scene = frames.frames[name], self.cameras[name], self._backgrounds[name]
        hidden = None if arm is None or self._cover is None else self._cover.pixels(arm, camera)
        scene.look(frame.image, hidden)
        T = camera.T_parent_camera.as_matrix()
        return Look(frame, camera, T[:3, :3].T, T[:3, 3], scene, hidden)

    def _states(self, time: float) -> dict[str, ObjectState]:
        """Of all objects that are followed."""
        followed = {
            name: thing.belief.state(time)
            for name, thing in self._things.items()
            if thing.belief is not None and thing.health.followed
        }
        return {name: state for name, state in followed.items() if state is not None}

    def _foreseen(self, states: Mapping[str, ObjectState], looks: Sequence[Look]) -> Views:
        forms = self.forms
        return {
            look.camera.name: {
                name: shown
                for name, state in states.items()
                if (shown := foreseen(forms[name], state, look, ROOM_PX)) is not None
            }
            for look in looks
        }

    def _follow(self, name: str, state: ObjectState, looks: Sequence[Look], masks: Mapping[str, Pixels]) -> None:
        thing = self._things[name]
        seen = None if thing.form is None else follow(thing.form, state, looks, masks, thing.height)
        self._take(name, seen)
        thing.doubts = thing.doubts + 1 if seen is not None and seen.covered < DOUBTED else 0

    def _take(self, name: str, seen: Followed | None) -> None:
        thing = self._things[name]
        if seen is None or thing.belief is None:
            thing.health.missed()
            return
        thing.lasts(seen.lasting)
        thing.rests(seen)
        update = thing.belief.measure(seen.estimate(name))
        thing.health.saw(seen.health, taken=update.kind in ("taken", "reset"))

    def _search(self, frames: FrameSet, looks: Sequence[Look], hidden: Mapping[str, Pixels], time: float) -> None:
        """Look for the objects that are nowhere."""
        missing = [name for name, thing in self._things.items() if thing.health.doubted]
        if not missing or (self._ticks > SEARCH_EVERY and self._ticks % SEARCH_EVERY):
            return
        pieces = self._segmenter.find(frames, missing, hidden)
        others = taken(looks, self._foreseen({n: s for n, s in self._states(time).items() if n not in missing}, looks))
        for name in missing:
            thing = self._things[name]
            own = {camera: found.get(name, ()) for camera, found in pieces.items()}
            found = find(name, thing.known, looks, own, others, time, thing.health.tries)
            thing.health.tries += 1
            if found is not None:
                self._begin(name, found)
                for camera, mask in found.masks.items():
                    others[camera] |= mask

    def _begin(self, name: str, found: Found) -> None:
        """An object is there, or there again, perhaps on another side."""
        thing = self._things[name]
        thing.looks, thing.doubts, thing.form, thing.height = Looks(), 0, found.seen.posed.form, None
        thing.looks.take(found.kinds)
        thing.belief, thing.health = self._belief(name, thing.form), Health.new()
        self._take(name, found.seen)

    def _belief(self, name: str, form: Form) -> ObjectFilter:
        return ObjectFilter(name, form.symmetry, None, self._table_z)

    def _measure(self, looks: Sequence[Look], views: Views, masks: Masks, expected: Mapping[str, ObjectState]) -> None:
        """Take more measurements of new forms, and of those that explain no longer what is seen."""
        for name, state in expected.items():
            thing = self._things[name]
            if thing.doubts > DOUBTS:
                thing.looks, thing.doubts = Looks(), 0
            if thing.looks.count >= LOOKS or thing.health.misses:
                continue
            whole = [look for look in unobstructed(looks, views, name) if is_whole(look, views, name)]
            if len(whole) >= 2:
                kinds = measure(whole, _of(masks, name), state.valid_at, state.velocity, thing.known.size)
                thing.looks.take({kind: one for kind, one in kinds.items() if one.covered > DOUBTED})
                thing.form = thing.looks.form or thing.form

    def _learn(self, frames: FrameSet, looks: Sequence[Look], masks: Masks, states: Mapping[str, ObjectState]) -> None:
        """Show the segmenter what sure objects look like now."""
        sure = {name: state for name, state in states.items() if state.health > LEARNS_ABOVE}
        if self._ticks % LEARNS_EVERY or not sure:
            return
        views = self._foreseen(states, looks)
        confirmed = {look.camera.name: self._confirmed(look, views, masks, sure) for look in looks}
        self._segmenter.learn(frames, Masks(confirmed, frames.captured_at))

    def _confirmed(self, look: Look, views: Views, masks: Masks, sure: Collection[str]) -> dict[str, Mask]:
        """Of objects that a view shows wholly, the pixels that form and mask agree on: a form is not exact."""
        found = {}
        for name in sure:
            mask = _of(masks, name).get(look.camera.name)
            (clear,) = unobstructed([look], views, name)
            if mask is None or not is_whole(clear, views, name):
                continue
            core = views[look.camera.name][name].core(look.frame.image.shape)
            if np.count_nonzero(core & mask) > LEARNS_ABOVE * np.count_nonzero(core) > 0:
                found[name] = Mask(core & mask, 1.0)
        return found


def _of(masks: Masks, name: str) -> dict[str, Pixels]:
    return {camera: found[name].pixels for camera, found in masks.views.items() if name in found}
