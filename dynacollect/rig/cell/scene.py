"""The cell as a MuJoCo model: room, table, arm, cameras' mounts, and the objects of one episode.

Contact settings: the elliptic cone with a high impratio and a few no-slip iterations keep held objects from creeping
out of the fingers and let sliding ones decelerate at mu*g; see `objects.mjcf` and `arms.mjcf`.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arms.mjcf import ArmHandle, add_arm, set_physics
from ..arms.model import ArmModel
from ..objects import catalogue
from ..objects.mjcf import SOLREF, add_object, set_contact_options
from . import looks
from .episode_plan import EpisodePlan, Scenery
from .grip_contacts import stiffen
from .plates import add_plate
from .rolling import rolling_way, slope_run
from .table import TABLE_X, TABLE_Y, belt_length

FLOOR_Z = -0.76
WALLS = (
    ("back", (-1.6, 0.2, 0.6), (0.05, 2.6, 1.4)),
    ("front", (2.6, 0.2, 0.6), (0.05, 2.6, 1.4)),
    ("left", (0.5, 2.6, 0.6), (2.2, 0.05, 1.4)),
    ("right", (0.5, -2.2, 0.6), (2.2, 0.05, 1.4)),
)
TABLE_THICKNESS = 0.03
RIM = (0.012, 0.022)
"""Half thickness and height of the table's rim, which keeps rolling objects from falling off, m."""
BELT_HEIGHT = 0.008
BELT_WIDTH = 0.15
WALL_BEYOND_M = (0.05, 0.16)
"""How far behind the crossing the wall of a bounce stands."""
RAMP_ANGLE = np.deg2rad(18.0)
SHADOW_PX = 1024
"""Side of the lamp's shadow map."""
EDGE_SAMPLES = 4
"""Samples per pixel that smooth edges; with the shadow map, most of what a picture costs."""
BOARD_DETAIL = 2
"""While boards are shown, pictures are rendered so many times larger and shrunk: that smooths what is printed as well
as edges, and puts both to a fiftieth of a pixel where they are."""
TARGET = "target"
WRIST_CAMERA = np.array([-0.075, 0.0, 0.025])
"""The wrist camera's lens in the hand frame, m."""
EYE = "eye"
"""The one camera of the model; whoever renders puts it where it looks from."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A compiled model and where things are in it."""

    model: mujoco.MjModel
    arm: ArmHandle
    bodies: dict[str, str]
    """Name in the plan (`target`, `target1`, `distractor0`, `container`) -> object name."""


def build(plan: EpisodePlan, arm: ArmModel, timestep: float) -> Scene:
    """The scene of one episode, compiled."""
    spec = mujoco.MjSpec()
    _options(spec, timestep)
    if plan.plates:
        _add_detail(spec)
    _room(spec, plan.scenery)
    _table(spec, plan.scenery)
    handle = add_arm(spec, arm)
    bodies = _objects(spec, plan)
    stiffen(spec, handle, bodies, plan, arm.gripper.pad_friction)
    _launcher(spec, plan)
    for plate in plan.plates:
        add_plate(spec, plate, arm, handle)
    spec.worldbody.add_camera(name=EYE)
    return Scene(spec.compile(), handle, bodies)


def _options(spec: mujoco.MjSpec, timestep: float) -> None:
    set_physics(spec)
    set_contact_options(spec)
    spec.option.timestep = timestep
    spec.visual.global_.offwidth = 1920
    spec.visual.global_.offheight = 1200
    spec.visual.quality.shadowsize = SHADOW_PX
    spec.visual.quality.offsamples = EDGE_SAMPLES
    spec.visual.quality.numslices = 18
    spec.visual.quality.numstacks = 8
    spec.visual.map.znear = 0.02
    spec.visual.map.zfar = 12.0
    spec.visual.map.shadowclip = 1.0
    spec.visual.map.shadowscale = 0.45
    spec.stat.extent = 1.0
    spec.stat.center = np.array([0.4, 0.0, 0.1])


def _add_detail(spec: mujoco.MjSpec) -> None:
    spec.visual.global_.offwidth *= BOARD_DETAIL
    spec.visual.global_.offheight *= BOARD_DETAIL
    spec.visual.quality.offsamples = 0


