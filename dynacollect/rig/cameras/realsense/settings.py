"""What is locked in a RealSense camera, and whether the camera took it."""

from __future__ import annotations

from typing import Any

from ...errors import DynacollectError
from .config import RealSenseCamera

COLOUR_UNIT_S, STEREO_UNIT_S = 1e-4, 1e-6
"""One step of the exposure: of a colour sensor, and of a stereo module that also makes the colour picture."""


def lock(rs: Any, sensor: Any, config: RealSenseCamera) -> None:
    """Set all; a value that does not fit is refused before it is sent."""
    for option, value in _wanted(rs, sensor, config).items():
        if not sensor.supports(option):
            continue
        span = sensor.get_option_range(option)
        if not span.min <= value <= span.max:
            raise DynacollectError(
                f"{option.name} goes from {span.min:g} to {span.max:g} in the camera's units and cannot be "
                f"{value:g}; mend it in rig.yaml"
            )
        if sensor.get_option(option) != value:
            sensor.set_option(option, span.min + round((value - span.min) / span.step) * span.step)


def compare(rs: Any, sensor: Any, config: RealSenseCamera) -> float:
    """The exposure that the camera reports, s; DynacollectError if anything is not as it was set."""
    for option, value in _wanted(rs, sensor, config).items():
        if not sensor.supports(option):
            if option == rs.option.exposure:
                raise DynacollectError("its exposure cannot be locked; use a camera with manual exposure")
            continue
        taken, step = sensor.get_option(option), sensor.get_option_range(option).step
        if abs(taken - value) > 0.51 * step:
            raise DynacollectError(
                f"{option.name} was set to {value:g} and reads {taken:g}; close other programs that use the camera"
            )
    return sensor.get_option(rs.option.exposure) * _exposure_unit(sensor)


def _wanted(rs: Any, sensor: Any, config: RealSenseCamera) -> dict[Any, float]:
    """In this order: a value can only be set once its automatic is off."""
    option = rs.option
    return {
        option.enable_auto_exposure: 0.0,
        option.auto_exposure_priority: 0.0,
        option.exposure: config.exposure_s / _exposure_unit(sensor),
        option.gain: float(config.gain),
        option.enable_auto_white_balance: 0.0,
        option.white_balance: float(config.white_balance_k),
        option.global_time_enabled: 1.0,
    }


def _exposure_unit(sensor: Any) -> float:
    return STEREO_UNIT_S if sensor.is_depth_sensor() else COLOUR_UNIT_S
