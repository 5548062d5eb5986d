"""Launched objects go where and as fast as planned; objects at rest stay at rest."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.cell.episode_plan import EpisodePlan
from dynacollect.rig.cell.plan import draw
from dynacollect.rig.cell.rolling import rolls_straight
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.cell.world import World
from dynacollect.rig.config_cell import CellEpisodes, Launcher, Motion
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import catalogue
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Request


@dataclass
class Flight:
    """What the target did, from its launch on: time, position, velocity."""

    plan: EpisodePlan
    time: np.ndarray
    position: np.ndarray
    velocity: np.ndarray

    @property
    def along(self) -> np.ndarray:
        start = np.asarray(self.plan.targets[0].T_base_object.translation)
        return (self.position - start)[:, :2] @ self.plan.launch.way[:2]

    @property
    def speed(self) -> np.ndarray:
        return self.velocity[:, :2] @ self.plan.launch.way[:2]

    @property
    def miss(self) -> float:
        return float(np.hypot(*(self.position[:, :2] - self.plan.launch.crossing[:2]).T).min())


def fly(plan: EpisodePlan, seconds: float, robot: str = "franka-panda") -> Flight:
    world = World(plan, arm(robot), 0.002, 0.0, 0.0)
    world.launch()
    start, launcher = world.launcher.starts_at or 0.0, world.launcher
    rows = []
    while world.time < start + seconds:
        world.step_until(world.time + 0.01)
        rows.append([world.time - start, *world.data.qpos[launcher.adr : launcher.adr + 3]])
        rows[-1].extend(world.data.qvel[launcher.dof : launcher.dof + 3])
    table = np.array(rows)
    table = table[table[:, 0] > 0]
    return Flight(plan, table[:, 0], table[:, 1:4], table[:, 4:])


def planned(seed: int, launcher: Launcher, motion: Motion = "straight", robot: str = "franka-panda") -> EpisodePlan:
    options = CellEpisodes(launchers=(launcher,), motions=(motion,), still_share=0.0, speed_m_s=(0.15, 0.75))
    return draw(seed, arm(robot), options, Request(distractors=()))


LAUNCHERS: tuple[Launcher, ...] = ("push", "ramp", "conveyor")
SEEDS: list[tuple[Launcher, int]] = [(launcher, seed) for seed in range(16) for launcher in LAUNCHERS]
LONG = [pytest.param(*pair, marks=pytest.mark.long) for pair in SEEDS[12:]]


@pytest.mark.slow
@pytest.mark.parametrize(("launcher", "seed"), [*SEEDS[:12], *LONG])
def test_speed_and_way_are_as_planned(launcher: Launcher, seed: int) -> None:
    plan = planned(seed, launcher, robot=("franka-panda", "piper")[seed % 2])
    launcher = plan.launch.launcher or launcher
    flight = fly(plan, 3.2, ("franka-panda", "piper")[seed % 2])
    model = catalogue.load(plan.targets[0].object)
    if launcher == "conveyor":
        speed = np.median(
            flight.speed[(flight.time > 0.1 + plan.speed / 2) & (flight.along < 0.7 * flight.along.max())]
        )
    elif launcher == "push":
        speed = flight.speed[flight.time < 0.2].max()
    else:
        speed = flight.speed[flight.along > 0.02].max()
    assert speed == pytest.approx(plan.speed, rel=0.2 if launcher == "ramp" else 0.1)
    if launcher == "conveyor" or rolls_straight(model):
        assert flight.miss < 0.03


def test_every_launcher_and_many_objects_are_among_them() -> None:
    plans = [planned(seed, launcher) for launcher, seed in SEEDS]
    assert {plan.launch.launcher for plan in plans} == {"push", "ramp", "conveyor"}
    assert len({plan.targets[0].object for plan in plans}) >= 8


def resting(seed: int) -> None:
    """One second before any launch: nothing moves, falls or leaps."""
    robot = arm(("franka-panda", "piper", "franka-fr3")[seed % 3])
    options = (
        CellEpisodes(),
        CellEpisodes(split="unseen", textures="unseen", distractors=(4, 8)),
        CellEpisodes(motions=("curved", "accelerating", "bounce"), still_share=0.0),
    )[seed // 3 % 3]
    world = World(draw(seed, robot, options, Request(place=seed % 2 == 0)), robot, 0.002, 0.0, 0.0)
    addresses = {key: int(world.model.joint(f"{key}/free").qposadr[0]) for key in world.scene.bodies}
    before = {key: world.data.qpos[adr : adr + 3].copy() for key, adr in addresses.items()}
    fastest = 0.0
    while world.time < 1.0:
        world.step_until(world.time + 0.02)
        fastest = max(fastest, *world.object_speeds(world.snapshot(world.time)))
    moved = {key: np.linalg.norm(world.data.qpos[adr : adr + 3] - before[key]) for key, adr in addresses.items()}
    assert max(moved.values()) < 0.002, {key: (world.scene.bodies[key], way) for key, way in moved.items()}
    assert fastest < 0.2
    assert min(world.data.qpos[adr + 2] for adr in addresses.values()) > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(9))
def test_what_rests_stays(seed: int) -> None:
    resting(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [12, pytest.param(100, marks=pytest.mark.long)])
def test_nothing_explodes_in_many_seeds(seeds: int) -> None:
    for seed in range(1000, 1000 + seeds):
        resting(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_curved_paths_curve(seed: int) -> None:
    flight = fly(planned(seed, "push", "curved"), 1.0)
    window = (flight.time > 0.25) & (flight.time < 0.75)
    heading = np.unwrap(np.arctan2(flight.velocity[window, 1], flight.velocity[window, 0]))
    turned = (heading[-1] - heading[0]) * np.median(np.hypot(*flight.velocity[window, :2].T)) / 0.5
    assert turned == pytest.approx(flight.plan.launch.bend, rel=0.2, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("launcher", ["push", "conveyor"])
def test_accelerating_objects_gain_speed(launcher: Launcher) -> None:
    gains = []
    for seed in range(6):
        plan = planned(seed, launcher, "accelerating")
        if plan.launch.launcher == "push" and not rolls_straight(catalogue.load(plan.targets[0].object)):
            continue
        flight = fly(plan, 1.4)
        early, late = (np.searchsorted(flight.time, at) for at in (0.6, 1.2))
        gains.append((flight.speed[late] - flight.speed[early]) / 0.6)
    assert np.median(gains) == pytest.approx(0.15, abs=0.05)


@pytest.mark.parametrize("seed", range(3))
def test_bouncing_objects_come_off_the_wall(seed: int) -> None:
    options = CellEpisodes(launchers=("push",), motions=("bounce",), still_share=0.0, speed_m_s=(0.35, 0.75))
    flight = fly(draw(seed, arm("franka-panda"), options, Request(distractors=())), 3.0)
    moving = np.hypot(*flight.velocity[:, :2].T) > 0.05
    heading = np.arctan2(flight.velocity[:, 1], flight.velocity[:, 0])[moving & (flight.time > 0.2)]
    turn = np.abs((heading - heading[0] + np.pi) % (2 * np.pi) - np.pi)
    assert turn.max() > np.deg2rad(30)


@pytest.mark.parametrize("name", ["tennis_ball", "cube"])
def test_perturbing_pushes_change_the_velocity_by_as_much(name: str) -> None:
    options = CellEpisodes(perturbation_m_s=0.3)
    plan = draw(1, arm("franka-panda"), options, Request(target=name, speed=0.3, launcher="push", distractors=()))
    world = World(plan, arm("franka-panda"), 0.002, 0.0, 0.0)
    world.launch()
    push, start = plan.pushes[0], world.launcher.starts_at or 0.0
    assert 0.5 <= push.after <= 1.0
    speeds = []
    for moment in (push.after - 0.004, push.after + 0.005):
        world.step_until(start + moment)
        speeds.append(world.data.qvel[world.launcher.dof : world.launcher.dof + 2].copy())
    change = speeds[1] - speeds[0]
    assert change == pytest.approx(push.velocity[:2], abs=0.3 * float(np.linalg.norm(push.velocity)))


def test_unseen_means_unseen() -> None:
    seen, unseen = CellEpisodes(), CellEpisodes(split="unseen", textures="unseen")
    robot = arm("franka-panda")
    first, second = ([draw(seed, robot, options) for seed in range(30)] for options in (seen, unseen))
    for key in (lambda plan: plan.targets[0].object, lambda plan: plan.scenery.table, lambda plan: plan.scenery.wall):
        assert not {key(plan) for plan in first} & {key(plan) for plan in second}
    assert {catalogue.load(plan.targets[0].object).split for plan in second} == {"unseen"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 5])
def test_the_arm_launches_by_itself(seed: int, opened: Callable[..., Rig]) -> None:
    with opened(cameras=("opst_cam",)) as rig:
        staged = rig.stage.prepare(seed, Request(target="tennis_ball", launcher="self", speed=0.3, distractors=()))
        assert staged.launcher == "self"
        truth = Truth(rig)
        rig.clock.wait_until(0.2)
        rig.stage.launch()
        due, fastest, moved_at = truth.started_at, 0.0, None
        assert due is not None
        while rig.clock.now() < due + 4.0:
            rig.clock.wait_until(rig.clock.now() + 0.02)
            rig.feel()
            speed = float(truth.objects()["target0"].velocity @ truth.plan.launch.way)
            fastest = max(fastest, speed)
            moved_at = rig.clock.now() if moved_at is None and speed > 0.05 else moved_at
        assert fastest == pytest.approx(0.3, rel=0.3)
        assert moved_at == pytest.approx(due, abs=0.25)
        assert rig.feel().gripper_width == pytest.approx(rig.arm.model.gripper.max_width, abs=0.002)


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (Request(target="cube", launcher="ramp", speed=0.3), "cube does not roll down a ramp"),
        (Request(target="cube", motion="curved"), "cube cannot move curved: only what rolls straight does"),
        (Request(target="tennis_ball", motion="bounce", launcher="conveyor", speed=0.3), "launches no bounce motion"),
        (Request(target="marker", launcher="self", speed=0.3), "cannot shove marker"),
        (Request(target="cube", speed=5.0), "no straight path at 5.00 m/s"),
        (Request(target="cubee"), "did you mean 'cube'"),
    ],
)
def test_what_cannot_be_staged_is_refused(request_: Request, sentence: str) -> None:
    with pytest.raises(DynacollectError, match=sentence):
        draw(0, arm("franka-panda"), None, request_)


def test_cameras_that_are_to_see_it_do_before_the_launch() -> None:
    """The second camera looks at the half of the table to the robot's left."""
    lens = np.array([[500.0, 0, 240], [0, 500, 180], [0, 0, 1]])
    above = (look_at(np.array([0.5, y, 1.3]), np.array([0.5, y, 0.0]), np.array([1.0, 0, 0])) for y in (0.0, 0.3))
    eyes = tuple(CameraModel("eye", 480, 360, lens, T_parent_camera=pose) for pose in above)
    options, outside = CellEpisodes(launchers=("push", "ramp", "conveyor")), 0
    for seed in range(30):
        for asked in ((), eyes):
            request = Request(distractors=(), speed=0.3, seen_by=asked)
            start = draw(seed, arm("franka-panda"), options, request).targets[0].T_base_object.translation
            shown = [eye.project(start)[0] for eye in eyes]
            inside = all((0 < u < 480) and (0 < v < 360) for u, v in shown)
            assert inside or not asked
            outside += not inside
    assert outside > 5
