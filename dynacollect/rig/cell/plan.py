"""What happens in one episode of the cell, drawn from a seed before anything moves."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arms.model import ArmModel
from ..camera_model import CameraModel
from ..config_cell import CellEpisodes, Launcher, Motion
from ..errors import DynacollectError
from ..nouns import Vector
from ..objects import catalogue
from ..objects.model import ObjectModel
from ..stage import Request, Side
from . import looks
from .launcher_choice import ROLLING_MOTIONS, choose_launcher
from .plates import Plate
from .rolling import rolling_pose, rolling_way, rolls_straight
from .self_launch import can_sweep
from .table import BELT_M, MARGIN, TABLE_X, TABLE_Y, belt_length, on_table

CATCH_S = (1.4, 0.6)
"""An object leaves the reachable table no sooner after its start, and is on it no shorter, s."""
LEAD_S = (0.8, 1.4)
"""How long a launched object travels before it crosses the middle of the reachable table."""

BEHIND: dict[Launcher, float] = {"push": 0.10, "ramp": 0.34, "conveyor": 0.16, "self": 0.20}
"""How much room each launcher takes behind the start, m."""
ROOM_M2 = 0.010
"""Of a container for each of several objects: bowl and box hold fewer than three, side by side."""
LAYOUTS = 25
"""How often a table is laid anew where there was no room for all."""
MIDDLE = 0.17
"""What is nearer to the robot's axis is in the middle, as a share of its reach."""
RIM_PX = 24
"""What is nearer to the rim of a picture is not all in it."""
BELT_BEYOND_M = 0.24
"""How far the belt goes on behind the crossing, at least."""


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

    @property
    def way(self) -> Vector:
        """Direction of the velocity (3,); zero for a still target."""
        length = float(np.linalg.norm(self.velocity))
        return self.velocity / length if length > 0 else self.velocity


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
    shadows: bool = True


@dataclass(frozen=True, slots=True)
class EpisodePlan:
    """One episode, start to end, as chance would have it."""

    seed: int
    targets: tuple[Placed, ...]
    distractors: tuple[Placed, ...] = ()
    container: Placed | None = None
    launch: Launch = field(default_factory=lambda: Launch(None, "straight", np.zeros(3), np.zeros(3), 0.0))
    pushes: tuple[Push, ...] = ()
    scenery: Scenery = Scenery()
    plates: tuple[Plate, ...] = ()
    """Boards that are shown; nothing else is on the table then."""

    def cleared(self, plates: tuple[Plate, ...] = ()) -> EpisodePlan:
        """The same room with nothing on the table but these plates."""
        return EpisodePlan(self.seed, (), scenery=self.scenery, plates=plates)

    @property
    def placed(self) -> tuple[Placed, ...]:
        """Everything on the table."""
        return (*self.targets, *self.distractors, *((self.container,) if self.container else ()))

    @property
    def held(self) -> Plate | None:
        """The plate in the gripper."""
        return next((plate for plate in self.plates if plate.mounting == "held"), None)

    @property
    def speed(self) -> float:
        return float(np.linalg.norm(self.launch.velocity))


def draw(seed: int, arm: ArmModel, options: CellEpisodes | None = None, request: Request | None = None) -> EpisodePlan:
    """The episode of this seed: the same plan for the same arguments, on any machine."""
    options, request = options or CellEpisodes(), request or Request()
    rng = np.random.default_rng([seed, 0xCE11])
    motion: Motion = request.motion or options.motions[int(rng.integers(len(options.motions)))]
    names = _pick_names(rng, arm, motion, options, request)
    speed = _draw_speed(rng, options, request)
    target = catalogue.load(names.targets[0])
    launcher = choose_launcher(rng, arm, target, motion, options, request)
    for _ in range(LAYOUTS):
        launch, start, rest = _draw_launch(rng, arm, target, speed, motion, launcher, request)
        others = _lay_out(rng, _Table(rng, arm, start, launch), names, options)
        if others is not None:
            friction = _friction(rng, options, target.name)
            first = Placed(target.name, RigidTransform.from_components(start, rest), friction)
            pushes = _draw_pushes(rng, options)
            room = rng if request.room is None else np.random.default_rng([request.room, 0x200])
            scenery = _draw_scenery(room, options)
            targets = (first, *others.targets)
            return EpisodePlan(seed, targets, others.distractors, others.container, launch, pushes, scenery)
    raise DynacollectError(f"no free places on the table of {arm.name} for all of {names}; ask for fewer objects")


@dataclass(frozen=True, slots=True)
class _Others:
    """What stands on the table beside the launched object."""

    targets: tuple[Placed, ...]
    distractors: tuple[Placed, ...]
    container: Placed | None


