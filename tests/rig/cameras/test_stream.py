"""A stream survives its device: nothing escapes the thread, nobody waits for it, and it comes back."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest

from dynacollect.rig.camera import Camera, CameraInfo
from dynacollect.rig.cameras import stream
from dynacollect.rig.cameras.config_base import CameraPart
from dynacollect.rig.cameras.device import Device, Shot
from dynacollect.rig.cameras.stream import StreamCamera
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

from .made_recording import picture
from .waiting import until

PERIOD_S = 0.01


class Moody(Device):
    """Sends a picture each period, until it is told to do otherwise."""

    warm_up_s = 0.0

    def __init__(self, clock: HostClock) -> None:
        self.clock = clock
        self.fails_to_open: Exception | None = None
        self.fails_to_read: Exception | None = None
        self.stalls = False
        self.hangs = False
        self.go_on = Event()
        self.opened, self.resets, self.count, self.loses = 0, 0, 0, 0
        self.is_open = False

    def open(self) -> CameraInfo:
        if self.fails_to_open:
            raise self.fails_to_open
        self.opened += 1
        self.is_open = True
        return CameraInfo("moody", "M1", "1", 96, 64, 1.0 / PERIOD_S, 0.004)

    def read(self) -> Shot | None:
        assert self.is_open, "read after it was closed"
        if self.hangs:
            self.go_on.wait()
        if self.fails_to_read:
            raise self.fails_to_read
        self.go_on.wait(PERIOD_S)
        if self.stalls:
            return None
        self.count += 1 + self.loses
        self.loses = 0
        now = self.clock.now()
        return Shot(picture(self.count), self.count, now, now)

    def close(self) -> None:
        self.is_open = False

    def reset(self) -> None:
        self.resets += 1


@pytest.fixture
def moody() -> Moody:
    return Moody(HostClock())


@pytest.fixture
def camera(moody: Moody, monkeypatch: pytest.MonkeyPatch) -> StreamCamera:
    monkeypatch.setattr(stream, "RETRY_S", 0.02)
    config = CameraPart(serial="M1", width=96, height=64, fps=1.0 / PERIOD_S, delay_s=0.0)
    return StreamCamera("front", config, moody, moody.clock)


def fault_of(camera: Camera, name: str) -> str | None:
    return next((fault.detail for fault in camera.health().faults if fault.name == name), None)


def newer(camera: Camera) -> bool:
    """Waits for a frame after the one that is there."""
    old = camera.latest()
    return until(lambda: (frame := camera.latest()) is not None and frame is not old)


def test_it_follows_the_protocol(camera: StreamCamera, moody: Moody) -> None:
    assert isinstance(camera, Camera)
    assert camera.connect().serial == "M1"
    frame = until(camera.latest)
    assert frame.camera == "front" and np.array_equal(frame.image, picture(frame.sequence))
    assert frame.captured_at <= frame.arrived_at <= moody.clock.now()
    camera.close()
    assert not moody.is_open
    with pytest.raises(DynacollectError, match="front is not connected"):
        camera.latest()


@pytest.mark.parametrize("error", [RuntimeError("xioctl failed"), OSError(19, "No such device"), KeyError("stream")])
def test_a_device_that_cannot_be_opened_is_told(camera: StreamCamera, moody: Moody, error: Exception) -> None:
    moody.fails_to_open = error
    with pytest.raises(DynacollectError, match=r"^front cannot be read \(.*\); check its cable") as caught:
        camera.connect()
    assert caught.value.__cause__ is error
    camera.close()


@pytest.mark.parametrize("error", [RuntimeError("it broke"), DynacollectError("left the bus; mend it"), ValueError()])
def test_a_lost_device_is_a_freeze_and_comes_back(camera: StreamCamera, moody: Moody, error: Exception) -> None:
    camera.connect()
    newer(camera)
    moody.fails_to_open = moody.fails_to_read = error
    why = until(lambda: fault_of(camera, "freeze"))
    assert why.startswith("front") and str(error) in why
    moody.fails_to_read = None
    moody.fails_to_open = None
    assert newer(camera)
    until(lambda: fault_of(camera, "freeze") is None)
    assert camera.health().restarts == 1
    assert moody.resets == 0
    camera.close()


def test_a_stall_is_restarted_and_then_the_device_is_reset(camera: StreamCamera, moody: Moody) -> None:
    camera.connect()
    newer(camera)
    moody.stalls = True
    until(lambda: fault_of(camera, "freeze"))
    for restarts, resets in ((1, 0), (2, 1), (3, 2)):
        camera.restart()
        until(lambda restarts=restarts: camera.health().restarts == restarts)
        assert moody.resets == resets
    moody.stalls = False
    assert newer(camera)
    camera.close()


def test_nobody_waits_for_a_device_that_hangs(
    camera: StreamCamera, moody: Moody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "LEAVE_S", 0.05)
    camera.connect()
    newer(camera)
    moody.hangs = True
    until(lambda: fault_of(camera, "freeze"))
    assert camera.latest() is camera.latest() is not None
    camera.restart()
    camera.close()
    moody.go_on.set()
    until(lambda: not moody.is_open)


def test_what_comes_while_it_warms_up_is_not_used(camera: StreamCamera, moody: Moody) -> None:
    moody.warm_up_s = 0.1
    begin = moody.clock.now()
    camera.connect()
    assert until(camera.latest).arrived_at >= begin + 0.1
    assert moody.count > 1
    camera.close()


def test_lost_pictures_are_counted(camera: StreamCamera, moody: Moody) -> None:
    camera.connect()
    newer(camera)
    moody.loses = 5
    until(lambda: camera.health().dropped == 5)
    camera.close()