def _surface(spec: mujoco.MjSpec, name: str, look: str, seed: int, repeat: tuple[float, float], shine: float) -> str:
    image = looks.texture(look, seed)
    height, width, _ = image.shape
    kind = mujoco.mjtTexture.mjTEXTURE_2D
    spec.add_texture(name=name, type=kind, width=width, height=height, nchannel=3).data = image.tobytes()
    material = spec.add_material(name=name, texrepeat=repeat, specular=shine, shininess=0.4, texuniform=False)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name


def _room(spec: mujoco.MjSpec, scenery: Scenery) -> None:
    world = spec.worldbody
    colour = looks.lamp_colour(scenery.kelvin)
    strength = 0.34 + 0.30 * (scenery.lumen - 150.0) / 600.0
    aim = np.array([0.45, 0.0, 0.0]) - np.array(scenery.lamp)
    world.add_light(
        name="lamp", pos=scenery.lamp, dir=aim / np.linalg.norm(aim), diffuse=colour * strength,
        specular=colour * 0.2, cutoff=75.0, exponent=2.0, castshadow=scenery.shadows,
    )  # fmt: skip
    world.add_light(
        name="ceiling", type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, pos=(0, 0, 3), dir=(-0.45, -0.4, -1),
        diffuse=(0.22, 0.22, 0.23), castshadow=False,
    )  # fmt: skip
    spec.visual.headlight.ambient = np.array([0.31, 0.31, 0.32])
    spec.visual.headlight.diffuse = np.array([0.05, 0.05, 0.05])
    spec.visual.headlight.specular = np.zeros(3)
    floor = _surface(spec, "floor", scenery.floor, scenery.seed + 1, (4, 4), 0.1)
    wall = _surface(spec, "wall", scenery.wall, scenery.seed + 2, (2, 1), 0.0)
    plane = mujoco.mjtGeom.mjGEOM_PLANE
    world.add_geom(name="floor", type=plane, size=(4, 4, 0.1), pos=(0.5, 0.2, FLOOR_Z), material=floor)
    for name, centre, half in WALLS:
        world.add_geom(
            name=f"wall_{name}", type=mujoco.mjtGeom.mjGEOM_BOX, size=half, pos=centre, material=wall,
            contype=0, conaffinity=0,
        )  # fmt: skip


def _table(spec: mujoco.MjSpec, scenery: Scenery) -> None:
    top = _surface(spec, "table", scenery.table, scenery.seed, (1, 1), 0.15)
    world, box = spec.worldbody, mujoco.mjtGeom.mjGEOM_BOX
    centre = np.array([np.mean(TABLE_X), np.mean(TABLE_Y)])
    half = np.array([np.ptp(TABLE_X), np.ptp(TABLE_Y)]) / 2
    world.add_geom(
        name="table", type=box, size=(*half, TABLE_THICKNESS / 2), pos=(*centre, -TABLE_THICKNESS / 2), material=top,
        friction=(0.5, 0.003, 0.00001), condim=4, priority=0,
    )  # fmt: skip
    metal = (0.55, 0.56, 0.58, 1)
    thick, height = RIM
    for name, offset, size in (
        ("rim_far", (half[0], 0), (thick, half[1])),
        ("rim_near", (-half[0], 0), (thick, half[1])),
        ("rim_left", (0, half[1]), (half[0], thick)),
        ("rim_right", (0, -half[1]), (half[0], thick)),
    ):
        place = centre + np.array(offset)
        world.add_geom(
            name=name, type=box, size=(*size, height / 2 + 0.01), pos=(*place, height / 2 - 0.01), rgba=metal
        )
    for x in (-1, 1):
        for y in (-1, 1):
            foot = centre + np.array([x, y]) * (half - 0.06)
            world.add_geom(
                type=box, size=(0.025, 0.025, -FLOOR_Z / 2), pos=(*foot, FLOOR_Z / 2 - TABLE_THICKNESS), rgba=metal,
                contype=0, conaffinity=0,
            )  # fmt: skip


