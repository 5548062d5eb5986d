"""Every episode of a suite is what the suite says, whatever the seed, the arm, and whoever controls it."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest

from dynacollect.controllers.streaming.latency import parse_latency
from dynacollect.datasets.instructions import descriptions
from dynacollect.rig.arms import arm
from dynacollect.rig.cell.episode_plan import EpisodePlan
from dynacollect.rig.cell.plan import draw
from dynacollect.rig.cell.rolling import rolling_drag
from dynacollect.rig.config import load_rig
from dynacollect.rig.config_cell import CellEpisodes
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import catalogue
from dynacollect.training.chunked import Streaming
from dynacollect.training.evaluation import Settings, request_of, seed_of
from dynacollect.training.noise import StateNoise
from dynacollect.training.suites.choosing import name_of, parse_suites, settings_for
from dynacollect.training.suites.instruction import instruction_of, present_in
from dynacollect.training.suites.paper import MEAN_SUCCESS, SUCCESS
from dynacollect.training.suites.table import APART, NOISE, PERTURBATION, SLOWEST, SUITES, UNSEEN
from dynacollect.training.trials import BINS

EPISODES = 8
RIGS = {"cell": 0.75, "cell-piper": 0.5}
"""Name and top speed."""


def settings_of(suite: str, rig: str = "cell", seed: int = 0) -> Settings:
    return settings_for(SUITES[suite], Settings(load_rig(rig), seed=seed, top_speed=RIGS[rig]))


@lru_cache
def plans(suite: str, rig: str, seed: int = 0) -> tuple[tuple[int, EpisodePlan], ...]:
    """Speed bin and plan."""
    settings = settings_of(suite, rig, seed)
    found = []
    for index in range(EPISODES):
        number, request = request_of(settings, index)
        plan = draw(seed_of(settings, index), arm(settings.rig.arm.model), settings.rig.cell.episodes, request)
        found.append((number, plan))
    return tuple(found)


def alone(plan: EpisodePlan) -> None:
    assert plan.launch.motion == "straight" and not plan.distractors and not plan.pushes


def knocked(plan: EpisodePlan) -> None:
    (knock,) = plan.pushes
    assert knock.after < 1.0 and not plan.distractors
    drag = rolling_drag(catalogue.load(plan.targets[0].object))
    before = max(0.0, plan.speed - drag * knock.after) * plan.launch.way
    after = before + knock.velocity
    assert 0 < np.linalg.norm(after) < plan.speed
    assert after @ plan.launch.way < np.cos(np.radians(35)) * np.linalg.norm(after)


def gathered(plan: EpisodePlan) -> None:
    assert len(plan.targets) == 3 and plan.container is not None
    assert len({placed.object for placed in plan.targets}) == 3


def among_others(plan: EpisodePlan) -> None:
    kinds = {placed.object for placed in plan.distractors}
    assert 3 <= len(kinds) == len(plan.distractors) <= 5 and plan.targets[0].object not in kinds


def beside_its_like(plan: EpisodePlan) -> None:
    assert plan.distractors[0].object == plan.targets[0].object
    rival = np.zeros(3) if plan.rival is None else plan.rival.velocity
    assert rival == pytest.approx(plan.launch.velocity)


def at_another_speed(plan: EpisodePlan) -> None:
    assert [placed.object for placed in plan.distractors] == [plan.targets[0].object]
    assert plan.rival is not None and min(plan.speed, plan.rival.speed) >= SLOWEST - 1e-9
    assert abs(plan.speed - plan.rival.speed) > APART
    assert plan.rival.way == pytest.approx(plan.launch.way)
    wanted = "faster" if plan.speed > plan.rival.speed else "slower"
    assert wanted in (instruction_of(SUITES["MP"], plan) or "")


def unseen(plan: EpisodePlan) -> None:
    things = (*plan.targets, *plan.distractors)
    assert {catalogue.load(placed.object).split for placed in things} == {"unseen"}


def in_an_unseen_way(plan: EpisodePlan) -> None:
    assert plan.launch.motion in UNSEEN and plan.launch.bend != 0.0 and not plan.distractors


def pushed(plan: EpisodePlan) -> None:
    gaps = np.diff([0.0, *(push.after for push in plan.pushes)])
    assert len(gaps) > 10 and gaps.min() >= 0.5 and gaps.max() <= 1.0
    assert max(np.linalg.norm(push.velocity) for push in plan.pushes) <= PERTURBATION


LAWS: dict[str, Callable[[EpisodePlan], None]] = {
    "CR": alone, "DA": knocked, "LS": gathered, "VU": among_others, "SR": beside_its_like, "MP": at_another_speed,
    "VG": unseen, "MG": in_an_unseen_way, "DR": pushed,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("rig", RIGS)
@pytest.mark.parametrize("suite", SUITES)
def test_episodes_are_what_the_suite_says(suite: str, rig: str) -> None:
    for number, plan in plans(suite, rig):
        LAWS[suite](plan)
        low, high = BINS[number]
        assert low <= plan.speed <= min(high, RIGS[rig])
        assert plan.speed >= SLOWEST or (SUITES[suite].still and plan.speed == 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("suite", SUITES)
def test_the_target_is_singled_out_as_the_suite_tests_it(suite: str) -> None:
    for _, plan in plans(suite, "cell"):
        said, held_out = (instruction_of(SUITES[suite], plan, split) for split in ("train", "held_out"))
        assert said and held_out and said != held_out
        present = present_in(plan)
        ways = [way for way in descriptions(present[0], present) if way.kind in SUITES[suite].told_by]
        assert any(way.text("train") in said for way in ways)


@pytest.mark.slow
def test_all_speeds_come_in_turn() -> None:
    numbers = [number for number, _ in plans("CR", "cell")]
    assert numbers == [1, 2, 3, 4] * (EPISODES // 4)
    assert [number for number, _ in plans("VU", "cell")][:5] == [0, 1, 2, 3, 4]


@pytest.mark.slow
def test_whoever_controls_the_arm_the_episodes_are_the_same() -> None:
    for suite in SUITES:
        base = Settings(load_rig("cell"), seed=4)
        others = (
            Settings(load_rig("cell"), profile="dom", seed=4, noise=StateNoise(0.001), images=True),
            Settings(load_rig("cell"), seed=4, streaming=Streaming("blocking", parse_latency("80ms")), episodes=3),
        )
        for other in others:
            first, second = settings_for(SUITES[suite], base), settings_for(SUITES[suite], other)
            assert (seed_of(first, 2), request_of(first, 2)) == (seed_of(second, 2), request_of(second, 2))


def test_no_two_episodes_are_the_same() -> None:
    runs = [settings_of(suite, seed=seed) for suite in ("CR", "MG") for seed in (0, 1)]
    seeds = [seed_of(settings, index) for settings in runs for index in (0, 1)]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.slow
def test_what_is_unseen_is_in_no_training_data() -> None:
    robot, training = arm("franka-panda"), CellEpisodes()
    trained = [draw(seed, robot, training) for seed in range(40)]
    held_out = [plan for _, plan in plans("VG", "cell")]
    for key in (lambda plan: plan.targets[0].object, lambda plan: plan.scenery.table, lambda plan: plan.scenery.wall):
        assert not {key(plan) for plan in trained} & {key(plan) for plan in held_out}
    assert not {"knocked", *UNSEEN} & set(training.motions)
    assert {plan.launch.motion for plan in trained} == {"straight"}


def test_a_rig_does_not_make_a_suite_something_else() -> None:
    config = load_rig("cell")
    odd = CellEpisodes(split="unseen", textures="unseen", perturbation_m_s=0.5, motions=("curved",), objects=("apple",))
    rig = config.model_copy(update={"cell": config.cell.model_copy(update={"episodes": odd})})
    plain = settings_for(SUITES["CR"], Settings(rig)).rig.cell.episodes
    assert (plain.split, plain.textures, plain.perturbation_m_s, plain.objects) == ("seen", "seen", 0.0, ("apple",))
    assert settings_for(SUITES["VG"], Settings(rig)).rig.cell.episodes.objects == ()
    assert request_of(settings_for(SUITES["CR"], Settings(rig)), 0)[1].motion == "straight"


def test_states_are_noisy_in_DR_unless_another_noise_is_asked_for_or_they_are_tracked() -> None:
    config, own = load_rig("cell"), StateNoise(0.001)
    assert settings_for(SUITES["DR"], Settings(config)).noise == NOISE != StateNoise()
    assert settings_for(SUITES["DR"], Settings(config, noise=own)).noise == own
    assert settings_for(SUITES["DR"], Settings(config, state="vision")).noise == StateNoise()
    assert settings_for(SUITES["CR"], Settings(config)).noise == StateNoise()


def test_suites_are_chosen_by_name() -> None:
    assert parse_suites("dom") == tuple(SUITES.values()) and len(SUITES) == 9
    assert [suite.name for suite in parse_suites("mp, cr,MP")] == ["MP", "CR"]
    base = Settings(load_rig("cell"))
    assert name_of([settings_for(suite, base) for suite in parse_suites("dom")]) == "dom"
    assert name_of([settings_for(suite, base) for suite in parse_suites("mp,CR")]) == "MP,CR"
    assert name_of([base]) == "pick"
    for wrong in ("", "CR,XX", "dom,CR"):
        with pytest.raises(DynacollectError, match="there is no suite"):
            parse_suites(wrong)


def test_two_of_a_kind_are_not_for_the_tracker() -> None:
    tracked = Settings(load_rig("cell"), state="vision")
    assert [name for name, suite in SUITES.items() if suite.two_of_a_kind] == ["SR", "MP"]
    with pytest.raises(DynacollectError, match="--suite CR,DA,LS,VU,VG,MG,DR"):
        settings_for(SUITES["SR"], tracked)


def test_a_rig_that_has_no_such_episode_is_told_so() -> None:
    config = load_rig("cell")
    cubes = config.cell.episodes.model_copy(update={"objects": ("cube",)})
    rig = config.model_copy(update={"cell": config.cell.model_copy(update={"episodes": cubes})})
    with pytest.raises(DynacollectError, match="no episode for suite MP, episode 0: none of the chosen objects"):
        seed_of(settings_for(SUITES["MP"], Settings(rig)), 0)


def test_the_papers_mean_is_that_of_its_rows() -> None:
    assert list(SUCCESS) == list(SUITES)
    assert np.mean(list(SUCCESS.values())) == pytest.approx(MEAN_SUCCESS, abs=5e-5)
