"""One camera of LeRobot's. It gives pictures without their times: theirs is when they arrived."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ...camera import CameraInfo
from ...clock import Clock
from ...config_base import nearest
from ...errors import DynacollectError
from ..device import Device, Shot
from .config import LeRobotCamera

WAIT_MS = 200


class LeRobotDevice(Device):
    """Waits for each new picture, as LeRobot's own thread has it."""

    def __init__(self, name: str, config: LeRobotCamera, clock: Clock) -> None:
        self._name, self._config, self._clock = name, config, clock
        self._camera: Any = None
        self._sequence = 0

    def open(self) -> CameraInfo:
        from lerobot.cameras import make_cameras_from_configs

        config = self._config
        settings = _settings(config)
        try:
            self._camera = camera = make_cameras_from_configs({self._name: settings})[self._name]
        except (TypeError, ValueError, ImportError) as error:
            raise DynacollectError(
                f"LeRobot cannot make a {config.type} ({_line(error)}); mend its settings"
            ) from error
        camera.connect()
        self._sequence = 0
        height, width, *_ = camera.async_read(timeout_ms=5e3).shape
        fps = float(camera.fps or config.fps)
        if (width, height, fps) != (config.width, config.height, config.fps):
            raise DynacollectError(
                f"it took {width}x{height} at {fps:g} frames/s instead of {config.width}x{config.height} "
                f"at {config.fps:g}; set what it offers"
            )
        return CameraInfo("lerobot", config.serial, type(camera).__name__, width, height, fps, config.exposure_s)

    def read(self) -> Shot | None:
        try:
            image = self._camera.async_read(timeout_ms=WAIT_MS)
        except TimeoutError:
            return None
        arrived_at = self._clock.now()
        self._sequence += 1
        return Shot(np.array(image, np.uint8), self._sequence, arrived_at, arrived_at)

    def close(self) -> None:
        camera, self._camera = self._camera, None
        if camera is not None and camera.is_connected:
            camera.disconnect()


def _settings(config: LeRobotCamera) -> Any:
    """LeRobot's configuration of it; DynacollectError names the kinds that there are."""
    from lerobot.cameras import CameraConfig

    known = _kinds()
    if config.type not in known:
        raise DynacollectError(f"LeRobot has no camera of type {config.type}; {nearest(config.type, known)}")
    size = {"width": config.width, "height": config.height, "fps": int(config.fps)}
    try:
        return CameraConfig.get_choice_class(config.type)(**{**size, **config.settings})
    except (TypeError, ValueError) as error:
        raise DynacollectError(
            f"LeRobot refuses the settings of a {config.type} ({_line(error)}); mend them"
        ) from error


def _kinds() -> list[str]:
    """Of LeRobot itself and of plug-ins that are installed beside it."""
    import lerobot.cameras
    from lerobot.utils.import_utils import register_third_party_plugins

    for file in sorted(Path(lerobot.cameras.__path__[0]).glob("*/configuration_*.py")):
        with suppress(ImportError):
            import_module(f"lerobot.cameras.{file.parent.name}.{file.stem}")
    register_third_party_plugins()
    return sorted(lerobot.cameras.CameraConfig.get_known_choices())


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