def _lay_out(rng: np.random.Generator, table: _Table, names: _Names, options: CellEpisodes) -> _Others | None:
    """Places for everything, the container's first; None where there is no room."""
    container = table.stand(names.container, 1.0, reachable=True) if names.container else None
    more = [table.stand(name, _friction(rng, options, name), reachable=True) for name in names.targets[1:]]
    rest = [table.stand(name, _friction(rng, options, name)) for name in names.distractors]
    targets, distractors = (tuple(item for item in group if item is not None) for group in (more, rest))
    missing = len(names.targets) - 1 - len(targets) + len(names.distractors) - len(distractors)
    return None if missing or (names.container and container is None) else _Others(targets, distractors, container)


@dataclass(frozen=True, slots=True)
class _Names:
    targets: tuple[str, ...]
    distractors: tuple[str, ...]
    container: str | None

    def __str__(self) -> str:
        return ", ".join([*self.targets, *self.distractors, *filter(None, [self.container])])


def _pick_names(
    rng: np.random.Generator, arm: ArmModel, motion: Motion, options: CellEpisodes, request: Request
) -> _Names:
    allowed = options.objects or catalogue.names(split=options.split)
    graspable = [str(name) for name in rng.permutation(list(allowed)) if _fits_hand(arm, name)]
    if request.target is None and not graspable:
        raise DynacollectError(
            f"none of the chosen objects fits the gripper of {arm.name}; choose others with --objects"
        )
    first = request.target or next((name for name in graspable if _can_move(name, motion)), None)
    if first is None or not _can_move(first, motion):
        what = first or "none of the chosen objects"
        raise DynacollectError(
            f"{what} cannot move {motion}: only what rolls straight does; choose one, as tennis_ball"
        )
    targets = [first, *(name for name in graspable if name != first)][: request.several]
    rest = [str(name) for name in rng.permutation(list(allowed)) if name not in targets]
    low, high = options.distractors
    distractors = request.distractors if request.distractors is not None else rest[: int(rng.integers(low, high + 1))]
    container = request.container
    if container is None and (request.place or request.several > 1):
        container = str(
            rng.choice([name for name in catalogue.names(kind="container") if _holds(name, request.several)])
        )
    return _Names(tuple(targets), tuple(distractors), container)


def _fits_hand(arm: ArmModel, name: str) -> bool:
    return arm.name in catalogue.load(name).graspable_by


def _can_move(name: str, motion: Motion) -> bool:
    return motion not in ROLLING_MOTIONS or rolls_straight(catalogue.load(name))


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


def side_of(arm: ArmModel, point: Vector) -> Side:
    """On which side of the reach a point of the table is."""
    share = float(point[1]) / arm.reach
    return "middle" if abs(share) < MIDDLE else "left" if share > 0 else "right"


def _draw_crossing(rng: np.random.Generator, arm: ArmModel, side: Side | None) -> Vector:
    while True:
        point = np.array([rng.uniform(0.2, 1.0), rng.uniform(-0.6, 0.6), 0.0]) * arm.reach
        if reachable(arm, point) and side in (None, side_of(arm, point)):
            return point


def _draw_launch(
    rng: np.random.Generator, arm: ArmModel, model: ObjectModel, speed: float, motion: Motion,
    launcher: Launcher | None, request: Request,
) -> tuple[Launch, Vector, Rotation]:  # fmt: skip
    """The launch, where the object starts (its origin), and how it lies."""
    delay = float(rng.uniform(0.4, 1.0))
    lift = np.array([0.0, 0.0, model.rest_height])
    if speed < 1e-6 or launcher is None:
        crossing = _draw_crossing(rng, arm, request.side)
        spin = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi))
        launch = Launch(None, "straight", np.zeros(3), crossing, delay)
        return launch, crossing + lift, spin * model.rests[0]
    rolls = rolls_straight(model) and launcher != "conveyor"
    bend = float(rng.uniform(0.1, 0.25) * rng.choice([-1.0, 1.0])) if motion == "curved" else 0.15
    share = 0.35 if motion == "bounce" else 0.75
    for _ in range(10_000):
        crossing = _draw_crossing(rng, arm, request.side)
        heading = float(rng.uniform(-np.pi, np.pi))
        if request.heading is not None:
            heading = request.heading + heading / 8
        way = np.array([np.cos(heading), np.sin(heading), 0.0])
        run = speed * float(rng.uniform(*LEAD_S))
        slides = launcher == "push" and not rolls
        farthest = 0.7 * sliding_way(speed) if slides else share * rolling_way(model, speed) if rolls else run
        start = crossing - way * min(run, farthest)
        fits = _fits(arm, launcher, start, crossing, speed) and (slides or _catchable(arm, start, way, speed))
        if fits and all(_shows(camera, start + lift) for camera in request.seen_by):
            rest = rolling_pose(model, heading) if rolls else Rotation.from_euler("z", heading) * model.rests[0]
            start = np.array([start[0], start[1], model.rest_height_in(rest)])
            return Launch(launcher, motion, way * speed, crossing, delay, bend), start, rest
    where = "" if request.heading is None and request.side is None else ", or leave out heading and side"
    raise DynacollectError(
        f"no straight path at {speed:.2f} m/s crosses the reachable table of {arm.name}; lower the speed{where}"
    )


