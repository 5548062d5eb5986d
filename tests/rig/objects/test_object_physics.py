"""Objects in MuJoCo: they lie still, slide by Coulomb's law, roll by theirs, and lie inside containers."""

import mujoco
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.objects import ObjectModel, load, names
from dynacollect.rig.objects.mjcf import add_object, set_contact_options

G = 9.81


def table() -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    set_contact_options(spec)
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[5, 5, 0.1], friction=[0.1, 0.001, 0.0001])
    return spec


def lying(model: ObjectModel, rest: Rotation, above: float = 0.0) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = table()
    height = model.rest_height_in(rest) + above
    add_object(spec, model, "thing", RigidTransform.from_components([0, 0, height], rest))
    world = spec.compile()
    return world, mujoco.MjData(world)


def run(world: mujoco.MjModel, data: mujoco.MjData, seconds: float) -> None:
    for _ in range(round(seconds / world.opt.timestep)):
        mujoco.mj_step(world, data)


@pytest.mark.parametrize("name", names(kind=None))
def test_dropped_it_lies_where_it_should(name: str) -> None:
    model = load(name)
    for rest in model.rests:
        world, data = lying(model, rest, above=0.005)
        assert world.body("thing").mass[0] == pytest.approx(model.mass)
        run(world, data, 1.2)
        assert data.qpos[2] == pytest.approx(model.rest_height_in(rest), abs=0.001)
        assert np.hypot(*data.qpos[:2]) < 0.002
        assert np.linalg.norm(data.qvel[:3]) < 0.002
        turned = Rotation.from_quat(data.qpos[3:], scalar_first=True) * rest.inv()
        assert turned.magnitude() < np.radians(3)


def test_inertia_arrives_in_mujoco() -> None:
    model = load("hammer")
    world, _ = lying(model, Rotation.identity())
    body = world.body("thing")
    axes = Rotation.from_quat(body.iquat, scalar_first=True).as_matrix()
    assert np.allclose(axes @ np.diag(body.inertia) @ axes.T, model.inertia, rtol=1e-6)


@pytest.mark.parametrize(("name", "rest"), [("sponge", 0), ("cuboid", 1), ("plate", 0), ("placemat", 0)])
@pytest.mark.parametrize("heading", [0.0, 0.4, np.pi / 4])
def test_sliding_loses_mu_g(name: str, rest: int, heading: float) -> None:
    model = load(name)
    world, data = lying(model, model.rests[rest])
    run(world, data, 0.2)
    data.qvel[:2] = np.array([np.cos(heading), np.sin(heading)])
    steps = 0
    while np.hypot(*data.qvel[:2]) > 0.05:
        mujoco.mj_step(world, data)
        steps += 1
    loss = (1.0 - np.hypot(*data.qvel[:2])) / (steps * world.opt.timestep)
    assert loss == pytest.approx(model.friction * G, rel=0.03)


@pytest.mark.parametrize("name", ["tennis_ball", "ping_pong_ball", "orange"])
def test_rolling_loses_little_and_by_its_coefficient(name: str) -> None:
    model = load(name)
    radius = model.rolling_radius
    rest = Rotation.from_euler("y", 90, degrees=True)
    world, data = lying(model, rest)
    run(world, data, 0.2)
    # The orange's flatter sides make it roll about its own axis, which points along x here.
    moment = model.mass * radius**2 + float(model.inertia[2, 2])
    data.qvel[1], data.qvel[3:6] = 0.4, rest.inv().apply([-0.4 / radius, 0, 0])
    run(world, data, 0.1)
    start = data.qvel[1]
    run(world, data, 0.5)
    loss = (start - data.qvel[1]) / 0.5
    assert data.qvel[1] > 0.2
    assert loss == pytest.approx(model.rolling_resistance * G * model.mass * radius**2 / moment, rel=0.02)


@pytest.mark.parametrize("container", names(kind="container"))
def test_a_dropped_egg_stays_in_the_zone(container: str) -> None:
    holder, egg = load(container), load("egg")
    spec = table()
    add_object(spec, holder, "holder", RigidTransform.from_translation([0, 0, holder.rest_height]), free=False)
    add_object(spec, egg, "egg", RigidTransform.from_translation([0.015, 0.01, holder.rest_height + 0.06]))
    world = spec.compile()
    data = mujoco.MjData(world)
    run(world, data, 1.5)
    assert holder.zone is not None
    assert holder.zone.contains(data.body("egg").xpos - data.body("holder").xpos)


def test_two_of_a_kind_share_their_assets() -> None:
    spec = table()
    for index in range(2):
        add_object(spec, load("cup"), f"cup{index}", RigidTransform.from_translation([0.2 * index, 0, 0.1]))
    world = spec.compile()
    assert world.ntex == 1
    assert [world.body(f"cup{index}").mass[0] for index in range(2)] == [load("cup").mass] * 2
    assert world.geom("cup1/solid0").condim[0] == 6
