"""Findings on what is installed."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Iterator
from ctypes.util import find_library
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version

from ... import __version__
from .finding import Finding

EXTRAS = {
    "realsense": ("pyrealsense2", "pyrealsense2"),
    "franka": ("franky-control", "franky"),
    "piper": ("piper-sdk", "piper_sdk"),
    "yolo": ("ultralytics", "ultralytics"),
    "foundationpose": ("msgpack", "msgpack"),
    "show": ("rerun-sdk", "rerun"),
    "train": ("accelerate", "accelerate"),
    "cluster": ("ray", "ray"),
    "remote": ("msgpack", "msgpack"),
    "bridge": ("pyzmq", "zmq"),
}
"""Extra -> its package and the module that must load."""


def software(needed: Collection[str] = ()) -> Iterator[Finding]:
    """`needed`: extras without which the rig that was asked about cannot work."""
    yield Finding("dynacollect", "good", f"{__version__}, Python {sys.version.split()[0]}")
    yield _torch()
    if find_library("EGL") is None:
        remedy = "sudo apt install libegl1 libgl1 (what the simulated cell renders with)"
        yield Finding("rendering", "note", "no EGL library, so the cell cannot be drawn without a display", remedy)
    else:
        yield Finding("rendering", "good", "EGL")
    for extra, (package, module) in EXTRAS.items():
        yield _extra(extra, package, module, needed=extra in needed)


def _torch() -> Finding:
    import torch

    if torch.cuda.is_available():
        return Finding("GPU", "good", f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    return Finding("GPU", "note", f"none that torch {torch.__version__} can use", "train on one; collecting needs none")


def _extra(extra: str, package: str, module: str, *, needed: bool) -> Finding:
    state, install = "bad" if needed else "note", f"uv pip install 'dynacollect[{extra}]'"
    try:
        found = version(package)
    except PackageNotFoundError:
        return Finding(f"extra {extra}", state, f"{package} is not installed", install)
    if not needed:
        return Finding(f"extra {extra}", "good", f"{package} {found}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            _load(extra, module)
    except Exception as error:  # noqa: BLE001 # because a vendor's package may fail in any way
        return Finding(f"extra {extra}", "bad", f"{package} {found} does not load: {error}", f"reinstall it: {install}")
    return Finding(f"extra {extra}", "good", f"{package} {found}, loads")


def _load(extra: str, module: str) -> None:
    if extra == "realsense":
        # The wheel alone does not load where the system has no libusb.
        from ...rig.cameras.realsense.sdk import sdk

        sdk()
    else:
        import_module(module)
