"""What happens in one episode of the cell, drawn from a seed before anything moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arms.model import ArmModel
from ..config_cell import CellEpisodes, Launcher, Motion
from ..errors import DynacollectError
from ..nouns import Vector
from ..objects import catalogue
from ..objects.model import ObjectModel
from ..stage import Request
from . import looks

TABLE_X = (-0.30, 1.05)
TABLE_Y = (-0.70, 0.70)
MARGIN = 0.07
"""How far from the table's edge things are put, m."""
LEAD_S = (0.8, 1.4)
"""How long a launched object travels before it crosses the middle of the reachable table."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An object and where it stands before the launch."""

    object: str
    T_base_object: RigidTransform
    friction_scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How the target is set in motion."""

    launcher: Launcher | None
    """`None`: it stays where it stands."""
    motion: Motion
    velocity: Vector
    """Where to and how fast at the release, m/s (3,)."""
    crossing: Vector
    """Where its path crosses the middle of the reachable table (3,)."""
    delay: float
    """From the order to launch until the motion begins, s."""
    bend: float = 0.0
    """Sideways (curved) or forward (accelerating) acceleration, m/s2."""


@dataclass(frozen=True, slots=True)
class Push:
    """A planar shove of the target."""

    after: float
    """Since the launch, s."""
    velocity: Vector


@dataclass(frozen=True, slots=True)
class Scenery:
    """Light and surfaces."""

    table: str = "oak"
    floor: str = "concrete"
    wall: str = "painted"
    seed: int = 0
    lamp: tuple[float, float, float] = (0.3, -0.5, 1.9)
    kelvin: float = 6000.0
    lumen: float = 500.0


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """One episode, start to end, as chance would have it."""

    seed: int
    targets: tuple[Placed, ...]
    distractors: tuple[Placed, ...] = ()
    container: Placed | None = None
    launch: Launch = field(
        default_factory=lambda: Launch(None, "straight", np.zeros(3), np.zeros(3), 0.0)
    )
    pushes: tuple[Push, ...] = ()
    scenery: Scenery = Scenery()

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Everything on the table."""
        return (*self.targets, *self.distractors, *((self.container,) if self.container else ()))

    @property
    def speed(self) -> float:
        return float(np.linalg.norm(self.launch.velocity))


def draw(seed: int, arm: ArmModel, options: CellEpisodes | None = None, request: Request | None = None) -> EpisodePlan:
    """The episode of this seed: the same plan for the same arguments, on any machine."""
    options, request = options or CellEpisodes(), request or Request()
    rng = np.random.default_rng([seed, 0xCE11])
    names = _pick_names(rng, arm, options, request)
    speed = _draw_speed(rng, options, request)
    target = catalogue.load(names.targets[0])
    launch, start, rest = _draw_launch(rng, arm, target, speed, options, request)
    table = _Table(rng, arm, start, launch)
    targets = [Placed(target.name, RigidTransform.from_components(start, rest), _friction(rng, options, target.name))]
    targets += [table.stand(name, _friction(rng, options, name), reachable=True) for name in names.targets[1:]]
    container = table.stand(names.container, 1.0, reachable=True) if names.container else None
    distractors = tuple(table.stand(name, _friction(rng, options, name)) for name in names.distractors)
    return EpisodePlan(
        seed, tuple(targets), distractors, container, launch, _draw_pushes(rng, options), _draw_scenery(rng, options)
    )


@dataclass(frozen=True, slots=True)
class _Names:
    targets: tuple[str, ...]
    distractors: tuple[str, ...]
    container: str | None


def _pick_names(rng: np.random.Generator, arm: ArmModel, options: CellEpisodes, request: Request) -> _Names:
    allowed = options.objects or catalogue.names(split=options.split)
    graspable = [name for name in allowed if arm.name in catalogue.load(name).graspable_by]
    wanted = [request.target] if request.target else []
    pool = [str(name) for name in rng.permutation(graspable) if name not in wanted]
    if request.target is None and not pool:
        raise DynacollectError(f"none of the chosen objects fits the gripper of {arm.name}; choose others with --objects")
    targets = (wanted + pool)[: request.several]
    rest = [str(name) for name in rng.permutation(list(allowed)) if name not in targets]
    low, high = options.distractors
    distractors = request.distractors if request.distractors is not None else rest[: int(rng.integers(low, high + 1))]
    container = request.container
    if container is None and (request.place or request.several > 1):
        container = str(rng.choice([name for name in catalogue.names(kind="container") if name != "placemat"]))
    return _Names(tuple(targets), tuple(distractors), container)


