"""The fault table at the level of the protocol: what the firmware does wrong is seen under its name, and handled."""

from collections.abc import Callable

import numpy as np
import pytest

from dynacollect.rig.cell.faults import FaultKind
from dynacollect.rig.nouns import SetPoints
from dynacollect.rig.piper.stand_in.failings import CONTROLLER, PIPER_KINDS

START = 0.5
LATER = {"opens": 1.8, "jammed": 0.9, "slow": 0.9}
STOPS = {kind.name for kind in CONTROLLER} | {"bus_off"}
"""After these nothing may be sent until the arm is recovered."""
PERSONS = {"estop", "drives_off", "leader_mode", "all_zero"}
STEP_S = 0.005
SHORT_S = 0.8
"""However long it would last, but for what takes longer to be seen."""


@pytest.mark.slow
@pytest.mark.parametrize("kind", PIPER_KINDS, ids=lambda kind: kind.name)
def test_every_failing_is_seen_and_handled(kind: FaultKind, bench: Callable) -> None:
    start = LATER.get(kind.name, START)
    lasts = min(kind.lasts, max(SHORT_S, kind.within_s))
    on = bench(f"{kind.device}.{kind.name}@{start}+{lasts}")
    on.arm.connect()
    seen_at = None
    while seen_at is None and on.now < start + kind.within_s + 0.1:
        next(on.run(0.01))
        faults = on.faults
        if on.now <= start:
            assert faults == {}, f"at {on.now:.2f} s"
        elif kind.seen_as in faults:
            seen_at = on.now
            assert faults[kind.seen_as].needs_person == (kind.seen_as in PERSONS)
    assert seen_at is not None, f"never seen as {kind.seen_as}, only {set(on.faults)}"
    assert seen_at - start <= kind.within_s + 0.04
    on.arm.stop()
    for _ in on.run(0.2):
        pass
    if kind.name in STOPS:
        assert on.arm.read().fault is not None
        # One period passes until the frame that tells of it is heard; flags of the drives come every fifth.
        allowed = start + (0.1 if kind.name == "bus_off" else 5 * STEP_S) + 2 * STEP_S
        assert max(on.motion_times) <= allowed, "a command after the stop"
    on.wait(max(0.0, start + lasts + 0.25 - on.now))
    on.stand_in.put_right()
    assert on.arm.recover()
    on.arm.verified()
    well = any(on.faults == {} and on.arm.health().tracking_error < 0.01 for _ in on.run(2.5))
    assert well, f"it does not follow again: {on.faults}"
    assert on.let_fall == [] and not on.stand_in.firmware.dropped_it


@pytest.mark.slow
def test_a_clean_run_raises_nothing(bench: Callable) -> None:
    on = bench()
    on.arm.connect()
    for now in on.run(4.0):
        assert on.faults == {}, f"at {now:.2f} s"
    assert on.arm.health().tracking_error < 0.01
    assert on.arm.health().rate_hz == pytest.approx(200.0, abs=1.0)


@pytest.mark.parametrize("name", ["estop", "brake", "leader", "disabled"])
def test_what_lasts_cannot_be_recovered_from(name: str, bench: Callable) -> None:
    on = bench(f"arm.{name}@0.5+20", enable_s=0.5)
    on.arm.connect()
    for _ in on.run(0.6):
        pass
    before = on.body.joints()[0]
    assert not on.arm.recover()
    on.wait(0.2)
    state = on.arm.read()
    assert state.fault is not None
    at = on.now
    for _ in on.run(0.5):
        pass
    assert max(on.motion_times) < at, "it was commanded though it had not recovered"
    np.testing.assert_allclose(on.body.joints()[0], before, atol=0.3)
    assert on.let_fall == []


def test_a_bus_that_refuses_frames_is_told_and_opened_anew(bench: Callable) -> None:
    on = bench()
    on.arm.connect()
    for _ in on.run(0.4):
        pass
    on.arm._wire._bus.shutdown()
    for _ in on.run(0.2):
        pass
    assert set(on.faults) >= {"bus_off"}
    assert on.arm.recover()
    for _ in on.run(0.4):
        pass
    assert on.faults == {}


def test_an_arm_held_in_a_wrong_place_is_not_thrown_back(bench: Callable) -> None:
    """Led away while its drives had no power, it is taken over where it is."""
    on = bench("arm.estop@1+1")
    on.arm.connect()
    for _ in on.run(1.2):
        pass
    on.wait(0.5)
    on.wait(max(0.0, 2.1 - on.now))
    on.body._position = on.body._position + 0.3 * np.array([1, 1, 1, 1, -1, 1])
    assert on.arm.recover()
    there = on.body.joints()[0]
    on.wait(0.5)
    np.testing.assert_allclose(on.body.joints()[0], there, atol=2e-3)


@pytest.mark.slow
def test_a_set_point_that_leaps_is_not_leapt_after(bench: Callable) -> None:
    on = bench()
    model = on.arm.model
    on.arm.connect()
    far = model.home + 0.8
    on.arm.command(SetPoints(np.array([on.now]), far[None]))
    on.wait(0.3)
    sent = on.targets
    assert np.abs(np.diff(sent, axis=0)).max() <= model.max_velocity[0] * STEP_S + 1e-4
    on.arm.command(SetPoints(np.array([on.now]), np.full((1, 6), np.nan)))
    on.arm.command(SetPoints(np.array([on.now]), np.full((1, 6), 9.0)))
    on.wait(3.0)
    assert model.inside_limits(on.body.joints()[0], -1e-4)
    assert np.all(np.isfinite(on.body.joints()[0]))


@pytest.mark.parametrize("after", [0.25, 0.83])
def test_a_stop_comes_to_rest_within_the_limits_and_holds(after: float, bench: Callable) -> None:
    on = bench()
    model = on.arm.model
    on.arm.connect()
    way = on.now + 0.005 * np.arange(400)
    speed = np.minimum(5.0 * (way - way[0]) * 0.9, 1.4)[:, None] * np.array([1.0, 0.3, -0.2, 0.5, 0.1, -0.6])
    joints = model.home + 0.005 * np.cumsum(speed, axis=0) * 0.4
    on.arm.command(SetPoints(way, joints))
    on.wait(after)
    begin = len(on.targets)
    on.arm.stop()
    on.wait(1.0)
    sent = on.targets[begin - 2 :]
    speeds = np.diff(sent, axis=0) / STEP_S
    assert np.abs(speeds[-1]).max() == 0.0
    # Targets are whole millidegrees: 7 mrad/s2 of a second difference are rounding, twice 0.7 rad/s2.
    assert np.abs(np.diff(speeds, axis=0)).max() / STEP_S <= model.max_acceleration[0] + 1.5
    np.testing.assert_allclose(on.body.joints()[0], sent[-1], atol=1e-4)
    assert on.faults == {}
