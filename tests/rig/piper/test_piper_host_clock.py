"""The driver on the host's clock, with its own thread, against a stand-in on another, or in another process."""

import multiprocessing
from threading import enumerate as threads

import can
import numpy as np
import pytest

from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Grip, SetPoints
from dynacollect.rig.piper.arm import Piper
from dynacollect.rig.piper.config import PiperArm
from dynacollect.rig.piper.stand_in.serving import serve, serving

PATIENCE_S = 20.0
GOAL = PIPER.home + np.array([0.1, 0.1, 0.1, 0.1, -0.1, 0.1])


def driver(interface: str, channel: str) -> tuple[Piper, HostClock]:
    clock = HostClock()
    knobs = {"driver": "piper", "model": "piper", "interface": interface, "channel": channel}
    return Piper(PiperArm.model_validate(knobs), clock), clock


def bring(arm: Piper, clock: HostClock, goal: np.ndarray) -> bool:
    """A slow straight way there, and then the wait until the arm says so; on a host too busy it is gone again."""
    end = clock.now() + PATIENCE_S
    going = False
    while clock.now() < end:
        state = arm.read()
        if state.fault is not None:
            going = not arm.recover()
        elif not going:
            times = clock.now() + 0.02 * np.arange(51, dtype=np.float64)
            way = np.linspace(0.0, 1.0, 51)[:, None] * (goal - state.joints)
            arm.command(SetPoints(times, state.joints + way, Grip(0.03, 20.0)))
            going = True
        clock.wait_until(clock.now() + 0.02)
        if np.abs(state.joints - goal).max() < 1e-3 and abs(state.gripper_width - 0.03) < 1e-3:
            return True
    return False


@pytest.mark.slow
def test_it_moves_stops_and_leaves_nothing_running() -> None:
    with can.Bus(interface="virtual", channel="host-clock") as bus, serving(bus) as stand_in:
        arm, clock = driver("virtual", "host-clock")
        assert arm.connect().serial == "virtual:host-clock"
        assert bring(arm, clock, GOAL)
        state = arm.read()
        assert 0.0 <= clock.now() - state.measured_at < PATIENCE_S
        arm.command(SetPoints(clock.now() + np.array([0.0, 5.0]), np.array([state.joints, state.joints - 0.5])))
        clock.wait_until(clock.now() + 0.2)
        arm.close()
        assert [thread.name for thread in threads()].count("pulse") == 1, "more runs than the stand-in"
        held = stand_in.body.follower.position.copy()
        clock.wait_until(clock.now() + 0.1)
        np.testing.assert_array_equal(stand_in.body.follower.position, held)
        assert not stand_in.firmware.dropped_it and all(stand_in.firmware.enabled)


@pytest.mark.slow
def test_the_stand_in_may_live_in_another_process() -> None:
    channel = "239.74.163.9"
    process = multiprocessing.get_context("spawn").Process(target=serve, args=("udp_multicast", channel, 60.0))
    process.start()
    try:
        clock = HostClock()
        with can.Bus(interface="udp_multicast", channel=channel) as bus:
            assert any(bus.recv(1.0) is not None for _ in range(30)), "nothing comes from the other process"
        arm, clock = driver("udp_multicast", channel)
        arm.connect()
        assert bring(arm, clock, GOAL)
        arm.close()
    finally:
        process.kill()
        process.join()


def test_a_bus_that_does_not_open_says_so() -> None:
    arm, _ = driver("udp_multicast", "not an address")
    with pytest.raises(DynacollectError, match=r"cannot be opened .*; check arm.interface and arm.channel"):
        arm.connect()
    arm, _ = driver("socketcan", "can77")
    with pytest.raises(DynacollectError, match="there is no CAN interface 'can77'"):
        arm.connect()
