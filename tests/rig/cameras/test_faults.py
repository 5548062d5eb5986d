"""Every fault of a stream, injected at the device and told by the name that the session acts on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import cv2
import numpy as np
import pytest

from dynacollect.collector.session.fault_table import BY_NAME
from dynacollect.rig.cameras.config_base import CameraPart
from dynacollect.rig.cameras.device import Device
from dynacollect.rig.cameras.keeper import Keeper
from dynacollect.rig.cameras.realsense.config import RealSenseCamera
from dynacollect.rig.cameras.realsense.device import RealSense
from dynacollect.rig.cameras.uvc.device import Uvc
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import Image

from .realsense_stand_in import FPS, HEIGHT, SERIAL, WIDTH, SoftwareCamera
from .test_uvc import Menu, part
from .waiting import until

PERIOD_S = 1.0 / FPS
LATENCY_S = 0.03
BEGIN_S, LATER_S = 1.6, 6.0
"""When a fault begins: the monitor knows by then what is usual; of the clock, it takes longer to know."""


@dataclass(slots=True)
class Sent:
    """One frame as the device sends it."""

    image: Image
    periods: float = 1.0
    """Since the frame before, by the device's clock."""
    numbers: int = 1
    latency_s: float = LATENCY_S
    temperature_c: float = 41.0
    lost: bool = False


class Hand(Protocol):
    """A device that sends what it is given."""

    device: Device
    config: CameraPart

    def send(self, sent: Sent) -> None: ...


class RealSenseHand:
    def __init__(self, clock: SimClock) -> None:
        self.software = software = SoftwareCamera()
        self.config = RealSenseCamera(driver="realsense", serial=SERIAL, width=WIDTH, height=HEIGHT, fps=FPS)
        self.device = RealSense(self.config, clock, lambda _: software.device)

    def send(self, sent: Sent) -> None:
        option = self.software.rs.option.asic_temperature
        self.software.sensor.set_option(option, sent.temperature_c)
        self.software.send(sent.image, sent.numbers, sent.periods * PERIOD_S)


class UvcHand:
    """The kernel's stamps tell what was lost."""

    def __init__(self, clock: SimClock) -> None:
        self.menu = menu = Menu()
        self.config = part("/dev/v4l/by-id/cam", lock=True, fps=float(FPS))
        self.device = Uvc(self.config, clock, lambda _: menu)

    def send(self, sent: Sent) -> None:
        self.menu.image = np.asarray(cv2.cvtColor(sent.image, cv2.COLOR_RGB2BGR), np.uint8)
        self.menu.skip_ms = [1e3 * sent.periods * PERIOD_S]


@cache
def room(number: int) -> Image:
    """A textured room with a sensor's noise."""
    coarse = np.random.default_rng(1).integers(40, 160, (HEIGHT // 4, WIDTH // 4, 3)).astype(np.uint8)
    still = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng([2, number]).normal(0.0, 1.2, still.shape)
    return np.clip(still + noise, 0, 255).astype(np.uint8)


Injection = Callable[[Sent, int], None]


def scaled(sent: Sent, red: float, green: float, blue: float) -> None:
    sent.image = np.clip(sent.image * np.array([red, green, blue]), 0, 255).astype(np.uint8)


def gap(sent: Sent, number: int) -> None:
    sent.lost = number % 3 == 0
    sent.numbers, sent.periods = (2, 2.0) if number % 3 == 1 else (1, 1.0)


def repeat(sent: Sent, number: int) -> None:
    sent.image = room(number - number % 2)


def late(sent: Sent, _: int) -> None:
    sent.latency_s = 0.15


def leap(sent: Sent, number: int) -> None:
    sent.periods = 1.0 + 0.5 * FPS * (number == 0)


def drift(sent: Sent, _: int) -> None:
    sent.periods = 1.003


def bumped(sent: Sent, _: int) -> None:
    sent.image = np.roll(sent.image, 2, axis=1)


def blur(sent: Sent, _: int) -> None:
    sent.image = cv2.GaussianBlur(sent.image, (0, 0), 2.5).astype(np.uint8)


def tint(sent: Sent, _: int) -> None:
    scaled(sent, 1.25, 1.0, 0.75)


def light(sent: Sent, _: int) -> None:
    scaled(sent, 0.6, 0.6, 0.6)


def flicker(sent: Sent, number: int) -> None:
    share = 0.7 if (number // 10) % 2 else 1.1
    scaled(sent, share, share, share)


def hot(sent: Sent, _: int) -> None:
    sent.temperature_c = 78.0


def freeze(sent: Sent, _: int) -> None:
    sent.lost = True


FAULTS: dict[str, Injection] = {
    "gap": gap, "repeat": repeat, "late": late, "restart_jump": leap, "clock_drift": drift, "bumped": bumped,
    "blur": blur, "tint": tint, "light": light, "flicker": flicker, "hot": hot, "freeze": freeze,
}  # fmt: skip
BESIDE = {
    # It begins with a pause.
    "late": {"freeze"},
    # By the kernel's clock alone, a leap looks like as many lost frames.
    "restart_jump": {"gap", "late"},
    "flicker": {"light"},
    "clock_drift": {"late", "restart_jump"},
    "bumped": {"blur"},
    "blur": {"bumped"},
}
"""What may be told too."""


def told(hand: Hand, clock: SimClock, inject: Injection | None, starts: float, lasts: float = 2.5) -> set[str]:
    """Names of the faults that stood at any time; and none before it was injected."""
    keeper = Keeper("front", hand.config)
    hand.device.open()
    found: set[str] = set()
    begin = clock.now()
    for number in range(int((starts + lasts) * FPS)):
        sent = Sent(room(number))
        since = number - int(starts * FPS)
        if inject and since >= 0:
            inject(sent, since)
        clock.wait_until(begin + number * PERIOD_S + sent.latency_s)
        if not sent.lost:
            hand.send(sent)
            keeper.take(until(hand.device.read))
        found |= {fault.name for fault in keeper.health(clock.now()).faults}
        assert since >= 0 or not found, f"{found} before anything was wrong"
    hand.device.close()
    return found


@pytest.mark.parametrize("hand_of", [RealSenseHand, UvcHand])
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_by_its_name(name: str, hand_of: Callable[[SimClock], Hand]) -> None:
    if name == "hot" and hand_of is UvcHand:
        pytest.skip("a USB camera does not tell its temperature")
    clock = SimClock()
    found = told(hand_of(clock), clock, FAULTS[name], LATER_S if name == "clock_drift" else BEGIN_S)
    assert name in found
    assert found - {name} <= BESIDE.get(name, set())
    assert ("camera", name) in BY_NAME


@pytest.mark.parametrize("hand_of", [RealSenseHand, UvcHand])
def test_nothing_is_told_of_a_good_stream(hand_of: Callable[[SimClock], Hand]) -> None:
    clock = SimClock()
    assert told(hand_of(clock), clock, None, LATER_S) == set()


def test_all_faults_of_a_camera_are_injected() -> None:
    assert {name for device, name in BY_NAME if device == "camera"} == set(FAULTS)
