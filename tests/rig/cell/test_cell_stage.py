"""The cell as the person who sets the table: what was asked for is there, shown alone, taken away, put right."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.arms import arm
from dynacollect.rig.cell.plan import draw, side_of
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import RigConfig, load_rig
from dynacollect.rig.rig import Rig, open_rig
from dynacollect.rig.stage import Request, Side

PANDA = arm("franka-panda")


def opened(*faults: str, attendant_s: float | None = None) -> Rig:
    config: RigConfig = load_rig("cell")
    config = config.model_copy(update={"cell": config.cell.model_copy(update={"attendant_s": attendant_s})})
    rig = open_rig(config, seed=1, faults=faults)
    rig.cameras = {}
    return rig


def test_a_room_stays_as_it_is() -> None:
    plans = [draw(seed, PANDA, request=Request(room=3)) for seed in range(5)]
    assert len({plan.scenery for plan in plans}) == 1
    assert len({plan.targets[0].object for plan in plans}) > 1
    assert draw(0, PANDA, request=Request(room=4)).scenery != plans[0].scenery


def test_nothing_changes_for_who_asks_for_nothing() -> None:
    assert repr(draw(5, PANDA)) == repr(draw(5, PANDA, request=Request()))


@pytest.mark.parametrize("side", ["left", "middle", "right"])
def test_side_and_heading_are_as_asked(side: Side) -> None:
    for seed, heading in enumerate(np.arange(8) * np.pi / 4):
        launch = draw(seed, PANDA, request=Request(target="tennis_ball", speed=0.3, heading=heading, side=side)).launch
        off = np.arctan2(launch.way[1], launch.way[0]) - heading
        assert abs((off + np.pi) % (2 * np.pi) - np.pi) <= np.pi / 8 + 1e-9
        assert side_of(PANDA, launch.crossing) == side


def test_surroundings_change_only_with_what_launches() -> None:
    with opened() as rig:
        same = {rig.stage.prepare(s, Request(room=1, launcher="push", target="apple")).surroundings for s in range(3)}
        assert len(same) == 1
        ramp = rig.stage.prepare(9, Request(room=1, launcher="ramp", target="tennis_ball", speed=0.3))
        assert ramp.surroundings not in same


@pytest.mark.slow
def test_shown_alone_and_taken_away() -> None:
    with opened() as rig:
        truth = Truth(rig)
        rig.stage.prepare(1, Request(room=1))
        places = []
        for number in range(4):
            rig.stage.show("mug", number)
            assert list(truth.names.values()) == ["mug"]
            places.append(tuple(truth.objects()["target0"].position[:2]))
        assert len(set(places)) == 4
        rig.stage.prepare(2, Request(room=1, distractors=("apple", "can")))
        before = {key: state.position for key, state in truth.objects().items()}
        rig.stage.clear()
        assert all(state.position[0] < -1.0 for state in truth.objects().values())
        rig.stage.prepare(2, Request(room=1, distractors=("apple", "can")))
        assert all(np.allclose(state.position, before[key]) for key, state in truth.objects().items())


@pytest.mark.slow
def test_who_was_called_comes_once_and_mends_all() -> None:
    with opened("arm.power_cut@0.5", "arm.silent_offset@0.6", attendant_s=2.0) as rig:
        truth = Truth(rig)
        rig.clock.wait_until(1.0)
        assert not rig.arm.recover()
        rig.stage.call("the arm")
        rig.clock.wait_until(2.5)
        assert not rig.stage.attended()
        rig.clock.wait_until(3.5)
        assert rig.stage.attended()
        assert not rig.stage.attended()
        assert rig.arm.recover()
        rig.clock.wait_until(5.0)
        assert np.allclose(truth.joints(), rig.feel().joints, atol=5e-3)


@pytest.mark.slow
def test_nobody_comes_where_nobody_is() -> None:
    with opened("arm.power_cut@0.5") as rig:
        rig.clock.wait_until(1.0)
        rig.stage.call("the arm")
        rig.clock.wait_until(15.0)
        assert not rig.stage.attended()
        assert not rig.arm.recover()


@pytest.mark.slow
def test_what_goes_wrong_on_the_table() -> None:
    request = Request(target="apple", distractors=("can",), speed=0.3, launcher="push")
    with opened("stage.missing@0+1", "stage.stuck@2+1", "stage.swapped@4+1") as rig:
        truth = Truth(rig)
        rig.stage.prepare(1, request)
        assert truth.objects()["target0"].position[0] < -1.0
        rig.clock.wait_until(2.5)
        rig.stage.prepare(1, request)
        rig.stage.launch()
        start = truth.objects()["target0"].position
        rig.clock.wait_until(3.9)
        assert np.allclose(truth.objects()["target0"].position, start, atol=2e-3)
        rig.clock.wait_until(4.5)
        staged = rig.stage.prepare(1, request)
        assert staged.targets == ("apple",)
        assert truth.names["target0"] == "can"
