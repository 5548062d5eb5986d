"""One RealSense camera's colour stream."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import Event
from typing import Any

import numpy as np

from ...camera import CameraInfo
from ...clock import Clock
from ...errors import DynacollectError
from ..device import Device, Shot
from .config import RealSenseCamera
from .sdk import plugged_in, sdk
from .settings import compare, lock

WAIT_MS = 200
QUEUE = 8
"""Frames that the SDK keeps while the host stalls."""
RESET_S = 3.0
"""Until a device that was reset is gone from the bus; it comes back within some seconds more."""
WARM_S = 2.0
"""Between two looks at the temperature."""
WRAP = 1 << 32
"""The camera counts microseconds in 32 bits: it begins anew every 72 minutes."""


class RealSense(Device):
    """Read at the sensor rather than through a pipeline, whose stopping is known to hang."""

    def __init__(self, config: RealSenseCamera, clock: Clock, find: Callable[[str], Any] = plugged_in) -> None:
        self._config, self._clock, self._find = config, clock, find
        self._device: Any = None
        self._sensor: Any = None
        self._never = Event()

    def open(self) -> CameraInfo:
        self._rs = rs = sdk()
        config = self._config
        self._device = self._find(config.serial)
        sensor, profile = self._choose()
        lock(rs, sensor, config)
        self._queue = rs.frame_queue(QUEUE)
        sensor.open(profile)
        self._sensor = sensor
        sensor.start(self._queue)
        exposure = compare(rs, sensor, config)
        self._wrapped, self._last_us = 0, 0
        self._looked_at, self._temperature_c = -math.inf, math.nan
        size = profile.as_video_stream_profile()
        firmware = self._device.get_info(rs.camera_info.firmware_version)
        return CameraInfo(
            "realsense", config.serial, firmware, size.width(), size.height(), float(profile.fps()), exposure
        )

    def read(self) -> Shot | None:
        there, frame = self._queue.try_wait_for_frame(WAIT_MS)
        arrived_at = self._clock.now()
        if there:
            image = np.array(frame.get_data(), np.uint8)
            stamp = self._device_time(frame)
            return Shot(image, frame.get_frame_number(), stamp, arrived_at, temperature_c=self._temperature(arrived_at))
        if not self._device.is_connected():
            raise DynacollectError(f"RealSense {self._config.serial} has left the bus; check its cable and hub")
        return None

    def close(self) -> None:
        sensor, self._sensor = self._sensor, None
        if sensor is None:
            return
        for leave in (sensor.stop, sensor.close):
            try:
                leave()
            except RuntimeError:
                # Of a device that is gone, nothing is left to stop.
                continue

    def reset(self) -> None:
        self._find(self._config.serial).hardware_reset()
        self._never.wait(RESET_S)

    def _choose(self) -> tuple[Any, Any]:
        """The sensor with the colour stream, and the stream as it was asked for."""
        rs, config = self._rs, self._config
        colour = [
            (sensor, profile)
            for sensor in self._device.query_sensors()
            for profile in sensor.get_stream_profiles()
            if profile.stream_type() == rs.stream.color and profile.format() == rs.format.rgb8
        ]
        offered: set[tuple[int, int, int]] = set()
        for sensor, profile in colour:
            video = profile.as_video_stream_profile()
            offered.add((video.width(), video.height(), profile.fps()))
            if (video.width(), video.height(), profile.fps()) == (config.width, config.height, config.fps):
                return sensor, profile
        sizes = ", ".join(f"{width}x{height} at {fps}" for width, height, fps in sorted(offered))
        raise DynacollectError(
            f"RealSense {config.serial} has no {config.width}x{config.height} at {config.fps:g} frames/s; "
            + (f"choose from {sizes}" if sizes else "it has no colour stream, use another camera")
        )

    def _device_time(self, frame: Any) -> float:
        """Mid-exposure by the camera's own clock where the kernel passes it on, else what the SDK makes of it."""
        values = self._rs.frame_metadata_value
        for key in (values.sensor_timestamp, values.frame_timestamp):
            if frame.supports_frame_metadata(key):
                return 1e-6 * self._unwrapped(frame.get_frame_metadata(key))
        return 1e-3 * frame.get_timestamp()

    def _unwrapped(self, microseconds: int) -> int:
        if microseconds < self._last_us - WRAP // 2:
            self._wrapped += WRAP
        self._last_us = microseconds
        return microseconds + self._wrapped

    def _temperature(self, now: float) -> float:
        option = self._rs.option.asic_temperature
        if now - self._looked_at > WARM_S and self._sensor.supports(option):
            self._looked_at, self._temperature_c = now, self._sensor.get_option(option)
        return self._temperature_c
