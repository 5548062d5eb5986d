"""The tracker: pictures in, object states out, one tick after another, with nobody to point at anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from ..rig.camera_model import CameraModel
from ..rig.clock import HostClock
from ..rig.nouns import ArmState, FrameSet, Mask, Masks, ObjectState, Vector
from .finding import first_found, found_soon, free
from .foreseen import Views, foresee, open_views, regions, taken, unobstructed
from .health import Health
from .kalman import ObjectFilter
from .pose.doubles import SecondOpinion, doubles
from .pose.follow import Seen, follow, guess_from
from .pose.looks import Look
from .pose.search import Quest, Rests, resting
from .pose.viewpoints import ViewpointModel, viewpoint_model
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.segment import Segmenter
from .seeing.tones import Pixels
from .shape import Shape
from .tracked import HEALTHY, Tracked

FORGETS = 1.3
"""By how much the variance that good looks left grows with each worse one."""
EAGER = 4
"""First ticks, in which nobody waits yet: all that is missing is searched for at once. Later, a little in each tick."""
SEARCH_EVERY = 3
"""Ticks from one search over whole pictures to the next while there is nothing to go by."""
AS_WELL = 0.03
"""Overlap that makes no difference."""
HOPELESS = 20
"""Searches after which it is not expected any more."""
START, PATIENCE, IN_PARTS = (0.75, 0.5), 3, 8
"""Share of mask and outline that must be explained by an object found anew, at first and after so many searches, or
parts of one: what looks like the table in places never explains its mask well."""
CUT_OFF_AFTER = 6
"""Searches after which an object that all pictures cut off is taken as it is."""
DOUBTS_EVERY, DOUBTS_UNTIL, DOUBTS_SELDOM = 3, 60, 25
"""Good looks from one question whether an object is turned the other way to the next, while it is new, and later."""
LEARNS_EVERY, LEARNS_ABOVE = 8, 0.85
"""Ticks, and least health and overlap, for an object's looks to be brought up to date."""


@dataclass(slots=True, eq=False)
class _Thing:
    """One object: what is known of its form, and what is believed of its motion."""

    model: ViewpointModel
    rests: Rests
    doubles: Vector
    """(k, 3, 3) turns after which it looks nearly the same."""
    belief: ObjectFilter
    health: Health = field(default_factory=Health)
    lasting: Vector = field(default_factory=lambda: np.zeros((6, 6)))
    """Covariance of what no filter takes away."""
    overlap: float = 0.0
    """Of silhouettes and masks, when it was last seen."""
    quest: Quest = field(default_factory=Quest)
    doubt: SecondOpinion = field(init=False)

    def __post_init__(self) -> None:
        self.doubt = SecondOpinion(self.doubles)

    @property
    def sure(self) -> bool:
        """Whether what its silhouette shows may be taken for its looks."""
        return self.health.confirmed and self.health.level > LEARNS_ABOVE and self.overlap > LEARNS_ABOVE

    @property
    def is_hopeful(self) -> bool:
        """Whether the next search may well find it."""
        return self.quest.hopeful and self.health.tries < HOPELESS

    def told(self, state: ObjectState) -> ObjectState:
        """A state of the filter as others are to see it."""
        covariance = state.covariance.copy()
        covariance[:6, :6] += self.lasting
        return self.health.put_on(replace(state, covariance=covariance))

    def lasts(self, covariance: Vector) -> None:
        """Note what a new look leaves; one that tells less than those before takes little of what they told."""
        if 0.0 < 4.0 * np.trace(self.lasting[:3, :3]) < np.trace(covariance[:3, :3]):
            covariance = FORGETS * self.lasting
        self.lasting = covariance


