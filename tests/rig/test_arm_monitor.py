"""The arm's health on synthetic motion: every anomaly in its time, none without one."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.arm_monitor import ArmMonitor
from dynacollect.rig.arms.franka import PANDA
from dynacollect.rig.arms.model import ArmModel
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.nouns import ArmState, Fault, Grip, SetPoints

RATE = 200.0
ARMS = pytest.mark.parametrize("model", [PANDA, PIPER], ids=lambda model: model.name)
Change = Callable[[ArmState, float], ArmState]


class Motion:
    """Smooth random motion about the middle of the joints' ranges at up to 60 % of the top speed, forever."""

    def __init__(self, model: ArmModel, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._rate = rng.uniform(0.5, 3.0, (4, model.joints))
        self._phase = rng.uniform(0.0, 2.0 * np.pi, (4, model.joints))
        reach = np.minimum(0.6 * model.max_velocity / self._rate.sum(0), 0.1 * (model.upper - model.lower))
        self._size = reach * np.ones((4, 1))
        self._centre = 0.5 * (model.lower + model.upper)

    def at(self, time: float) -> np.ndarray:
        return self._centre + (self._size * np.sin(self._rate * time + self._phase)).sum(0)


def run(
    monitor: ArmMonitor,
    seconds: float,
    change: Change | None = None,
    grip: Callable[[float], Grip | None] = lambda _: None,
    seed: int = 0,
) -> Iterator[tuple[float, list[str]]]:
    """Follow the motion with a plan every 40 ms; yields the time and the names of the faults at each feedback."""
    model, motion, rng = monitor.model, Motion(monitor.model, seed), np.random.default_rng(seed)
    width, asked = model.gripper.max_width, model.gripper.max_width
    ready_at = 0.0
    for index in range(round(seconds * RATE)):
        time = index / RATE
        if index % 8 == 0:
            times = np.array([time + 0.02 * step for step in range(10)])
            order = grip(time)
            monitor.commanded(SetPoints(times, np.array([motion.at(t) for t in times]), order))
            if order is not None and order.width != asked:
                asked, ready_at = order.width, time + model.gripper.delay
        if time >= ready_at:
            width += np.clip(asked - width, -model.gripper.speed / RATE, model.gripper.speed / RATE)
        joints = motion.at(max(0.0, time - model.command_delay)) + rng.normal(0.0, 2e-4, model.joints)
        torque = model.max_torque * (0.25 * np.sin(joints) + rng.normal(0.0, 0.02, model.joints))
        state = ArmState(
            joints, np.zeros(model.joints), torque, RigidTransform.identity(), float(width), 0.0, time, time + 0.004
        )
        monitor.saw(change(state, time) if change else state, 40.0)
        yield time, [fault.name for fault in monitor.health(time + 0.004).faults]


def first_seen(steps: Iterator[tuple[float, list[str]]], name: str) -> float:
    return next((time for time, names in steps if name in names), float("inf"))


def after(start: float, change: Callable[[ArmState], ArmState]) -> Change:
    return lambda state, time: change(state) if time >= start else state


@pytest.mark.slow
@ARMS
def test_no_false_alarm_in_a_minute_of_motion(model: ArmModel) -> None:
    monitor = ArmMonitor(model, feedback_hz=RATE)
    wide = model.gripper.max_width

    def grip(time: float) -> Grip:
        return Grip((wide, 0.0, 0.5 * wide, 0.6 * wide)[int(time / 2.5) % 4], 20.0)

    for _, names in run(monitor, 60.0, grip=grip, seed=3):
        assert names == []
    health = monitor.health(60.0)
    assert health.rate_hz == pytest.approx(RATE, rel=0.02)
    assert health.tracking_error < 0.02
    assert health.external_torque < 0.3
    assert health.temperature_c == 40.0


@ARMS
@pytest.mark.parametrize(
    ("name", "within", "change"),
    [
        ("all_zero", 0.32, lambda state: replace(state, joints=np.zeros_like(state.joints))),
        ("tracking", 0.22, lambda state: replace(state, joints=state.joints + 0.15)),
        ("torn", 0.01, lambda state: replace(state, joints=state.joints + 0.2 * (np.arange(len(state.joints)) == 1))),
        ("disturbed", 0.02, lambda state: replace(state, joint_torque=state.joint_torque * 0 + 2.0 * 12.0)),
        ("gripper_opened_itself", 0.12, lambda state: replace(state, gripper_width=state.gripper_width + 0.02)),
    ],
)
def test_found_in_time(model: ArmModel, name: str, within: float, change: Callable[[ArmState], ArmState]) -> None:
    monitor = ArmMonitor(model, feedback_hz=RATE)
    closed = Grip(0.0, 20.0)
    assert first_seen(run(monitor, 6.0, after(4.0, change), lambda _: closed), name) - 4.0 <= within


@ARMS
def test_frozen_feedback(model: ArmModel) -> None:
    held: list[np.ndarray] = []

    def freeze(state: ArmState) -> ArmState:
        held.append(state.joints)
        return replace(state, joints=held[0])

    assert first_seen(run(ArmMonitor(model, feedback_hz=RATE), 5.0, after(2.0, freeze)), "frozen") <= 2.5
    held.clear()
    late = [names for _, names in run(ArmMonitor(model, feedback_hz=RATE), 8.0, after(2.0, freeze))][-200:]
    assert sum("frozen" in names for names in late) > 150


def test_one_torn_sample_is_shown_for_a_second() -> None:
    def tear(state: ArmState, time: float) -> ArmState:
        return replace(state, joints=state.joints + 0.3) if time == 2.0 else state

    seen = [time for time, names in run(ArmMonitor(PIPER, feedback_hz=RATE), 5.0, tear) if "torn" in names]
    assert seen[0] == 2.0
    assert 2.9 < seen[-1] < 3.1


def test_clamped_feedback() -> None:
    def clamp(state: ArmState) -> ArmState:
        joints = state.joints.copy()
        joints[3] = PIPER.upper[3]
        return replace(state, joints=joints)

    assert first_seen(run(ArmMonitor(PIPER, feedback_hz=RATE), 4.0, after(2.0, clamp)), "clamped") <= 2.12


def test_a_knock_is_remembered_until_verified() -> None:
    monitor = ArmMonitor(PANDA, feedback_hz=RATE)

    def knock(state: ArmState, time: float) -> ArmState:
        return replace(state, joint_torque=state.joint_torque - 2.2 * PANDA.max_torque) if 2.0 <= time < 2.05 else state

    steps = list(run(monitor, 8.0, knock))
    assert steps[-1][1] == ["disturbed"]
    monitor.verified()
    assert monitor.health(8.0).faults == ()


def test_silence_is_stale_and_so_is_an_arm_that_never_spoke() -> None:
    monitor = ArmMonitor(PANDA, feedback_hz=RATE)
    list(run(monitor, 1.0))
    assert monitor.health(1.05).faults == ()
    assert [fault.name for fault in monitor.health(1.06).faults] == ["stale"]
    mute = ArmMonitor(PANDA)
    assert mute.health(5.0).faults == ()
    assert [fault.name for fault in mute.health(5.1).faults] == ["stale"]
    slow = ArmMonitor(PANDA, feedback_hz=10.0)
    list(run(slow, 1.0))
    assert slow.health(1.25).faults == ()
    assert [fault.name for fault in slow.health(1.31).faults] == ["stale"]


def test_the_arms_own_fault_comes_first() -> None:
    reflex = Fault("reflex", "joint reflex", needs_person=False)
    monitor = ArmMonitor(PANDA, feedback_hz=RATE)
    list(run(monitor, 3.0, after(1.0, lambda state: replace(state, joints=state.joints + 0.3, fault=reflex))))
    names = [fault.name for fault in monitor.health(3.0).faults]
    assert names[0] == "reflex"
    assert "tracking" in names


def test_heat() -> None:
    monitor = ArmMonitor(PANDA)
    state = ArmState(PANDA.home, PANDA.home, PANDA.home, RigidTransform.identity(), 0.0, 0.0, 1.0, 1.0)
    monitor.saw(state, 76.0)
    assert [fault.name for fault in monitor.health(1.0).faults] == ["hot"]


@pytest.mark.parametrize("goal", [0.0, 0.06])
def test_jammed_fingers(goal: float) -> None:
    """They stay at 30 mm whatever they are told."""
    monitor = ArmMonitor(PANDA, feedback_hz=RATE)
    stuck = lambda state, _: replace(state, gripper_width=0.03)  # noqa: E731
    told = lambda time: Grip(goal, 30.0) if time >= 1.0 else None  # noqa: E731
    expected = 1.0 + PANDA.gripper.closing_time(max(0.03, goal), min(0.03, goal)) + 0.5
    assert first_seen(run(monitor, 5.0, stuck, told), "gripper_jammed") == pytest.approx(expected, abs=0.02)


def test_a_held_object_is_no_jam_and_an_empty_hand_no_fault() -> None:
    def held(state: ArmState, time: float) -> ArmState:
        return replace(state, gripper_width=0.03, gripper_force=25.0)

    told = lambda time: Grip(0.0, 30.0) if time >= 1.0 else None  # noqa: E731
    for change in (held, None):
        for _, names in run(ArmMonitor(PANDA, feedback_hz=RATE), 5.0, change, told):
            assert names == []


def test_no_set_point_counts_after_a_stop() -> None:
    monitor = ArmMonitor(PANDA, feedback_hz=RATE)
    list(run(monitor, 1.0, after(0.5, lambda state: replace(state, joints=state.joints + 0.3))))
    assert "tracking" in [fault.name for fault in monitor.health(1.0).faults]
    monitor.stopped()
    state = ArmState(PANDA.home, PANDA.home, PANDA.home, RigidTransform.identity(), 0.0, 0.0, 3.0, 3.0)
    monitor.saw(state)
    monitor.recovered()
    assert "tracking" not in [fault.name for fault in monitor.health(3.0).faults]
    assert monitor.health(3.0).recoveries == 1
