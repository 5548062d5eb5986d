"""Ultralytics as it is used here: it asks nobody, fetches nothing, prints nothing, and writes only where it is told."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from tempfile import TemporaryDirectory
from typing import Any

import cv2

from ....rig.errors import DynacollectError

SWITCHES = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}
LOGGERS = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")
"""Other tools that it would tell of each training, where they are installed."""


@cache
def ultralytics() -> Any:
    """The package."""
    os.environ.update(SWITCHES)
    if "ultralytics" not in sys.modules:
        os.environ["YOLO_CONFIG_DIR"] = _settings_folder().name
    # It switches OpenCV's threads off for the whole process.
    threads = cv2.getNumThreads()
    try:
        package = import_module("ultralytics")
    except ModuleNotFoundError as error:
        raise DynacollectError(
            f"{error.name} is not installed, which runs trained segmenters; "
            "install the extra: pip install 'dynacollect[yolo]'"
        ) from error
    finally:
        cv2.setNumThreads(threads)
    # Its own update() would write them to a file.
    dict.update(package.settings, {"sync": False} | dict.fromkeys(LOGGERS, False))
    import_module("ultralytics.utils.events").events.enabled = False
    # It looks for a font on the network for plots that nobody draws.
    vars(import_module("ultralytics.data.utils"))["check_font"] = _no_font
    return package


@cache
def _settings_folder() -> TemporaryDirectory[str]:
    """It does not start without a file of settings; this one goes when the process ends."""
    return TemporaryDirectory(prefix="dynacollect-ultralytics-")


def _no_font(_font: str = "") -> None:
    return None


def device_of(wanted: str) -> str:
    """`cpu` or `cuda`, also for `auto`."""
    torch = import_module("torch")
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise DynacollectError("this machine has no CUDA device that works; leave --device out, or say --device cpu")
    return wanted
