"""The rig `franka-sim`: the cell's arm goes where the stand-in's does, and the stand-in ends with whoever needs it."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dynacollect.rig.cell.cell import Cell
from dynacollect.rig.clock import HostClock
from dynacollect.rig.config import load_rig
from dynacollect.rig.franka.arm import Franka
from dynacollect.rig.franka.config import FrankaSim
from dynacollect.rig.nouns import Grip, SetPoints
from dynacollect.rig.rig import Rig, open_rig

START_AND_TELL = """
from dynacollect.rig.franka.running import RunningStandIn
stand_in = RunningStandIn()
print(stand_in.process_id, flush=True)
input()
"""


def blind(faults: tuple[str, ...] = ()) -> tuple[Rig, Cell]:
    """The rig without cameras."""
    rig = replace(open_rig(load_rig("franka-sim"), faults=faults), cameras={})
    assert isinstance(rig.stage, Cell)
    return rig, rig.stage


def swing(rig: Rig, seconds: float, grip: Grip | None = None) -> SetPoints:
    now, joints = rig.clock.now(), rig.feel().joints
    times = np.asarray(now + np.arange(round(seconds * 200) + 1) / 200.0, np.float64)
    by = 0.15 * (1.0 - np.cos(2.0 * np.pi * (times - now) / seconds))
    return SetPoints(times, joints + by[:, None] * np.array([1.0, 0.5, 0.0, 0.5, 0.0, 0.5, 1.0]), grip)


@pytest.mark.slow
def test_the_cells_arm_is_where_the_driver_says_and_holds_what_is_between_its_fingers() -> None:
    rig, cell = blind()
    with rig:
        rig.clock.wait_until(0.1)
        rig.arm.command(swing(rig, 1.5, Grip(0.0, 40.0)))
        for _ in range(40):
            rig.clock.wait_until(rig.clock.now() + 0.04)
            joints, _, _ = cell.world.joints()
            assert np.abs(rig.feel().joints - joints).max() < 0.012
            assert not rig.arm.health().faults
        assert rig.feel().gripper_width < 0.01
        assert cell.world.gripper()[0] == pytest.approx(rig.feel().gripper_width, abs=0.002)
    before = cell.world.joints()[0]
    with rig:
        assert rig.feel().joints == pytest.approx(before, abs=1e-3), "connected anew, it stands where it stood"


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "told"), [("arm.reflex@0.3", "reflex"), ("arm.estop@0.3+0.5", "estop")])
def test_faults_on_order_are_made_by_the_stand_in(spec: str, told: str) -> None:
    rig, _ = blind((spec,))
    with rig:
        rig.clock.wait_until(0.5)
        fault = rig.feel().fault
        assert fault is not None and fault.name == told
        assert rig.arm.recover() != fault.needs_person
        rig.clock.wait_until(1.0)
        assert rig.arm.recover()
        rig.clock.wait_until(1.1)
        assert rig.feel().fault is None


@pytest.mark.slow
def test_the_stand_in_ends_when_its_parent_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_TELL], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    stand_in = Path(f"/proc/{int(parent.stdout.readline())}")
    assert stand_in.exists()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    clock = HostClock()
    until = clock.now() + 10.0
    while stand_in.exists() and clock.now() < until:
        clock.wait_until(clock.now() + 0.05)
    assert not stand_in.exists()


def test_the_drivers_arm_has_the_delays_of_the_configuration() -> None:
    config = FrankaSim(driver="franka-sim", model="franka-fr3", command_delay_s=0.011, gripper_delay_s=0.3)
    model = Franka(config, HostClock(), "nowhere").model
    assert (model.command_delay, model.gripper.delay) == (0.011, 0.3)