class Tracker:
    """Follows the objects that it was told of, by name, wherever they are."""

    def __init__(
        self, shapes: Mapping[str, Shape], cameras: Mapping[str, CameraModel], backgrounds: Mapping[str, Background],
        segmenter: Segmenter, cover: ArmCover | None = None, table_z: float | None = 0.0,
    ) -> None:  # fmt: skip
        self.cameras = dict(cameras)
        self._backgrounds, self._segmenter, self._cover, self._table_z = backgrounds, segmenter, cover, table_z
        self._clock, self._ticks = HostClock(), 0
        self._seconds: dict[str, float] = {}
        self._things = {name: _Thing(*_kind_of(shape), self._belief(name, shape)) for name, shape in shapes.items()}
        self._models = {name: thing.model for name, thing in self._things.items()}

    def step(self, frames: FrameSet, arm: ArmState | None = None) -> Tracked:
        """What all objects do at the time of these frames."""
        self._ticks, self._seconds = self._ticks + 1, {}
        begin, time = self._clock.now(), frames.captured_at
        with self._timed("background"):
            hidden = self._hidden(frames, arm)
            looks = [self._look(frames, name, hidden.get(name)) for name in frames.frames if name in self.cameras]
        with self._timed("segment"):
            expected = self._states(time)
            views = foresee(self._models, expected, looks)
            masks = self._segmenter.segment(frames, regions(views), hidden)
        with self._timed("pose"):
            for name, state in expected.items():
                own = {camera: found[name].pixels for camera, found in masks.views.items() if name in found}
                clear = unobstructed(looks, views, name)
                seen = follow(self._models[name], clear, own, guess_from(state))
                self._take(name, seen)
                self._doubt(name, clear, own, seen)
        with self._timed("search"):
            self._search(frames, looks, hidden, time)
            states = {name: self._things[name].told(state) for name, state in self._states(time).items()}
            self._judge(states, looks, views)
        with self._timed("learn"):
            self._learn(frames, looks, masks, states)
        return Tracked(states, {**self._seconds, "tick": self._clock.now() - begin})

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        begin = self._clock.now()
        yield
        self._seconds[stage] = self._clock.now() - begin

    def _belief(self, name: str, shape: Shape) -> ObjectFilter:
        return ObjectFilter(name, shape.symmetry, shape.rolling_radius, self._table_z)

    def _states(self, time: float) -> dict[str, ObjectState]:
        """Of all objects that are followed."""
        followed = {name: thing.belief.state(time) for name, thing in self._things.items() if thing.health.followed}
        return {name: state for name, state in followed.items() if state is not None}

    def _hidden(self, frames: FrameSet, arm: ArmState | None) -> dict[str, Pixels]:
        if arm is None or self._cover is None:
            return {}
        return {name: self._cover.pixels(arm, self.cameras[name]) for name in frames.frames if name in self.cameras}

    def _look(self, frames: FrameSet, name: str, hidden: Pixels | None) -> Look:
        frame, camera, scene = frames.frames[name], self.cameras[name], self._backgrounds[name]
        scene.look(frame.image, hidden)
        T = camera.T_parent_camera.as_matrix()
        return Look(frame, camera, T[:3, :3].T, T[:3, 3], scene, hidden)

    def _take(self, name: str, seen: Seen | None) -> None:
        thing = self._things[name]
        if seen is None:
            thing.health.missed()
            return
        thing.lasts(seen.lasting)
        thing.overlap = seen.overlap
        update = thing.belief.measure(seen.estimate(name))
        thing.health.saw(seen.health, taken=update.kind in ("taken", "reset"))
        if not thing.health.misses:
            thing.quest = Quest(seen.fit.guess.turn)

    def _doubt(self, name: str, looks: Sequence[Look], masks: Mapping[str, Pixels], seen: Seen | None) -> None:
        """Ask now and then whether it is turned the other way."""
        thing = self._things[name]
        every = DOUBTS_EVERY if thing.health.hits < DOUBTS_UNTIL else DOUBTS_SELDOM
        if seen is None or len(masks) < 2 or not thing.health.confirmed or thing.health.hits % every:
            return
        other = thing.doubt.ask(thing.model, looks, masks, seen)
        if other is not None:
            thing.belief.turned(other.estimate(name))

    def _judge(self, states: Mapping[str, ObjectState], looks: Sequence[Look], views: Views) -> None:
        """Note which objects should be known better: two views show them, and do not tell where they are."""
        for name, state in states.items():
            enough = state.health >= HEALTHY or open_views(looks, views, name) < 2
            self._things[name].health.judged(enough)

    def _search(self, frames: FrameSet, looks: Sequence[Look], hidden: Mapping[str, Pixels], time: float) -> None:
        """Look for the objects that are nowhere: at the start for all, later for one at a time."""
        wanted = self._wanted()
        if not wanted:
            return
        pieces = self._segmenter.find(frames, wanted, hidden)
        states = self._states(time)
        known = {name: state for name, state in states.items() if not self._things[name].health.doubted}
        others = taken(looks, foresee(self._models, known, looks))
        for name in wanted:
            own = {
                camera: free([mask.pixels for mask in found.get(name, ())], others[camera])
                for camera, found in pieces.items()
            }
            found = self._found(name, looks, own, time)
            if found is None:
                continue
            seen, masks = found
            self._begin(name, seen, states.get(name))
            for camera, mask in masks.items():
                others[camera] |= mask

    def _wanted(self) -> list[str]:
        """The objects to be looked for in this tick."""
        missing = [name for name, thing in self._things.items() if thing.health.doubted]
        if self._ticks <= EAGER:
            return missing
        due = [name for name in missing if self._things[name].is_hopeful or self._ticks % SEARCH_EVERY == 0]
        return [min(due, key=lambda name: self._things[name].health.tries)] if due else []

    def _found(
        self, name: str, looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], time: float
    ) -> tuple[Seen, Mapping[str, Pixels]] | None:
        thing = self._things[name]
        tries, eager = thing.health.tries, self._ticks <= EAGER
        thing.health.tries += 1
        least, even_cut = START[tries >= (PATIENCE if eager else IN_PARTS)], tries >= CUT_OFF_AFTER
        if eager:
            return first_found(thing.model, thing.rests, looks, pieces, time, least, self._table_z, even_cut)
        return found_soon(thing.model, thing.rests, looks, pieces, time, least, self._table_z, even_cut, thing.quest)

    def _begin(self, name: str, seen: Seen, foreseen: ObjectState | None) -> None:
        """Follow an object from where it was found, unless it is followed there, as well explained."""
        thing = self._things[name]
        away = np.inf if foreseen is None else np.linalg.norm(seen.fit.guess.place - foreseen.position)
        explained = thing.health.misses == 0 and thing.overlap > seen.overlap - AS_WELL
        if explained and away < 0.5 * thing.model.radius:
            thing.health.is_there()
            return
        thing.belief, thing.health = self._belief(name, thing.model.shape), Health.new()
        thing.doubt.forget()
        self._take(name, seen)

    def _learn(self, frames: FrameSet, looks: Sequence[Look], masks: Masks, states: Mapping[str, ObjectState]) -> None:
        """Show the segmenter what sure objects look like now; their silhouettes hold also what it took for table.

        A pose that is a little wrong must not teach: what is learnt then would bear it out.
        """
        sure = [name for name in states if self._things[name].sure]
        if self._ticks % LEARNS_EVERY or not sure:
            return
        views = foresee(self._models, states, looks)
        confirmed: dict[str, dict[str, Mask]] = {}
        for look in looks:
            camera = look.camera.name
            cores = {name: _shown(look, views, name) for name in sure if name in views[camera]}
            seen = masks.views.get(camera, {})
            confirmed[camera] = {
                name: Mask(core, 1.0)
                for name, core in cores.items()
                if name in seen and _covers(seen[name].pixels, core)
            }
        self._segmenter.learn(frames, Masks(confirmed, frames.captured_at))


@lru_cache(maxsize=32)
def _kind_of(shape: Shape) -> tuple[ViewpointModel, Rests, Vector]:
    model = viewpoint_model(shape)
    return model, resting(shape), doubles(model)


def _shown(look: Look, views: Views, name: str) -> Pixels:
    """Pixels of a view that show nothing but the object, as far as is known."""
    (clear,) = unobstructed([look], views, name)
    core = views[look.camera.name][name].core(look.frame.image.shape)
    return core if clear.hidden is None else core & ~clear.hidden


def _covers(mask: Pixels, core: Pixels) -> bool:
    """Whether an object is really seen there; a hand before it must not be learnt as its looks."""
    return np.count_nonzero(mask & core) > LEARNS_ABOVE * np.count_nonzero(core) > 0
