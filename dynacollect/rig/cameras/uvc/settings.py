"""What is set in a USB camera, and whether the camera took it."""

from __future__ import annotations

from typing import Protocol

import cv2

from ...errors import DynacollectError
from .config import UvcCamera

EXPOSURE_UNIT_S = 1e-4
MANUAL, AUTOMATIC = 1.0, 3.0
"""Of the exposure, as the kernel numbers them."""


class Properties(Protocol):
    """What is used of cv2.VideoCapture."""

    def set(self, propId: int, value: float) -> bool: ...
    def get(self, propId: int) -> float: ...


def prepare(capture: Properties, config: UvcCamera) -> None:
    """The format before the size: each format has its own sizes."""
    for key, value in {**_format(config), **_locked(config)}.items():
        capture.set(key, value)


def compare(capture: Properties, config: UvcCamera) -> float:
    """The exposure that the camera reports, s; DynacollectError if it did not take something."""
    fourcc = int(capture.get(cv2.CAP_PROP_FOURCC)).to_bytes(4, "little").decode("ascii", "replace")
    if fourcc != config.fourcc:
        raise DynacollectError(f"{config.device} sends {fourcc}, not {config.fourcc}; set fourcc to what it offers")
    width, height, fps = (capture.get(key) for key in list(_format(config))[1:])
    if (width, height) != (config.width, config.height) or abs(fps / config.fps - 1.0) > 0.01:
        raise DynacollectError(
            f"{config.device} took {width:g}x{height:g} at {fps:g} frames/s instead of {config.width}x{config.height} "
            f"at {config.fps:g}; set what v4l2-ctl --list-formats-ext shows"
        )
    for key, value in _locked(config).items():
        if abs(capture.get(key) - value) > 0.5:
            raise DynacollectError(
                f"{config.device} has {NAMES[key]} {capture.get(key):g} instead of {value:g}; set what v4l2-ctl "
                "--list-ctrls shows, or lock: false to try things out"
            )
    return config.exposure_s if config.lock else capture.get(cv2.CAP_PROP_EXPOSURE) * EXPOSURE_UNIT_S


def _format(config: UvcCamera) -> dict[int, float]:
    return {
        cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*config.fourcc)),
        cv2.CAP_PROP_FRAME_WIDTH: float(config.width),
        cv2.CAP_PROP_FRAME_HEIGHT: float(config.height),
        cv2.CAP_PROP_FPS: config.fps,
    }


def _locked(config: UvcCamera) -> dict[int, float]:
    """In this order: a value can only be set once its automatic is off."""
    if not config.lock:
        return {}
    values = {
        cv2.CAP_PROP_AUTO_EXPOSURE: MANUAL,
        cv2.CAP_PROP_EXPOSURE: float(round(config.exposure_s / EXPOSURE_UNIT_S)),
        cv2.CAP_PROP_GAIN: config.gain,
        cv2.CAP_PROP_AUTO_WB: 0.0,
        cv2.CAP_PROP_WB_TEMPERATURE: float(config.white_balance_k),
    }
    if config.focus is not None:
        values |= {cv2.CAP_PROP_AUTOFOCUS: 0.0, cv2.CAP_PROP_FOCUS: float(config.focus)}
    return {key: float(value) for key, value in values.items() if value is not None}


NAMES = {
    cv2.CAP_PROP_AUTO_EXPOSURE: "auto_exposure",
    cv2.CAP_PROP_EXPOSURE: "exposure_time_absolute",
    cv2.CAP_PROP_GAIN: "gain",
    cv2.CAP_PROP_AUTO_WB: "white_balance_automatic",
    cv2.CAP_PROP_WB_TEMPERATURE: "white_balance_temperature",
    cv2.CAP_PROP_AUTOFOCUS: "focus_automatic_continuous",
    cv2.CAP_PROP_FOCUS: "focus_absolute",
}
"""As v4l2-ctl calls them."""
