"""Pictures of objects in the cell with what each of them shows: the room, light, cameras, arm and places are drawn.

They are taken by hand from the world, with nothing moving: one scene is built once and then seen in many ways.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ...rig.arms import arm as arm_model
from ...rig.arms.kinematics import forward
from ...rig.arms.model import ArmModel
from ...rig.camera_model import CameraModel, look_at
from ...rig.cell.episode_plan import EpisodePlan, Placed
from ...rig.cell.eye import Eye
from ...rig.cell.plan import draw
from ...rig.cell.sensor import Flaws, Sensor
from ...rig.cell.world import Snapshot, World
from ...rig.config_cell import CellEpisodes, CellSensor
from ...rig.nouns import Image, Vector
from ...rig.objects import ObjectModel, catalogue
from ...rig.stage import Request

LAYOUTS, VIEWS = 8, 2
"""Of each scene."""
PICTURES = LAYOUTS * VIEWS
THINGS, OTHERS = 8, 3
"""In a scene at most, of the wanted objects and of others that are to be told from them."""
ARMS = ("franka-panda", "franka-fr3", "piper")
ON_BELT = 0.3
"""Share of scenes with a belt on the table."""
AWAY = np.array([-6.0, 0.0, 1.0])
GONE, ALOFT = 0.15, 0.2
"""Shares of things that a layout leaves out, and that hang in the air, turned anyhow: lifted, thrown or falling."""
ROOM_X, ROOM_Y, ALOFT_M = (0.22, 0.85), (-0.45, 0.45), (0.03, 0.35)
CLOSE = 0.8
"""Of the sum of their radii, how near two things may stand; nearer ones would be inside each other."""
TIMESTEP_S = 0.002


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """What a camera sees."""

    image: Image
    shown: tuple[tuple[str, NDArray[np.bool_]], ...]
    """(object, its visible pixels), one for each thing of the wanted kinds that is seen at all."""


def pictures(names: Sequence[str], seed: int, width: int, height: int) -> Iterator[Picture]:
    """The `PICTURES` of one scene with objects of these names; the same for the same arguments."""
    rng = np.random.default_rng([seed, 0xDE7])
    arm = arm_model(str(rng.choice(ARMS)))
    world = World(_plan(rng, arm, names, seed), arm, TIMESTEP_S, 0.0, 0.0)
    eye, sensor = Eye(world), _sensor(rng, width, height)
    try:
        for _ in range(LAYOUTS):
            shot = _layout(rng, world)
            for _ in range(VIEWS):
                yield _seen(rng, eye, shot, sensor, set(names))
    finally:
        eye.close()


def _plan(rng: np.random.Generator, arm: ArmModel, names: Sequence[str], seed: int) -> EpisodePlan:
    """A drawn room with things that are put down later."""
    on_belt = rng.random() < ON_BELT
    request = Request(speed=0.3 if on_belt else 0.0, launcher="conveyor" if on_belt else None, distractors=())
    plan = draw(seed, arm, CellEpisodes(), request)
    wanted = [str(name) for name in rng.permutation(np.resize(np.array(names), max(THINGS, len(names))))[:THINGS]]
    unlike = [name for name in catalogue.names() if name not in names]
    others = [str(name) for name in rng.permutation(unlike)[:OTHERS]]
    more = tuple(Placed(name, _away(number)) for number, name in enumerate((*wanted, *others)))
    return replace(plan, distractors=more, pushes=())


def _away(number: int) -> RigidTransform:
    """Out of sight, each thing by itself."""
    return RigidTransform.from_translation(AWAY + np.array([0.0, 0.5 * number, 0.0]))


def _layout(rng: np.random.Generator, world: World) -> Snapshot:
    """The things in new places, and the arm somewhere over the table."""
    shot = world.snapshot(world.time)
    shot.qpos[world.joint_addresses] = _arm_pose(rng, world.arm)
    taken: list[tuple[Vector, float]] = []
    for number, (key, name) in enumerate(world.scene.bodies.items()):
        placed = _place(rng, catalogue.load(name), taken)
        pose = _away(number) if placed is None else placed
        address = int(world.model.joint(f"{key}/free").qposadr[0])
        shot.qpos[address : address + 3] = pose.translation
        shot.qpos[address + 3 : address + 7] = pose.rotation.as_quat(scalar_first=True)
    return replace(shot, light=float(rng.uniform(0.6, 1.25)))


def _place(rng: np.random.Generator, model: ObjectModel, taken: list[tuple[Vector, float]]) -> RigidTransform | None:
    """On the table beside what stands there, or in the air; `None` where it is left out."""
    kind = rng.random()
    turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi)) * model.rests[int(rng.integers(len(model.rests)))]
    if model.symmetry.kind == "sphere" or kind > 1 - ALOFT:
        turn = Rotation.random(rng=rng)
    radius = float(np.linalg.norm(model.footprint(turn), axis=1).max())
    for _ in range(0 if kind < GONE else 20):
        spot = np.array([rng.uniform(*ROOM_X), rng.uniform(*ROOM_Y)])
        if all(np.linalg.norm(spot - other) > CLOSE * (radius + size) for other, size in taken):
            taken.append((spot, radius))
            lift = rng.uniform(*ALOFT_M) if kind > 1 - ALOFT else 0.0
            return RigidTransform.from_components([*spot, model.rest_height_in(turn) + lift], turn)
    return None


def _arm_pose(rng: np.random.Generator, arm: ArmModel) -> Vector:
    """Joints near home with the tool over the table."""
    for _ in range(30):
        joints = np.clip(arm.home + rng.normal(0, 0.4, arm.joints), arm.lower, arm.upper)
        x, y, z = forward(arm, joints).translation
        if x > 0.15 and abs(y) < 0.5 and 0.02 < z < 0.5:
            return joints
    return arm.home.copy()


def _sensor(rng: np.random.Generator, width: int, height: int) -> Sensor:
    """A lens and a chip."""
    focal, usual, noise = width * rng.uniform(0.45, 1.0), CellSensor(), rng.uniform(0.5, 3.0)
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    model = CameraModel("camera", width, height, K, rng.uniform(0, 2) * np.array(usual.distortion))
    return Sensor(model, usual.vignetting, noise * usual.shot_noise, noise * usual.read_noise, int(rng.integers(2**31)))


def _viewpoint(rng: np.random.Generator) -> RigidTransform:
    """T_base_camera of one that looks at the table, from anywhere but behind the arm."""
    target = np.array([rng.uniform(0.35, 0.65), rng.uniform(-0.2, 0.2), 0.03])
    azimuth, elevation = rng.uniform(-2.4, 2.4), np.deg2rad(rng.uniform(12.0, 70.0))
    ray = np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
    roll = Rotation.from_euler("z", rng.normal(0, 0.04))
    return look_at(target + rng.uniform(0.5, 1.2) * ray, target) * RigidTransform.from_rotation(roll)


def _seen(rng: np.random.Generator, eye: Eye, shot: Snapshot, sensor: Sensor, names: set[str]) -> Picture:
    view = _viewpoint(rng), sensor.render_size, sensor.render_focal
    flaws = Flaws(
        defocus_px=float(max(0.0, rng.normal(0.3, 0.4))), tint=tuple(rng.uniform(0.9, 1.1, 3)),
        gain=float(rng.uniform(0.7, 1.3)),
    )  # fmt: skip
    image = sensor.expose([eye.see(shot, *view)], int(rng.integers(2**31)), flaws)
    bodies, world = eye.masks(shot, *view), eye.world
    numbers = {key: world.model.body(key).id for key, name in world.scene.bodies.items() if name in names}
    seen = set(np.unique(bodies))
    masks = (
        (world.scene.bodies[key], sensor.warped_mask(bodies == number))
        for key, number in numbers.items()
        if number in seen
    )
    return Picture(image, tuple((name, mask) for name, mask in masks if mask.any()))
