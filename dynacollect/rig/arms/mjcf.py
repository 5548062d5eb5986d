"""An arm as a MuJoCo model: links placed by its DH table, stiff joint servos, a two-finger gripper with real friction.

The physics assumes what `set_physics` sets: 2 ms steps of `implicitfast`, elliptic friction cones with `impratio` 10,
and 3 `noslip` iterations. With other options the servos may ring and a held object may creep out of the fingers. The
steps themselves let a held object drift outward in a turn, at half a step times its centripetal acceleration: 0.5 mm/s
at 1 rad/s and 0.5 m.

Joint servos take joint angles (rad) and cancel gravity by themselves, as real arms do. They trail a moving set-point by
`SERVO_LAG` times its speed. The grip actuator takes the width (m); its `actuator_forcerange` is the force on each pad
and may be set while running. To press with a force, command a width below the object's: the servo gives
`GRIP_STIFFNESS` newtons per metre that the fingers are kept from going, up to that range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..nouns import Vector
from .kinematics import link_poses
from .model import ArmModel, Link, Shape

SERVO_LAG = 0.0042
"""Seconds by which a joint trails a set-point that moves evenly."""
SERVO_DAMPING = 0.8
"""Damping ratio of a joint servo at the arm's home."""
GRIP_STIFFNESS = 20000.0
"""Newtons per metre of width."""

_LOOKS, _HULLS = 2, 3
_OBJECTS, _SHOULDER_SIDE = 1, 2
"""Contact bits. Everything takes contact from objects; wrist and hand also from the base, shoulder and upper arm."""
_FINGER_ARMATURE = 0.3
_SHAPES = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
}


@dataclass(frozen=True, slots=True)
class ArmHandle:
    """The names of an arm's parts in the MuJoCo model."""

    joints: tuple[str, ...]
    actuators: tuple[str, ...]
    """One position servo per joint, rad."""
    grip: str
    """Position servo of the width, m; its force range is the force on each pad, N."""
    fingers: tuple[str, str]
    """The finger joints, left and right; each is half the width."""
    pads: tuple[str, str]
    """The pads' geoms, left and right."""
    tool: str
    """Site."""
    flange: str
    """Site."""
    hand: str
    """Body at the flange with the tool's axes; a wrist camera goes on it."""
    base: str
    """Body."""


def set_physics(spec: mujoco.MjSpec) -> None:
    """Set the solver options that servos and gripper assume."""
    spec.option.timestep = 0.002
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.option.noslip_iterations = 3


def arm_spec(arm: ArmModel) -> mujoco.MjSpec:
    """The arm alone on a table, base at the origin, with the physics it assumes."""
    spec = mujoco.MjSpec()
    spec.modelname = arm.name
    set_physics(spec)
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1.5, 1.5, 0.1], rgba=[0.6, 0.58, 0.55, 1.0]
    )
    add_arm(spec, arm)
    return spec


def add_arm(spec: mujoco.MjSpec, arm: ArmModel, name: str = "arm", T: RigidTransform | None = None) -> ArmHandle:
    """Stand the arm in the world with its base frame at `T`, and name its parts `name/...`."""
    handle = _handle(arm, name)
    hand = _add_bodies(spec, arm, handle, RigidTransform.identity() if T is None else T)
    _add_servos(spec, arm, handle)
    _add_gripper(spec, hand, arm, handle)
    return handle


def _handle(arm: ArmModel, name: str) -> ArmHandle:
    numbers = range(1, arm.joints + 1)
    return ArmHandle(
        joints=tuple(f"{name}/joint{i}" for i in numbers),
        actuators=tuple(f"{name}/servo{i}" for i in numbers),
        grip=f"{name}/grip",
        fingers=(f"{name}/finger_left", f"{name}/finger_right"),
        pads=(f"{name}/pad_left", f"{name}/pad_right"),
        tool=f"{name}/tool",
        flange=f"{name}/flange",
        hand=f"{name}/hand",
        base=f"{name}/base",
    )