def _shows(camera: CameraModel, point: Vector) -> bool:
    """Whether a point is in the picture, and not at its rim."""
    (u, v) = camera.project(point)[0]
    return RIM_PX < u < camera.width - RIM_PX and RIM_PX < v < camera.height - RIM_PX


def sliding_way(speed: float) -> float:
    """How far a pushed object goes that does not roll: along with the hand, then against friction, m."""
    return 0.10 * speed + speed**2 / (2 * 0.8 * 9.81)


def _catchable(arm: ArmModel, start: Vector, way: Vector, speed: float) -> bool:
    """Whether a person would have aimed so: the object is within the arm's reach for a while, and not at once gone."""
    times = np.arange(0.0, 4.0, 0.05)
    places = start + times[:, None] * speed * way
    radius = np.hypot(places[:, 0], places[:, 1])
    low, high = 0.40 * arm.reach, 0.88 * arm.reach
    near = (
        (radius > low) & (radius < high) & (places[:, 0] > 0.27 * arm.reach) & (np.abs(places[:, 1]) < 0.6 * arm.reach)
    )
    return bool(near.any()) and bool(times[near][-1] > CATCH_S[0]) and 0.05 * int(near.sum()) > CATCH_S[1]


def _fits(arm: ArmModel, launcher: Launcher, start: Vector, crossing: Vector, speed: float) -> bool:
    """Whether there is room for the launcher and the way, clear of the arm's foot."""
    if not on_table(start, BEHIND[launcher] if launcher == "conveyor" else MARGIN):
        return False
    distance = float(np.linalg.norm(crossing - start))
    way = (crossing - start) / distance
    if launcher == "conveyor" and belt_length(start, way) < distance + BELT_BEYOND_M:
        return False
    along = np.linspace(-BEHIND[launcher], 2.0 * speed, 20)[:, None]
    if np.min(np.hypot(*(start[:2] + along * way[:2]).T)) < 0.2:
        return False
    return launcher != "self" or can_sweep(arm, start, way)


class _Table:
    """Finds free places: away from the launched object's way, from each other, and from the arm's foot."""

    def __init__(self, rng: np.random.Generator, arm: ArmModel, start: Vector, launch: Launch) -> None:
        self.rng, self.arm = rng, arm
        self.way = start[:2] + _way_taken(launch)[:, None] * launch.way[:2]
        self.taken: list[tuple[Vector, float]] = []

    def stand(self, name: str, friction_scale: float, reachable: bool = False) -> Placed | None:
        model = catalogue.load(name)
        radius = 0.5 * float(np.hypot(*model.extent[:2]))
        spot = self._free_spot(radius, reachable)
        if spot is None:
            return None
        self.taken.append((spot, radius))
        spin = Rotation.from_euler("z", self.rng.uniform(-np.pi, np.pi)) * model.rests[0]
        place = np.array([*spot, model.rest_height])
        return Placed(name, RigidTransform.from_components(place, spin), friction_scale)

    def _free_spot(self, radius: float, wanted_in_reach: bool) -> Vector | None:
        for tries in range(600):
            spot = np.array([self.rng.uniform(0.15, TABLE_X[1]), self.rng.uniform(*TABLE_Y)])
            gap = 0.04 if tries < 450 else 0.01
            if wanted_in_reach and not reachable(self.arm, np.array([*spot, 0.0])):
                continue
            if on_table(spot, MARGIN + radius) and self._clear(spot, radius, gap):
                return spot
        return None

    def _clear(self, spot: Vector, radius: float, gap: float) -> bool:
        if np.min(np.linalg.norm(self.way - spot, axis=1)) < radius + 0.08 + gap:
            return False
        return all(np.linalg.norm(spot - other) > radius + size + gap for other, size in self.taken)


def _way_taken(launch: Launch) -> Vector:
    """Along the launch's direction from the start: where the launcher and the launched object will be, m."""
    if launch.launcher is None:
        return np.zeros(1)
    ahead = BELT_M if launch.launcher == "conveyor" else 2.5 * float(np.linalg.norm(launch.velocity))
    return np.linspace(-BEHIND[launch.launcher], ahead, 60, dtype=np.float64)


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
        shadows=options.shadows,
    )


def _holds(container: str, count: int) -> bool:
    """Whether so many things have room in it, side by side."""
    zone = catalogue.load(container).zone
    if container == "placemat" or zone is None:
        return False
    x, y = zone.half if zone.half is not None else (zone.radius or 0.0,) * 2
    return count == 1 or 4 * x * y >= count * ROOM_M2
