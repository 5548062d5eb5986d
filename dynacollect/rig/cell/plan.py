"""What happens in one episode of the cell, drawn from a seed before anything moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

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
from .episode_plan import EpisodePlan, Launch, Placed, Scenery
from .launcher_choice import choose_launcher, must_roll
from .pushes import draw_knocks, draw_pushes
from .reach import catchable, reachable
from .rival import draw_rival
from .rolling import rolling_pose, rolling_way, rolls_straight
from .self_launch import can_sweep
from .table import BELT_M, MARGIN, TABLE_X, TABLE_Y, belt_length, on_table

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
        first = Placed(target.name, RigidTransform.from_components(start, rest))
        plan = _laid(seed, rng, arm, names, first, launch, options, request)
        if plan is not None:
            return plan
    raise DynacollectError(f"no free places on the table of {arm.name} for all of {names}; ask for fewer objects")


def _laid(
    seed: int, rng: np.random.Generator, arm: ArmModel, names: _Names, first: Placed, launch: Launch,
    options: CellEpisodes, request: Request,
) -> EpisodePlan | None:  # fmt: skip
    """The episode around this launch; None where there is no room for it."""
    knocks = draw_knocks(rng, arm, first, launch) if launch.motion == "knocked" else ()
    rival = draw_rival(rng, first, launch, request.rival) if request.rival else None
    if knocks is None or (request.rival and rival is None):
        return None
    lanes = [(first, launch), *([rival] if rival else [])]
    others = _lay_out(rng, _Table(rng, arm, lanes), names, options)
    if others is None:
        return None
    first = replace(first, friction_scale=_friction(rng, options, first.object))
    pushes = (*knocks, *draw_pushes(rng, options))
    number = request.room if options.room is None else options.room
    room = rng if number is None else np.random.default_rng([number, 0x200])
    scenery = _draw_scenery(room, options)
    plan = EpisodePlan(
        seed, (first, *others.targets), others.distractors, others.container, launch, pushes, scenery=scenery
    )
    if rival is None:
        return plan
    second = replace(rival[0], friction_scale=first.friction_scale)
    return replace(plan, distractors=(second, *plan.distractors), rival=rival[1])


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
    rolls = must_roll(motion, request)
    first = request.target or next((name for name in graspable if not rolls or _rolls(name)), None)
    if first is None or (rolls and not _rolls(first)):
        what, how = first or "none of the chosen objects", motion if motion != "straight" else "beside a rival"
        raise DynacollectError(f"{what} cannot move {how}: only what rolls straight does; choose one, as tennis_ball")
    targets = [first, *(name for name in graspable if name != first)][: request.several]
    rest = [str(name) for name in rng.permutation(list(allowed)) if name not in targets]
    low, high = options.distractors
    distractors = request.distractors if request.distractors is not None else rest[: int(rng.integers(low, high + 1))]
    if request.rival == 0.0:
        distractors = (first, *distractors)
    container = request.container
    if container is None and (request.place or request.several > 1):
        container = str(
            rng.choice([name for name in catalogue.names(kind="container") if _holds(name, request.several)])
        )
    return _Names(tuple(targets), tuple(distractors), container)


def _fits_hand(arm: ArmModel, name: str) -> bool:
    return arm.name in catalogue.load(name).graspable_by


def _rolls(name: str) -> bool:
    return rolls_straight(catalogue.load(name))


def _draw_speed(rng: np.random.Generator, options: CellEpisodes, request: Request) -> float:
    low, high = options.speed_m_s
    drawn = 0.0 if low == 0.0 and rng.random() < options.still_share else float(rng.uniform(low, high))
    return drawn if request.speed is None else request.speed


def _friction(rng: np.random.Generator, options: CellEpisodes, name: str) -> float:
    """The drawn friction coefficient over the object's own."""
    return float(rng.uniform(*options.friction)) / catalogue.load(name).friction


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
        fits = _fits(arm, launcher, start, crossing, speed) and (slides or catchable(arm, start, way, speed))
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
    """Finds free places: away from the ways of launched objects, from each other, and from the arm's foot."""

    def __init__(self, rng: np.random.Generator, arm: ArmModel, lanes: Sequence[tuple[Placed, Launch]]) -> None:
        self.rng, self.arm = rng, arm
        self.way = np.concatenate([_way_taken(placed, launch) for placed, launch in lanes])
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


def _way_taken(placed: Placed, launch: Launch) -> Vector:
    """(n, 2) points of the table where the launcher and the launched object will be, m."""
    start = placed.T_base_object.translation[:2]
    if launch.launcher is None:
        return start[None]
    ahead = BELT_M if launch.launcher == "conveyor" else 2.5 * launch.speed
    along = np.linspace(-BEHIND[launch.launcher], ahead, 60, dtype=np.float64)
    return start + along[:, None] * launch.way[:2]


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