def _add_bodies(spec: mujoco.MjSpec, arm: ArmModel, handle: ArmHandle, T: RigidTransform) -> mujoco.MjsBody:
    """The base, one body per joint, and the hand with its sites; returns the hand."""
    body = spec.worldbody.add_body(name=handle.base, **_pose(T))
    _furnish(body, arm.links[0], _SHOULDER_SIDE, _OBJECTS)
    poses = link_poses(arm, np.zeros(arm.joints))
    unit = np.rad2deg(1.0) if spec.compiler.degree else 1.0
    for i, joint in enumerate(handle.joints):
        body = body.add_body(name=joint.replace("joint", "link"), **_pose(poses[i].inv() * poses[i + 1]))
        body.add_joint(
            name=joint,
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            range=[unit * arm.lower[i], unit * arm.upper[i]],
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=arm.max_torque[i] / 400.0,
            damping=arm.max_torque[i] / 400.0,
        )
        _furnish(body, arm.links[i + 1], *_bits(i, arm.joints))
    hand = body.add_body(name=handle.hand, gravcomp=1.0, **_pose(arm.T_last_flange * arm.T_flange_hand))
    hand.add_site(name=handle.flange, size=[0.004] * 3, group=4, **_pose(arm.T_flange_hand.inv()))
    hand.add_site(name=handle.tool, size=[0.004] * 3, group=4, **_pose(arm.T_flange_hand.inv() * arm.T_flange_tool))
    return hand


def _bits(joint: int, joints: int) -> tuple[int, int]:
    """Contact type and affinity of the link that moves with the joint: neighbours never touch each other."""
    if joint < 2:
        return _SHOULDER_SIDE, _OBJECTS
    return 0, _OBJECTS | _SHOULDER_SIDE if joint >= joints - 2 else _OBJECTS


def _furnish(body: mujoco.MjsBody, link: Link, contype: int, conaffinity: int) -> None:
    """Give a body its mass, looks and hulls, and cancel its weight."""
    body.gravcomp = 1.0
    _set_inertia(body, link.mass, link.centre, link.inertia)
    _add_looks(body, link.shapes)
    _add_hulls(body, link.hulls, contype, conaffinity)


def _set_inertia(body: mujoco.MjsBody, mass: float, centre: Sequence[float], inertia: Sequence[float]) -> None:
    body.explicitinertial = True
    body.mass = mass
    body.ipos = list(centre)
    body.inertia = list(inertia)


def _add_looks(body: mujoco.MjsBody, shapes: Sequence[Shape], turn: Rotation | None = None) -> None:
    for shape in shapes:
        body.add_geom(
            group=_LOOKS, contype=0, conaffinity=0, mass=0.0, rgba=[*shape.colour, 1.0], **_geometry(shape, turn)
        )


def _add_hulls(
    body: mujoco.MjsBody, shapes: Sequence[Shape], contype: int, conaffinity: int, turn: Rotation | None = None
) -> None:
    for shape in shapes:
        body.add_geom(
            group=_HULLS,
            contype=contype,
            conaffinity=conaffinity,
            mass=0.0,
            rgba=[0.9, 0.4, 0.2, 0.35],
            **_geometry(shape, turn),
        )


def _geometry(shape: Shape, turn: Rotation | None = None) -> dict[str, object]:
    """A geom's type, size and place; `turn` is applied about the body's origin."""
    spin = turn or Rotation.identity()
    kind = _SHAPES[shape.kind]
    if shape.ends is not None:
        ends = spin.apply(np.asarray(shape.ends))
        return {"type": kind, "size": [shape.size[0], 0.0, 0.0], "fromto": ends.ravel().tolist()}
    pose = RigidTransform.from_rotation(spin) * RigidTransform.from_components(
        shape.position, Rotation.from_quat(shape.quaternion_xyzw)
    )
    size = [*shape.size, 0.0, 0.0][:3]
    return {"type": kind, "size": size, **_pose(pose)}


def _pose(T: RigidTransform) -> dict[str, list[float]]:
    return {"pos": T.translation.tolist(), "quat": T.rotation.as_quat(scalar_first=True).tolist()}


