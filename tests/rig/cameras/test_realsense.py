"""RealSense through its own SDK: a software device in place of the glass, and a file recorded from it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.rig.cameras import stream
from dynacollect.rig.cameras.open import open_cameras
from dynacollect.rig.cameras.realsense import sdk as sdk_file
from dynacollect.rig.cameras.realsense.config import RealSenseCamera
from dynacollect.rig.cameras.realsense.device import RealSense
from dynacollect.rig.cameras.stream import StreamCamera
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

from .made_recording import picture
from .realsense_stand_in import FPS, HEIGHT, SERIAL, WIDTH, SoftwareCamera, found_sdk
from .waiting import until

CONFIG = RealSenseCamera(driver="realsense", serial=SERIAL, width=WIDTH, height=HEIGHT, fps=FPS, white_balance_k=4000)


@pytest.fixture
def quiet() -> SoftwareCamera:
    """It sends what it is told to."""
    return SoftwareCamera()


@pytest.fixture
def software(quiet: SoftwareCamera) -> Iterator[SoftwareCamera]:
    """It sends on its own."""
    quiet.start()
    yield quiet
    quiet.stop()


def with_(**changed: object) -> RealSenseCamera:
    return RealSenseCamera.model_validate({**CONFIG.model_dump(), **changed})


def device_of(software: SoftwareCamera, config: RealSenseCamera = CONFIG) -> RealSense:
    return RealSense(config, HostClock(), lambda _: software.device)


def test_pictures_come_with_the_cameras_own_time(software: SoftwareCamera) -> None:
    camera = StreamCamera("front", CONFIG, device_of(software), HostClock())
    info = camera.connect()
    frame = until(camera.latest)
    until(lambda: (camera.latest() or frame).sequence > frame.sequence)
    health = camera.health()
    camera.close()
    assert (info.driver, info.serial, info.firmware) == ("realsense", SERIAL, "5.16.0.1")
    assert (info.width, info.height, info.fps, info.exposure_s) == (WIDTH, HEIGHT, FPS, pytest.approx(0.004))
    assert np.array_equal(frame.image, picture(frame.sequence, WIDTH, HEIGHT))
    assert frame.device_time == pytest.approx(frame.sequence * (1_000_000 // FPS) * 1e-6)
    assert frame.captured_at <= frame.arrived_at - CONFIG.delay_s
    assert health.dropped == 0


def test_all_is_locked_and_read_back(quiet: SoftwareCamera) -> None:
    device = device_of(quiet)
    device.open()
    option = quiet.rs.option
    read = {key: quiet.sensor.get_option(getattr(option, key)) for key in ("exposure", "gain", "white_balance")}
    device.close()
    assert read == {"exposure": 40.0, "gain": 64.0, "white_balance": 4000.0}
    for automatic in (option.enable_auto_exposure, option.enable_auto_white_balance):
        assert quiet.sensor.get_option(automatic) == 0.0


def test_a_setting_that_did_not_stay_is_refused(quiet: SoftwareCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    # The SDK's quiet sensor takes all that is in range, so another program has to change it in between.
    start = quiet.rs.sensor.start

    def meddled(sensor: Any, queue: Any) -> None:
        start(sensor, queue)
        quiet.sensor.set_option(quiet.rs.option.gain, 90.0)

    monkeypatch.setattr(quiet.rs.sensor, "start", meddled)
    camera = StreamCamera("front", CONFIG, device_of(quiet), HostClock())
    with pytest.raises(DynacollectError, match="front: gain was set to 64 and reads 90; close other programs"):
        camera.connect()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"fps": 25.0}, "has no 96x64 at 25 frames/s; choose from 96x64 at 60"),
        ({"white_balance_k": 9000}, "white_balance goes from 2800 to 6500 in the camera's units and cannot be 9000;"),
        ({"gain": 200}, "gain goes from 0 to 128"),
    ],
)
def test_what_the_camera_does_not_offer_is_refused(
    quiet: SoftwareCamera, changed: dict[str, Any], sentence: str
) -> None:
    camera = StreamCamera("front", with_(**changed), device_of(quiet, with_(**changed)), HostClock())
    with pytest.raises(DynacollectError) as caught:
        camera.connect()
    assert sentence in str(caught.value)


def test_the_cameras_counter_begins_anew_every_72_minutes(quiet: SoftwareCamera) -> None:
    quiet.microseconds = (1 << 32) - 40_000
    device = device_of(quiet)
    device.open()
    times: list[float] = []
    for _ in range(6):
        quiet.send()
        times.append(until(device.read).device_time)
    device.close()
    assert np.diff(times) == pytest.approx(1e-6 * (1_000_000 // FPS))
    assert times[0] < 2**32 * 1e-6 < times[-1]


def test_without_the_cameras_time_the_sdks_counts(quiet: SoftwareCamera) -> None:
    quiet.has_metadata = False
    quiet.microseconds = 5_000_000
    device = device_of(quiet)
    device.open()
    quiet.send()
    assert until(device.read).device_time == pytest.approx(1e-6 * quiet.microseconds)
    device.close()


@pytest.mark.slow
def test_it_comes_back_after_it_was_pulled_out(software: SoftwareCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "RETRY_S", 0.02)
    bus = [Plug(software.device)]

    def find(serial: str) -> Any:
        if bus[-1].pulled:
            raise DynacollectError(f"no RealSense camera {serial} is connected; plug it in")
        return bus[-1]

    camera = StreamCamera("front", CONFIG, RealSense(CONFIG, HostClock(), find), HostClock())
    camera.connect()
    software.silent = bus[-1].pulled = True
    until(lambda: "no RealSense camera" in "".join(fault.detail for fault in camera.health().faults))
    software.sensor.set_option(software.rs.option.exposure, 156.0)
    software.silent = False
    bus.append(Plug(software.device))
    old = camera.latest()
    until(lambda: camera.latest() is not old)
    camera.close()
    assert camera.health().restarts == 1
    assert software.sensor.get_option(software.rs.option.exposure) == 40.0


class Plug:
    """The software device at a cable that can be pulled: its own is always connected, and it cannot be reset."""

    def __init__(self, device: Any) -> None:
        self._device, self.pulled, self.resets = device, False, 0

    def is_connected(self) -> bool:
        return not self.pulled

    def hardware_reset(self) -> None:
        self.resets += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self._device, name)


def test_a_second_stall_resets_the_device(software: SoftwareCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynacollect.rig.cameras.realsense.device.RESET_S", 0.0)
    plug = Plug(software.device)
    camera = StreamCamera("front", CONFIG, RealSense(CONFIG, HostClock(), lambda _: plug), HostClock())
    camera.connect()
    for restarts, resets in ((1, 0), (2, 1)):
        camera.restart()
        until(lambda restarts=restarts: camera.health().restarts == restarts)
        assert plug.resets == resets
    camera.close()


def test_a_file_of_the_sdks_plays_like_a_camera(quiet: SoftwareCamera, tmp_path: Path) -> None:
    rs, file, clock = quiet.rs, str(tmp_path / "front.db3"), HostClock()
    first = device_of(quiet)
    first.open()
    first.close()
    recorder = rs.recorder(file, quiet.device)
    sensor = recorder.query_sensors()[0]
    sensor.open(sensor.get_stream_profiles()[0])
    sensor.start(rs.frame_queue(64))
    for _ in range(20):
        quiet.send()
        clock.wait_until(clock.now() + 0.01)
    sensor.stop()
    sensor.close()
    del sensor, recorder
    device = RealSense(CONFIG, HostClock(), lambda _: rs.context().load_device(file))
    info = device.open()
    frames = [until(device.read) for _ in range(20)]
    device.close()
    assert info.serial == SERIAL and info.exposure_s == pytest.approx(0.004)
    assert [shot.sequence for shot in frames] == list(range(1, 21))
    for shot in frames:
        assert np.array_equal(shot.image, picture(shot.sequence, WIDTH, HEIGHT))


def test_no_camera_is_one_sentence() -> None:
    found_sdk()
    assert SERIAL not in sdk_file.serials()
    camera = open_cameras({"front": CONFIG}, HostClock())["front"]
    with pytest.raises(DynacollectError) as caught:
        camera.connect()
    assert str(caught.value).startswith("front: no RealSense camera")
    assert SERIAL in str(caught.value) and "\n" not in str(caught.value)


def test_a_missing_sdk_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk_file.sdk.cache_clear()
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)
    with pytest.raises(DynacollectError, match=r"pyrealsense2 is not installed.*install 'dynacollect\[realsense\]'"):
        open_cameras({"front": CONFIG}, HostClock())["front"].connect()


def test_a_broken_sdk_keeps_its_own_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pyrealsense2.py").write_text("raise ImportError('undefined symbol: rs2_create_context')")
    sdk_file.sdk.cache_clear()
    monkeypatch.delitem(sys.modules, "pyrealsense2", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DynacollectError, match=r"does not load .undefined symbol: rs2_create_context") as caught:
        open_cameras({"front": CONFIG}, HostClock())["front"].connect()
    cause = caught.value.__cause__
    assert isinstance(cause.__cause__ if cause else None, ImportError)
    sdk_file.sdk.cache_clear()
