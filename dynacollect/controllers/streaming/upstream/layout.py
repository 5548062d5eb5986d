"""What the messages mean, in our nouns, and how ours are said."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from ....rig.nouns import Image, Vector
from ..remote.wire import StrangerError

STATE, IMAGES = "observation.state", "observation.images."
ACTION = 8
"""Numbers of theirs: a quaternion has one more than Euler angles."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """An observation of theirs."""

    step: int | None
    """Its number in the episode; older servers do not say."""
    state: Vector
    """Tool pose (6,) as in an action; angles from -pi to pi."""
    pictures: Mapping[str, Image]
    """By camera, (height, width, 3)."""


def look_of(message: Mapping[str, Any]) -> Look:
    try:
        effector = message[STATE]["end_effector"]
        place, turn = _row(effector["pos"], 3), _row(effector["quat"], 4)
    except (KeyError, TypeError) as error:
        raise StrangerError("an observation without a tool") from error
    step = message.get("index")
    if not (step is None or type(step) is int):
        raise StrangerError("an observation without a number")
    pictures = {name.removeprefix(IMAGES): _picture(each) for name, each in message.items() if name.startswith(IMAGES)}
    return Look(step, np.concatenate([place, _euler(turn)]), pictures)


def look_message(step: int, dt_scale: float, tool: RigidTransform, pictures: Mapping[str, Image]) -> dict[str, object]:
    """`dt_scale`: how many times as long as it should the last step took, 1 at least."""
    pos, quat = tool.translation[None], tool.rotation.as_quat(scalar_first=True)[None]
    effector = {"pos": pos.astype(np.float32), "quat": quat.astype(np.float32)}
    shown = {IMAGES + name: picture[None] for name, picture in pictures.items()}
    return {"dt_scale": dt_scale, "index": step, STATE: {"end_effector": effector}, **shown}


def action_message(values: Vector) -> NDArray[np.float32]:
    """(1, 8) of (7,)."""
    turn = Rotation.from_euler("xyz", values[3:6]).as_quat(scalar_first=True)
    return np.concatenate([values[:3], turn, values[6:]])[None].astype(np.float32)


def action_of(value: object) -> Vector:
    """(7,) of (1, 8); whether it makes sense is not looked at."""
    row = _row(value, ACTION)
    return np.concatenate([row[:3], _euler(row[3:7]), row[7:]])


def _euler(turn: Vector) -> Vector:
    """(3,) of a quaternion w, x, y, z; NaN of one that is none."""
    if not np.isfinite(turn).all() or np.linalg.norm(turn) < 1e-6:
        return np.full(3, np.nan)
    with warnings.catch_warnings():
        # Straight up or down, the first angle takes what the third would have been.
        warnings.filterwarnings("ignore", message="Gimbal lock")
        return Rotation.from_quat(turn, scalar_first=True).as_euler("xyz")


def _row(value: object, count: int) -> Vector:
    if not isinstance(value, np.ndarray) or value.shape != (1, count) or value.dtype.kind != "f":
        raise StrangerError(f"an array that is not (1, {count})")
    return value[0].astype(float)


def _picture(value: object) -> Image:
    if not isinstance(value, np.ndarray) or value.ndim != 4 or len(value) != 1 or value.shape[3] not in (3, 4):
        raise StrangerError("a picture that is none")
    if value.dtype != np.uint8:
        raise StrangerError("a picture of something else than bytes")
    return value[0, :, :, :3]