def _add_gripper(spec: mujoco.MjSpec, hand: mujoco.MjsBody, arm: ArmModel, handle: ArmHandle) -> None:
    """Two fingers that a tendon drives by their width and an equality keeps in step."""
    gripper = arm.gripper
    _set_inertia(hand, gripper.mass, gripper.centre, gripper.inertia)
    _add_looks(hand, gripper.shapes)
    _add_hulls(hand, gripper.hulls, 0, _OBJECTS | _SHOULDER_SIDE)
    half_turn = Rotation.from_euler("z", np.pi)
    for i, turn in enumerate((Rotation.identity(), half_turn)):
        _add_finger(hand, arm, handle.fingers[i], handle.pads[i], turn)
    spec.add_equality(
        name=f"{handle.grip}_in_step",
        type=mujoco.mjtEq.mjEQ_JOINT,
        name1=handle.fingers[0],
        name2=handle.fingers[1],
        data=[0.0, 1.0] + [0.0] * 10,
        solref=[0.004, 1.0],
        solimp=[0.99, 0.999, 0.001, 0.5, 2.0],
    )
    tendon = spec.add_tendon(name=f"{handle.grip}_width")
    for finger in handle.fingers:
        tendon.wrap_joint(finger, 1.0)
    force = gripper.max_force
    actuator = spec.add_actuator(
        name=handle.grip,
        trntype=mujoco.mjtTrn.mjTRN_TENDON,
        target=tendon.name,
        ctrllimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        ctrlrange=[0.0, gripper.max_width],
        forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
        forcerange=[-force, force],
    )
    moving = 0.5 * (gripper.finger_mass + _FINGER_ARMATURE)
    actuator.set_to_position(kp=GRIP_STIFFNESS, kv=2.0 * np.sqrt(GRIP_STIFFNESS * moving))


def _add_finger(hand: mujoco.MjsBody, arm: ArmModel, name: str, pad: str, turn: Rotation) -> None:
    """One finger; its body's origin is the middle of the gripping face and stays parallel to the hand."""
    gripper = arm.gripper
    height = arm.T_flange_tool.translation[2] + gripper.pad_offset
    body = hand.add_body(name=name, pos=[0.0, 0.0, height], gravcomp=1.0)
    body.add_joint(
        name=name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=turn.apply([0.0, 1.0, 0.0]).tolist(),
        range=[0.0, 0.5 * gripper.max_width],
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        armature=_FINGER_ARMATURE,
    )
    thick, across, along = gripper.pad
    mass = gripper.finger_mass
    inertia = [mass * (along**2), mass * (along**2), mass * (across**2)]
    _set_inertia(body, mass, turn.apply([0.0, 0.012, -0.02]).tolist(), inertia)
    _add_looks(body, gripper.finger_shapes, turn)
    _add_hulls(body, gripper.finger_hulls, 0, _OBJECTS | _SHOULDER_SIDE, turn)
    body.add_geom(
        name=pad,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[across, thick, along],
        pos=turn.apply([0.0, thick, 0.0]).tolist(),
        mass=0.0,
        group=_HULLS,
        contype=0,
        conaffinity=_OBJECTS | _SHOULDER_SIDE,
        condim=4,
        priority=2,
        solmix=1000.0,
        friction=[gripper.pad_friction, 0.01, 0.0001],
        solref=[0.004, 1.0],
        solimp=[0.8, 0.9, 0.001, 0.5, 2.0],
        rgba=[0.2, 0.2, 0.2, 1.0],
    )


def _add_servos(spec: mujoco.MjSpec, arm: ArmModel, handle: ArmHandle) -> None:
    for i, (joint, servo) in enumerate(zip(handle.joints, handle.actuators, strict=True)):
        torque = arm.max_torque[i]
        stiffness = _stiffness(arm)[i]
        actuator = spec.add_actuator(
            name=servo,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            target=joint,
            ctrllimited=mujoco.mjtLimited.mjLIMITED_TRUE,
            ctrlrange=[arm.lower[i], arm.upper[i]],
            forcelimited=mujoco.mjtLimited.mjLIMITED_TRUE,
            forcerange=[-torque, torque],
        )
        actuator.set_to_position(kp=stiffness, kv=SERVO_LAG * stiffness)


@lru_cache(maxsize=16)
def _stiffness(arm: ArmModel) -> Vector:
    """N m / rad per joint, so that inertia at home, lag and damping ratio fit together."""
    spec = mujoco.MjSpec()
    handle = _handle(arm, "arm")
    _add_gripper(spec, _add_bodies(spec, arm, handle, RigidTransform.identity()), arm, handle)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[: arm.joints] = arm.home
    mujoco.mj_forward(model, data)
    inertia = np.zeros((model.nv, model.nv))
    mujoco.mj_fullM(model, data, inertia)
    bandwidth = 2.0 * SERVO_DAMPING / SERVO_LAG
    return np.diag(inertia)[: arm.joints] * bandwidth**2