def _draw_speed(rng: np.random.Generator, options: CellEpisodes, request: Request) -> float:
    low, high = options.speed_m_s
    drawn = 0.0 if low == 0.0 and rng.random() < options.still_share else float(rng.uniform(low, high))
    return drawn if request.speed is None else request.speed


def _friction(rng: np.random.Generator, options: CellEpisodes, name: str) -> float:
    """The drawn friction coefficient over the object's own."""
    return float(rng.uniform(*options.friction)) / catalogue.load(name).friction


def reachable(arm: ArmModel, point: Vector) -> bool:
    """Whether the hand can work on this point of the table with room to spare."""
    radius = float(np.hypot(point[0], point[1]))
    return 0.45 * arm.reach <= radius <= 0.78 * arm.reach and point[0] > 0.28 * arm.reach


def _draw_crossing(rng: np.random.Generator, arm: ArmModel) -> Vector:
    while True:
        point = np.array([rng.uniform(0.2, 1.0), rng.uniform(-0.6, 0.6), 0.0]) * arm.reach
        if reachable(arm, point):
            return point


def on_table(point: Vector, margin: float = MARGIN) -> bool:
    inside_x = TABLE_X[0] + margin <= point[0] <= TABLE_X[1] - margin
    return bool(inside_x and TABLE_Y[0] + margin <= point[1] <= TABLE_Y[1] - margin and np.hypot(*point[:2]) > 0.24)


def _draw_launch(
    rng: np.random.Generator, arm: ArmModel, model: ObjectModel, speed: float, options: CellEpisodes, request: Request
) -> tuple[Launch, Vector, Rotation]:
    """The launch, where the object starts (its origin), and how it lies."""
    motion: Motion = request.motion or options.motions[int(rng.integers(len(options.motions)))]
    launcher = _choose_launcher(rng, model, speed, options, request)
    delay = float(rng.uniform(0.4, 1.0))
    lift = np.array([0.0, 0.0, model.rest_height])
    if speed < 1e-6 or launcher is None:
        crossing = _draw_crossing(rng, arm)
        spin = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi))
        launch = Launch(None, "straight", np.zeros(3), crossing, delay)
        return launch, crossing + lift, spin * model.rests[0]
    for _ in range(10_000):
        crossing = _draw_crossing(rng, arm)
        heading = float(rng.uniform(-np.pi, np.pi))
        way = np.array([np.cos(heading), np.sin(heading), 0.0])
        start = crossing - way * speed * rng.uniform(*LEAD_S)
        if on_table(start) and _clear_of_base(start, way, speed):
            rolls = model.rolls and launcher != "conveyor"
            rest = rolling_pose(model, heading) if rolls else Rotation.from_euler("z", heading) * model.rests[0]
            bend = float(rng.uniform(0.1, 0.25) * rng.choice([-1.0, 1.0])) if motion == "curved" else 0.15
            start = np.array([start[0], start[1], model.rest_height_in(rest)])
            return Launch(launcher, motion, way * speed, crossing, delay, bend), start, rest
    raise DynacollectError(f"no straight path at {speed:.2f} m/s crosses the reachable table of {arm.name}; lower the speed")


def _clear_of_base(start: Vector, way: Vector, speed: float) -> bool:
    """Whether two seconds of straight travel stay off the arm's foot."""
    along = np.linspace(0.0, 2.0 * speed, 20)[:, None]
    return bool(np.min(np.hypot(*(start[:2] + along * way[:2]).T)) > 0.2)


def _choose_launcher(
    rng: np.random.Generator, model: ObjectModel, speed: float, options: CellEpisodes, request: Request
) -> Launcher | None:
    """What rolls is pushed or let down a ramp; what stands rides the belt, or stops a hand's breadth after a push."""
    if request.launcher is not None:
        return request.launcher
    fitting: tuple[Launcher, ...] = ("push", "push", "ramp") if model.rolls else ("conveyor", "conveyor", "push")
    if model.rolls and stands(model):
        fitting = (*fitting, "conveyor")
    usable = [kind for kind in (*fitting, "self") if kind in options.launchers]
    if not usable:
        usable = list(options.launchers)
    return usable[int(rng.integers(len(usable)))] if usable else None


