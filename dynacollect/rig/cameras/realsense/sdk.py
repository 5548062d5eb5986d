"""Intel's SDK, looked for when a camera connects."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module
from typing import Any

from ...errors import DynacollectError

EXTRA = "install the extra: pip install 'dynacollect[realsense]'"


@cache
def sdk() -> Any:
    """The package."""
    try:
        return _loaded()
    except ModuleNotFoundError as error:
        raise DynacollectError(f"{error.name} is not installed, which reads RealSense cameras; {EXTRA}") from error
    except ImportError as error:
        raise DynacollectError(f"pyrealsense2 is installed but does not load ({error}); {EXTRA}") from error


def _loaded() -> Any:
    try:
        return import_module("pyrealsense2")
    except ImportError as error:
        if "libusb" not in str(error):
            raise
    # The wheel needs the system's libusb; one that was loaded before under the same name is taken as well.
    ctypes.CDLL(str(import_module("libusb_package").get_library_path()), mode=ctypes.RTLD_GLOBAL)
    return import_module("pyrealsense2")


@cache
def _context() -> Any:
    """One for all cameras: each has threads of its own."""
    return sdk().context()


def serials() -> list[str]:
    """Of all that are plugged in."""
    return sorted(_devices())


def plugged_in(serial: str) -> Any:
    """The device; DynacollectError names those that are there instead."""
    found = _devices()
    if serial in found:
        return found[serial]
    if not found:
        raise DynacollectError(f"no RealSense camera is connected, so not {serial} either; plug it in at a USB 3 port")
    raise DynacollectError(
        f"no RealSense camera {serial} is connected, only {', '.join(sorted(found))}; mend its serial or its cable"
    )


def _devices() -> dict[str, Any]:
    key = sdk().camera_info.serial_number
    return {device.get_info(key): device for device in _context().query_devices() if device.supports(key)}
