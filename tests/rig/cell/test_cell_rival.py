"""A rival keeps beside the target at its own speed; a knock turns what rolls."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.cell.episode_plan import RIVAL, EpisodePlan
from dynacollect.rig.cell.plan import draw
from dynacollect.rig.cell.world import World
from dynacollect.rig.config_cell import CellEpisodes
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.stage import Request

ROBOTS = ("franka-panda", "piper")


def planned(seed: int, request: Request) -> EpisodePlan:
    return draw(seed, arm(ROBOTS[seed % 2]), CellEpisodes(), request)


def moving(plan: EpisodePlan, seed: int) -> World:
    world = World(plan, arm(ROBOTS[seed % 2]), 0.002, 0.0, 0.0)
    world.launch()
    return world


def velocities(world: World, since: float) -> np.ndarray:
    """(launched, 2) over the table, so long after the motion began."""
    world.step_until((world.launcher.starts_at or 0.0) + since)
    return np.array([world.data.qvel[each.dof : each.dof + 2] for each in world.launchers])


@pytest.mark.parametrize("seed", range(12))
def test_a_rival_is_the_like_of_the_target_on_a_lane_beside_it(seed: int) -> None:
    plan = planned(seed, Request(speed=0.3, rival=0.15))
    target, rival = plan.targets[0], plan.distractors[0]
    assert rival.object == target.object and rival.friction_scale == target.friction_scale
    assert plan.rival is not None and plan.rival.launcher == plan.launch.launcher == "push"
    assert plan.rival.way == pytest.approx(plan.launch.way) and plan.rival.speed == pytest.approx(0.15)
    apart = rival.T_base_object.translation - target.T_base_object.translation
    assert abs(np.cross(plan.launch.way, apart)[2]) > 0.1


@pytest.mark.parametrize("seed", range(4))
def test_both_move_at_once_each_at_its_own_speed(seed: int) -> None:
    plan = planned(seed, Request(speed=0.4, rival=0.2, distractors=()))
    world = moving(plan, seed)
    assert np.abs(velocities(world, -0.02)).max() < 1e-3
    first, second = velocities(world, 0.2)
    assert first @ plan.launch.way[:2] == pytest.approx(0.4, rel=0.1)
    assert second @ plan.launch.way[:2] == pytest.approx(0.2, rel=0.1)


def test_a_rival_that_stands_may_be_of_any_kind() -> None:
    plans = [planned(seed, Request(speed=0.3, rival=0.0)) for seed in range(12)]
    assert all(plan.distractors[0].object == plan.targets[0].object and plan.rival is None for plan in plans)
    assert len({plan.targets[0].object for plan in plans}) > 5


def test_a_rival_beside_a_still_target_or_on_a_belt_is_refused() -> None:
    with pytest.raises(DynacollectError, match="ask for a speed"):
        planned(0, Request(speed=0.0, rival=0.3))
    with pytest.raises(DynacollectError, match="ask for push"):
        planned(0, Request(target="tennis_ball", speed=0.3, rival=0.3, launcher="conveyor"))
    with pytest.raises(DynacollectError, match="only what rolls straight"):
        planned(0, Request(target="cube", speed=0.3, rival=0.3))


@pytest.mark.parametrize("seed", range(6))
def test_a_knock_turns_what_rolls(seed: int) -> None:
    plan = planned(seed, Request(speed=0.25, motion="knocked", distractors=()))
    (knock,) = plan.pushes
    world = moving(plan, seed)
    before, after = velocities(world, knock.after - 0.01)[0], velocities(world, knock.after + 0.01)[0]
    turned = np.arccos(before @ after / np.linalg.norm(before) / np.linalg.norm(after))
    assert turned > np.radians(35)
    assert after == pytest.approx(before + knock.velocity[:2], abs=0.03)


def test_only_what_was_asked_for_is_launched() -> None:
    plan = planned(3, Request())
    assert plan.rival is None and [each.key for each in plan.launched] == ["target0"]
    assert [each.key for each in planned(3, Request(speed=0.3, rival=0.2)).launched] == ["target0", RIVAL]