def rolling_pose(model: ObjectModel, heading: float) -> Rotation:
    """The resting pose in which the object rolls towards `heading`: its axis across the way."""
    axis = model.symmetry.axis
    if axis is None or model.symmetry.kind == "sphere":
        return Rotation.from_euler("z", heading) * model.rests[0]
    across = np.array([-np.sin(heading), np.cos(heading), 0.0])
    return Rotation.align_vectors([across], [axis])[0]


def stands(model: ObjectModel) -> bool:
    """Whether its first resting pose keeps it from rolling."""
    axis = model.symmetry.axis
    return not model.rolls or (axis is not None and abs(model.rests[0].apply(axis)[2]) > 0.9)


class _Table:
    """Finds free places: away from the launched object's way, from each other, and from the arm's foot."""

    def __init__(self, rng: np.random.Generator, arm: ArmModel, start: Vector, launch: Launch) -> None:
        self.rng, self.arm = rng, arm
        reach = launch.velocity * 2.5 if launch.launcher else np.zeros(3)
        self.way = start[:2] + np.linspace(0.0, 1.0, 40)[:, None] * reach[:2]
        self.taken: list[tuple[Vector, float]] = []

    def stand(self, name: str, friction_scale: float, reachable: bool = False) -> Placed:
        model = catalogue.load(name)
        radius = 0.5 * float(np.hypot(*model.extent[:2]))
        spot = self._free_spot(name, radius, reachable)
        self.taken.append((spot, radius))
        spin = Rotation.from_euler("z", self.rng.uniform(-np.pi, np.pi)) * model.rests[0]
        place = np.array([*spot, model.rest_height])
        return Placed(name, RigidTransform.from_components(place, spin), friction_scale)

    def _free_spot(self, name: str, radius: float, wanted_in_reach: bool) -> Vector:
        for tries in range(4000):
            spot = np.array([self.rng.uniform(0.15, TABLE_X[1]), self.rng.uniform(*TABLE_Y)])
            gap = 0.04 if tries < 3000 else 0.01
            if wanted_in_reach and not reachable(self.arm, np.array([*spot, 0.0])):
                continue
            if on_table(spot, MARGIN + radius) and self._clear(spot, radius, gap):
                return spot
        raise DynacollectError(f"no free place on the table for {name}; ask for fewer objects")

    def _clear(self, spot: Vector, radius: float, gap: float) -> bool:
        if np.min(np.linalg.norm(self.way - spot, axis=1)) < radius + 0.06 + gap:
            return False
        return all(np.linalg.norm(spot - other) > radius + size + gap for other, size in self.taken)


def _draw_pushes(rng: np.random.Generator, options: CellEpisodes) -> tuple[Push, ...]:
    if options.perturbation_m_s <= 0:
        return ()
    times = np.cumsum(rng.uniform(0.5, 1.0, 24))
    headings = rng.uniform(-np.pi, np.pi, 24)
    sizes = rng.uniform(0.3, 1.0, 24) * options.perturbation_m_s
    return tuple(
        Push(float(t), size * np.array([np.cos(angle), np.sin(angle), 0.0]))
        for t, angle, size in zip(times, headings, sizes, strict=True)
    )


def _draw_scenery(rng: np.random.Generator, options: CellEpisodes) -> Scenery:
    tables, walls = looks.table_names(options.textures), looks.wall_names(options.textures)
    lamp = (float(rng.uniform(-0.2, 1.2)), float(rng.uniform(-1.0, 1.0)), float(rng.uniform(1.5, 2.2)))
    return Scenery(
        table=tables[int(rng.integers(len(tables)))],
        floor=tuple(looks.FLOORS)[int(rng.integers(len(looks.FLOORS)))],
        wall=walls[int(rng.integers(len(walls)))],
        seed=int(rng.integers(2**31)),
        lamp=lamp,
        kelvin=float(rng.uniform(*options.kelvin)),
        lumen=float(rng.uniform(*options.lumen)),
    )
