"""What an action means to the arm: where the tool is five steps later, smoothly, within every limit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dynacollect.controllers.motion import Motion
from dynacollect.controllers.safety import Safety
from dynacollect.controllers.streaming.chunk import Chunk
from dynacollect.controllers.streaming.course import STEP_S
from dynacollect.controllers.streaming.executor import AHEAD
from dynacollect.controllers.streaming.stream import Action, Placed
from dynacollect.controllers.streaming.tool import Tool, by_width, open_or_shut
from dynacollect.rig.arms import arm as arm_model
from dynacollect.rig.arms import kinematics
from dynacollect.rig.config import load_rig
from dynacollect.rig.nouns import ArmState, Vector

ARM = arm_model("franka-panda")
LAG = 0.019
HOME = kinematics.forward(ARM, ARM.home)
TURN = HOME.rotation.as_euler("xyz")
Path = Callable[[float], Vector]


def waving(time: float) -> Vector:
    """Places (3,): from rest at home, a wave of a few cm, up to 0.5 m/s."""
    ease = min(1.0, time) ** 2
    return HOME.translation + ease * np.array(
        [0.06 * np.sin(4 * time), 0.1 * np.sin(4 * time), -0.05 * np.sin(3 * time)]
    )


def chunk_of(path: Path, made_at: int, shift: Vector | None = None) -> Chunk:
    """What a perfect policy says at a step, a little off where `shift` says so."""
    steps = made_at + AHEAD + np.arange(20)
    rows = np.array([[*path(STEP_S * step), *TURN, 1.0] for step in steps])
    rows[:, :3] += 0.0 if shift is None else shift
    return Chunk(rows, made_at, made_at)


class Arm:
    """Motion and safety with an arm that follows them, `LAG` late."""

    def __init__(self) -> None:
        self.motion, self.safety = Motion(ARM), Safety(load_rig("cell").safety, ARM)
        self.motion.start(ARM.home, 0.0)
        self.safety.start(ARM.home, 0.0)
        self.tool = Tool(self.motion, open_or_shut(ARM.gripper), LAG)
        self.refused: list[str] = []
        self.places: list[Vector] = []

    def step(self, number: int, action: Action | None) -> None:
        now = number * STEP_S
        joints, speed, _ = self.motion.commanded(now - LAG)
        pose = kinematics.forward(ARM, joints)
        self.places.append(np.asarray(pose.translation))
        state = ArmState(joints, speed, np.zeros(7), pose, 0.08, 0.0, now, now)
        wanted = self.motion.towards(self.tool.command(action, now), now)
        passed = self.safety.check(wanted, state, now, now)
        self.motion.adopt(passed.setpoints)
        self.refused += [stop.reason for stop in passed.interventions]


@pytest.mark.slow
def test_the_tool_is_where_an_action_says_five_steps_later() -> None:
    arm = Arm()
    for step in range(75):
        made_at = step - step % 6
        arm.step(step, Action(step, Placed(chunk_of(waving, made_at), made_at, made_at)))
    off = [np.linalg.norm(place - waving(step * STEP_S)) for step, place in enumerate(arm.places)]
    assert max(off) < 0.006 and np.median(off) < 0.002
    assert arm.refused == []


@pytest.mark.slow
def test_seams_between_chunks_that_disagree_stay_within_the_limits() -> None:
    arm, rng = Arm(), np.random.default_rng(3)
    chunks = [chunk_of(waving, 6 * number, rng.normal(0.0, 0.01, 3)) for number in range(13)]
    for step in range(75):
        chunk = chunks[step // 6]
        arm.step(step, Action(step, Placed(chunk, chunk.made_at, chunk.made_at)))
    # Safety refuses whatever breaks a limit of speed, acceleration or jerk, and every leap.
    assert arm.refused == []


@pytest.mark.slow
def test_without_actions_the_tool_comes_to_rest_without_hurry() -> None:
    arm = Arm()
    placed = Placed(chunk_of(waving, 15), 15, 15)
    for step in range(15, 30):
        arm.step(step, Action(step, placed))
    for step in range(30, 60):
        arm.step(step, None)
    speeds = np.linalg.norm(np.diff(arm.places, axis=0), axis=1) / STEP_S
    before, after = speeds[10:14].max(), speeds[15:]
    assert before > 0.2
    assert after.max() < 1.2 * before and np.all(after[12:] < 1e-3)
    assert np.linalg.norm(arm.places[-1] - waving(34 * STEP_S)) < 0.002, "at the last pose that it was told"
    assert arm.refused == []


@pytest.mark.slow
def test_an_arm_that_is_late_joins_the_chunk_where_it_can() -> None:
    def rushing(time: float) -> Vector:
        return HOME.translation + np.array([0.0, 0.5 * time, -0.2 * time])

    arm = Arm()
    placed = Placed(chunk_of(rushing, 0), 0, 0)
    for step in range(6, 20):
        arm.step(step, Action(step, placed))
    off = [np.linalg.norm(place - rushing(step * STEP_S)) for step, place in enumerate(arm.places, start=6)]
    assert off[0] > 0.1, "it stood while the chunk said that it was on its way"
    assert off[-1] < 0.005
    speeds = np.linalg.norm(np.diff(arm.places, axis=0), axis=1) / STEP_S
    assert speeds[-1] == pytest.approx(np.hypot(0.5, 0.2), rel=0.1), "and goes along"
    assert arm.refused == []


def test_fingers_are_told_wide_or_shut_or_a_width() -> None:
    simple, fine = open_or_shut(ARM.gripper), by_width(ARM.gripper)
    widest = ARM.gripper.max_width
    assert [simple(value).width for value in (-1.0, -0.1, 0.2, 1.0)] == [0.0, 0.0, widest, widest]
    assert [fine(value).width for value in (-1.3, -1.0, 0.0, 1.0, 1.2)] == [0.0, 0.0, widest / 2, widest, widest]
    assert ARM.gripper.min_force < simple(1.0).force < ARM.gripper.max_force
