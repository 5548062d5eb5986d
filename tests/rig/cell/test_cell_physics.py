"""Laws that the cell's own scene must obey: Coulomb's, rolling without slip, and a firm grip."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.arms import ArmModel, arm, kinematics
from dynacollect.rig.cell.plan import draw
from dynacollect.rig.cell.rolling import roll_factor
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.cell.world import World
from dynacollect.rig.config_cell import CellEpisodes
from dynacollect.rig.nouns import Grip, SetPoints, Vector
from dynacollect.rig.objects import catalogue
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Request

G = 9.81


def slowing(name: str, speed: float, seed: int, down_to: float) -> tuple[float, World]:
    """Deceleration of an object set off at `speed` in the cell, m/s2, and the world."""
    robot = arm("franka-panda")
    request = Request(target=name, speed=speed, launcher="push", distractors=())
    world = World(draw(seed, robot, CellEpisodes(friction=(0.3, 0.5)), request), robot, 0.002, 0.0, 0.0)
    world.launch()
    dof = world.launcher.dof
    world.step_until((world.launcher.starts_at or 0.0) + 0.18)
    found = []
    while not found or found[-1][1] > down_to * found[0][1]:
        found.append((world.time, float(np.hypot(*world.data.qvel[dof : dof + 2]))))
        world.step_until(world.time + 0.002)
    times, speeds = np.array(found).T
    return -float(np.polyfit(times, speeds, 1)[0]), world


@pytest.mark.parametrize("seed", range(4))
def test_a_sliding_object_slows_by_mu_g(seed: int) -> None:
    found, world = slowing("cuboid", 0.7, seed, 0.2)
    mu = catalogue.load("cuboid").friction * world.plan.targets[0].friction_scale
    assert found == pytest.approx(mu * G, rel=0.03)


@pytest.mark.parametrize(
    ("name", "within"), [("tennis_ball", 0.1), ("orange", 0.1), ("roll", 0.1), ("can", 0.6), ("beer_can", 0.6)]
)
def test_a_rolling_object_slows_by_its_rolling_resistance(name: str, within: float) -> None:
    """Cylinders lose more: the ends of their line of contact rub on the table."""
    found, _ = slowing(name, 0.5, 1, 0.6)
    model = catalogue.load(name)
    assert found == pytest.approx(model.rolling_resistance * G / roll_factor(model), rel=within)


def joints_for(robot: ArmModel, goal: RigidTransform, seed: Vector) -> Vector:
    """Damped least squares from `seed`."""
    joints = seed.copy()
    for _ in range(200):
        tool = kinematics.forward(robot, joints)
        turn = (goal.rotation * tool.rotation.inv()).as_rotvec()
        error = np.concatenate([goal.translation - tool.translation, 0.2 * turn])
        jacobian = kinematics.jacobian(robot, joints) * np.repeat([1.0, 0.2], 3)[:, None]
        joints += jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + 1e-5 * np.eye(6), error)
    return joints


def move(rig: Rig, to: Vector, seconds: float, grip: Grip) -> None:
    """Smoothly to these joints, and wait there for the delay of the command and the gripper."""
    share = np.linspace(0.0, 1.0, int(seconds / 0.02) + 1)[:, None]
    begin = rig.feel().joints
    path = begin + (to - begin) * share**3 * (10 - 15 * share + 6 * share**2)
    rig.arm.command(SetPoints(rig.clock.now() + 0.02 * np.arange(len(path), dtype=np.float64), path, grip))
    end = rig.clock.now() + seconds + 0.1
    while rig.clock.now() < end:
        rig.clock.wait_until(rig.clock.now() + 0.04)
        rig.feel()


def grasp(rig: Rig, truth: Truth, force: float) -> None:
    """Over the still target, down, close, and up."""
    robot, home = rig.arm.model, kinematics.forward(rig.arm.model, rig.arm.model.home)
    place = truth.objects()["target0"].position
    over, at = (
        joints_for(robot, RigidTransform.from_components([place[0], place[1], z], home.rotation), robot.home)
        for z in (0.2, max(place[2], 2 * place[2] - 0.03, 0.02))
    )
    hand, closed = Grip(robot.gripper.max_width, force), Grip(0.0, force)
    move(rig, over, 1.2, hand)
    move(rig, at, 1.0, hand)
    move(rig, at, 1.3, closed)
    move(rig, over, 1.0, closed)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rig_name", "name"),
    [("cell", "can"), ("cell", "tennis_ball"), ("cell-fr3", "lemon"), ("cell-piper", "tennis_ball")],
)
def test_held_objects_stay_in_the_fingers(rig_name: str, name: str, opened: Callable[..., Rig]) -> None:
    with opened(name=rig_name, cameras=("opst_cam",)) as rig:
        rig.stage.prepare(3, Request(target=name, speed=0.0, distractors=()))
        truth, force = Truth(rig), 30.0
        rig.clock.wait_until(0.3)
        assert not truth.held()
        grasp(rig, truth, force)
        assert truth.held()
        assert truth.picked().success is True
        assert rig.feel().gripper_force == pytest.approx(force, rel=0.15)

        def place() -> Vector:
            return np.asarray((truth.tool_pose().inv() * truth.objects()["target0"].T_base_object).translation)

        begin = place()
        swing = rig.feel().joints + np.eye(rig.arm.model.joints)[0] * 0.5
        back = rig.feel().joints
        for goal in (swing, back, swing, back):
            move(rig, goal, 1.0, Grip(0.0, force))
        assert np.linalg.norm(place() - begin) < 0.003
        assert {fault.name for fault in rig.arm.health().faults} == set()
        move(rig, back, 0.8, Grip(rig.arm.model.gripper.max_width, force))
        assert not truth.held()
