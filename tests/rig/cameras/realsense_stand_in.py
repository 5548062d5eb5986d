"""A RealSense camera without glass: the SDK's own software device, with the options of a D435's colour sensor."""

from __future__ import annotations

from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from dynacollect.rig.cameras.realsense.sdk import sdk
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Image

from .made_recording import picture

WIDTH, HEIGHT, FPS = 96, 64, 60
SERIAL = "0146222254321"


def found_sdk() -> Any:
    """The SDK; without it there is nothing to test here."""
    try:
        return sdk()
    except DynacollectError as error:
        pytest.skip(str(error))


class SoftwareCamera:
    """Its sensor is fed from a thread, as a device would."""

    def __init__(self) -> None:
        self.rs = rs = found_sdk()
        self.device = rs.software_device()
        for key, value in (("serial_number", SERIAL), ("name", "Stand-in D435"), ("firmware_version", "5.16.0.1")):
            self.device.register_info(getattr(rs.camera_info, key), value)
        self.sensor = self.device.add_sensor("RGB Camera")
        self.profile = self.sensor.add_video_stream(self._stream()).as_video_stream_profile()
        # The binding takes the default before the step.
        for key, span in (
            ("enable_auto_exposure", (0, 1, 1, 1)), ("exposure", (1, 10000, 156, 1)), ("gain", (0, 128, 64, 1)),
            ("enable_auto_white_balance", (0, 1, 1, 1)), ("white_balance", (2800, 6500, 4600, 10)),
        ):  # fmt: skip
            self.sensor.add_option(getattr(rs.option, key), rs.option_range(*span), True)
        self.sensor.add_option(rs.option.asic_temperature, rs.option_range(0, 120, 41, 1), True)
        self.microseconds = 0
        self.number = 0
        self.silent = False
        self.has_metadata = True
        """As with a kernel that passes it on."""
        self._stop = Event()
        self._thread = Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def send(self, image: Image | None = None, numbers: int = 1, seconds: float = 1.0 / FPS) -> None:
        """One frame, so many numbers and seconds of the camera's clock after the one before."""
        rs = self.rs
        self.number += numbers
        self.microseconds += int(1e6 * seconds)
        image = picture(self.number, WIDTH, HEIGHT) if image is None else image
        frame = rs.software_video_frame()
        frame.pixels, frame.bpp, frame.stride = np.ascontiguousarray(image), 3, 3 * WIDTH
        frame.timestamp, frame.domain = 1e-3 * self.microseconds, rs.timestamp_domain.hardware_clock
        frame.frame_number, frame.profile = self.number, self.profile
        if self.has_metadata:
            self.sensor.set_metadata(rs.frame_metadata_value.sensor_timestamp, self.microseconds % (1 << 32))
        self.sensor.on_video_frame(frame)

    def _run(self) -> None:
        while not self._stop.wait(1.0 / FPS):
            if not self.silent:
                self.send()

    def _stream(self) -> Any:
        rs = self.rs
        stream = rs.video_stream()
        stream.type, stream.index, stream.uid, stream.fmt = rs.stream.color, 0, 1, rs.format.rgb8
        stream.width, stream.height, stream.fps, stream.bpp = WIDTH, HEIGHT, FPS, 3
        lens = rs.intrinsics()
        lens.width, lens.height = WIDTH, HEIGHT
        stream.intrinsics = lens
        return stream