def _objects(spec: mujoco.MjSpec, plan: EpisodePlan) -> dict[str, str]:
    bodies: dict[str, str] = {}
    groups = {
        TARGET: plan.targets,
        "distractor": plan.distractors,
        "container": (plan.container,) if plan.container else (),
    }
    for group, members in groups.items():
        for index, placed in enumerate(members):
            name = group if group == "container" else f"{group}{index}"
            pose = placed.T_base_object
            if group == TARGET and index == 0 and plan.launch.launcher == "conveyor":
                pose = RigidTransform.from_translation([0, 0, BELT_HEIGHT]) * pose
            if group == TARGET and index == 0 and plan.launch.launcher == "ramp":
                pose = ramp_start(plan) * pose
            add_object(spec, catalogue.load(placed.object), name, pose, friction_scale=placed.friction_scale)
            bodies[name] = placed.object
    return bodies


def ramp_run(plan: EpisodePlan) -> float:
    """Length of slope that gives the target its speed, m."""
    return slope_run(catalogue.load(plan.targets[0].object), plan.speed, float(RAMP_ANGLE))


def ramp_start(plan: EpisodePlan) -> RigidTransform:
    """Moves the target from the foot of the ramp to its starting place up the slope."""
    run = ramp_run(plan)
    rise = np.array([0.0, 0.0, run * np.sin(RAMP_ANGLE) + 0.002])
    return RigidTransform.from_translation(rise - plan.launch.way * run * np.cos(RAMP_ANGLE))


def _launcher(spec: mujoco.MjSpec, plan: EpisodePlan) -> None:
    launch = plan.launch
    if launch.launcher is None:
        return
    start = np.asarray(plan.targets[0].T_base_object.translation)
    way = launch.way
    heading = Rotation.from_euler("z", float(np.arctan2(way[1], way[0])))
    if launch.launcher == "conveyor":
        _belt(spec, start, way, heading)
    elif launch.launcher == "ramp":
        _ramp(spec, start, heading, ramp_run(plan))
    if launch.motion == "bounce":
        beyond = 0.4 * rolling_way(catalogue.load(plan.targets[0].object), plan.speed)
        _wall(spec, launch.crossing + way * np.clip(beyond, *WALL_BEYOND_M), heading)


def _belt(spec: mujoco.MjSpec, start: np.ndarray, way: np.ndarray, heading: Rotation) -> None:
    """A strip whose body moves under the object while its place stays: the launcher sets its speed each step.

    Its foam (a high rolling friction) holds what is round.
    """
    length = belt_length(start, way)
    centre = start + way * (length / 2 - 0.09)
    body = spec.worldbody.add_body(
        name="belt", pos=(centre[0], centre[1], BELT_HEIGHT / 2), quat=heading.as_quat(scalar_first=True)
    )
    body.add_joint(name="belt", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=(1, 0, 0))
    body.add_geom(
        name="belt", type=mujoco.mjtGeom.mjGEOM_BOX, size=(length / 2, BELT_WIDTH / 2, BELT_HEIGHT / 2 - 0.0005),
        rgba=(0.24, 0.31, 0.34, 1), mass=50.0, friction=(1.0, 0.003, 0.01), condim=6, priority=2, solref=SOLREF,
    )  # fmt: skip
    # It would drag on the table and its rim.
    spec.add_exclude(bodyname1="world", bodyname2="belt")


def _ramp(spec: mujoco.MjSpec, start: np.ndarray, heading: Rotation, run: float) -> None:
    tilt = heading * Rotation.from_euler("y", RAMP_ANGLE)
    length = run + 0.08
    top = tilt.apply([-length / 2, 0, 0]) + np.array([start[0], start[1], 0.0])
    centre = top - tilt.apply([0, 0, 0.004])
    spec.worldbody.add_geom(
        name="ramp", type=mujoco.mjtGeom.mjGEOM_BOX, size=(length / 2, 0.07, 0.004), pos=centre,
        quat=tilt.as_quat(scalar_first=True), rgba=(0.80, 0.62, 0.30, 1), condim=4,
    )  # fmt: skip


def _wall(spec: mujoco.MjSpec, place: np.ndarray, heading: Rotation) -> None:
    turned = heading * Rotation.from_euler("z", 35, degrees=True)
    spec.worldbody.add_geom(
        name="bumper", type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.01, 0.12, 0.025), pos=(place[0], place[1], 0.025),
        quat=turned.as_quat(scalar_first=True), rgba=(0.75, 0.25, 0.2, 1), priority=2, friction=(0.2, 0.003, 0.00001),
        solref=(-4000, -20), solimp=(0.95, 0.95, 0.001, 0.5, 2),
    )  # fmt: skip
