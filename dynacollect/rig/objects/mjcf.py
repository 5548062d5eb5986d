"""Objects as MuJoCo bodies.

`set_contact_options` holds what the physics needs. With it, at a time step of 2 ms, a flat body that slides loses
mu g within 3 % in every direction, and a ball that rolls loses c g / (1 + I / (m r2)) within 1 %:
- the elliptic friction cone: the pyramidal one gives a diagonal slide 0.7 of its friction;
- impratio 10: with 1 a rolling ball loses a third less than it should, and resting objects creep by a millimetre per
  second on a slope; more than 10 gains nothing;
- over-damped contacts (SOLREF); the noslip solver is not needed.
Tall bodies whose friction exceeds half width over height of the centre of mass tip instead of sliding, as real ones do.

Object geoms have priority 1, so that their own friction and SOLREF count against whatever they touch; a gripper pad
that brings its own needs priority 2.
"""

from __future__ import annotations

import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from .model import ObjectModel, Solid

VISUAL_GROUP, SOLID_GROUP = 2, 3
TORSIONAL = 0.003
"""m; friction torque about the contact normal per newton: a contact patch of a few millimetres."""
SOLREF = [0.02, 1.5]
"""s and damping ratio of the contact: over-damped, or a sliding body chatters and loses up to 7 % of its friction."""
GEOMS = {
    "box": mujoco.mjtGeom.mjGEOM_BOX,
    "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "mesh": mujoco.mjtGeom.mjGEOM_MESH,
}


def set_contact_options(spec: mujoco.MjSpec) -> None:
    """Sets what makes sliding and rolling follow Coulomb's law."""
    spec.option.timestep = 0.002
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations = 50
    spec.option.tolerance = 1e-10


def _wxyz(rotation: Rotation) -> list[float]:
    x, y, z, w = rotation.as_quat()
    return [w, x, y, z]


def _inertial(body: mujoco.MjsBody, model: ObjectModel) -> None:
    moments, axes = np.linalg.eigh(model.inertia)
    if np.linalg.det(axes) < 0:
        axes[:, 0] *= -1
    body.explicitinertial = True
    body.mass, body.ipos = model.mass, [0.0, 0.0, 0.0]
    body.inertia, body.iquat = moments, _wxyz(Rotation.from_matrix(axes))


def _add_looks(spec: mujoco.MjSpec, body: mujoco.MjsBody, model: ObjectModel, name: str) -> None:
    asset = f"object/{model.name}"
    if spec.mesh(asset) is None:
        mesh = spec.add_mesh(name=asset)
        # The shell of a mesh always has an inertia; the body's own is given explicitly.
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        mesh.uservert, mesh.userface = model.vertices.ravel(), model.faces.ravel()
        mesh.usertexcoord, mesh.userfacetexcoord = model.texcoords.ravel(), model.face_texcoords.ravel()
        height, width, _ = model.texture.shape
        texture = spec.add_texture(
            name=asset, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
        )
        texture.data = model.texture.tobytes()
        material = spec.add_material(name=asset, specular=0.25, shininess=0.35)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = asset
    body.add_geom(
        name=f"{name}/looks",
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=asset,
        material=asset,
        group=VISUAL_GROUP,
        contype=0,
        conaffinity=0,
        mass=0.0,
    )


def _add_solid(
    spec: mujoco.MjSpec, body: mujoco.MjsBody, solid: Solid, name: str, asset: str, friction: list[float], rolls: bool
) -> None:
    geom = body.add_geom(
        name=name,
        type=GEOMS[solid.kind],
        pos=solid.position,
        quat=_wxyz(solid.rotation),
        group=SOLID_GROUP,
        rgba=[0.5, 0.5, 0.5, 0.0],
        condim=6 if rolls else 4,
        friction=friction,
        priority=1,
        solref=SOLREF,
        mass=0.0,
    )
    if solid.vertices is None:
        geom.size = [*solid.size, *[0.0] * (3 - len(solid.size))]
        return
    if spec.mesh(asset) is None:
        mesh = spec.add_mesh(name=asset)
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
        mesh.uservert = solid.vertices.ravel()
    geom.meshname = asset


def add_object(
    spec: mujoco.MjSpec,
    model: ObjectModel,
    name: str,
    T: RigidTransform | None = None,
    *,
    friction_scale: float = 1.0,
    free: bool = True,
) -> mujoco.MjsBody:
    """Adds the object as body `name` at T (world to object frame), free or fixed to the world.

    Geoms are `name/looks` (group 2) and `name/solid0`... (group 3, invisible). Its mesh, texture and material are
    shared between bodies of the same object.
    """
    pose = RigidTransform.identity() if T is None else T
    body = spec.worldbody.add_body(name=name, pos=pose.translation, quat=_wxyz(pose.rotation))
    if free:
        body.add_freejoint(name=f"{name}/free")
    _inertial(body, model)
    _add_looks(spec, body, model, name)
    friction = [model.friction * friction_scale, TORSIONAL, model.rolling_resistance * model.rolling_radius]
    for index, solid in enumerate(model.solids):
        asset = f"object/{model.name}/solid{index}"
        _add_solid(spec, body, solid, f"{name}/solid{index}", asset, friction, model.rolls)
    return body
