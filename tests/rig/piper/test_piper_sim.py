"""The built-in rig `piper-sim`: the cell, its arm led by the stand-in behind the real driver."""

from pathlib import Path

import numpy as np
import pytest

from dynacollect.collector.benches.session import SessionBench, bench_session
from dynacollect.collector.session.settings import Settings
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Grip, SetPoints, Vector
from dynacollect.rig.rig import Rig, open_rig


def opened(name: str, *faults: str) -> Rig:
    rig = open_rig(load_rig(name), seed=1, faults=faults)
    rig.cameras = {}
    return rig


def swung(name: str) -> tuple[Vector, Vector]:
    """Joints of a swing, every 40 ms, and the widths."""
    joints, widths = [], []
    with opened(name) as rig:
        rig.clock.wait_until(0.3)
        home = rig.arm.model.home
        for tick in range(18):
            rig.clock.wait_until(0.4 + 0.04 * tick)
            times = rig.clock.now() + 0.005 * np.arange(40, dtype=np.float64)
            swing = 0.2 * (1.0 - np.cos(3.0 * (times - 0.4)))[:, None] * np.array([1.0, 0.3, 0.3, 0.3, -0.3, 0.3])
            rig.arm.command(SetPoints(times, home + swing, Grip(0.0 if tick < 9 else 0.05, 20.0)))
            state = rig.feel()
            assert state.fault is None and rig.arm.health().faults == ()
            joints.append(state.joints)
            widths.append(state.gripper_width)
    return np.array(joints), np.array(widths)


@pytest.mark.slow
def test_it_moves_as_the_cells_own_arm_and_each_time_alike() -> None:
    joints, widths = swung("piper-sim")
    again = swung("piper-sim")
    np.testing.assert_array_equal(joints, again[0])
    np.testing.assert_array_equal(widths, again[1])
    plain, plain_widths = swung("cell-piper")
    assert np.abs(joints - plain).max() < 3e-3
    assert np.abs(widths - plain_widths).max() < 2.5e-3
    assert np.ptp(joints[:, 0]) > 0.15 and np.ptp(widths) > 0.04


def test_the_protocols_faults_are_ordered_by_name() -> None:
    with opened("piper-sim", "arm.mode_lost@0.3") as rig:
        rig.clock.wait_until(0.5)
        fault = rig.feel().fault
        assert fault is not None and fault.name == "mode_lost"
        assert rig.arm.recover()
        assert rig.feel().fault is None
    with pytest.raises(DynacollectError, match="arm has no fault 'reflex'"):
        opened("piper-sim", "arm.reflex@1")


def picks(folder: Path, rig: str, attempts: int, *faults: str) -> SessionBench:
    """As `collect --state truth --no-images`."""
    objects = ("avocado", "bottle", "cone", "cube", "lemon", "potato")
    settings = Settings(load_rig(rig), ("pick",), objects, 500, 1, "truth", False, 0.75, None, patience_s=60.0)
    return bench_session(folder, settings, attempts, faults)


@pytest.mark.slow
@pytest.mark.parametrize("attempts", [2, pytest.param(8, marks=pytest.mark.long)])
def test_picks_succeed_as_often_as_on_the_cells_own_arm(tmp_path: Path, attempts: int) -> None:
    through, plain = (picks(tmp_path / rig, rig, attempts) for rig in ("piper-sim", "cell-piper"))
    assert abs(through.rates.true_success - plain.rates.true_success) <= 0.15
    assert through.rates.precision == 1.0 and through.summary.faults == {}


FAULTS = ("mode_lost", "bus_off", "collision", "torn", "brake")


@pytest.mark.slow
@pytest.mark.parametrize(("faults", "every_s", "attempts"), [(2, 8, 2), pytest.param(5, 12, 6, marks=pytest.mark.long)])
def test_a_session_goes_on_after_faults_that_need_nobody(
    tmp_path: Path, faults: int, every_s: float, attempts: int
) -> None:
    orders = [f"arm.{name}@{every_s * (index + 0.5)}" for index, name in enumerate(FAULTS[:faults])]
    found = picks(tmp_path, "piper-sim", attempts, *orders)
    assert found.rates.n == attempts and found.summary.human_calls == 0
    assert len(found.summary.faults) >= min(faults, 3)
    assert found.rates.true_success > 0.5
