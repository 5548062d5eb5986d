"""Every number of every camera with its one sigma, and where the boards were."""

from __future__ import annotations

import numpy as np

from ..layout import Layout
from ..result import Calibration, PoseStd, SolvedCamera
from .left_out import pictures_taken
from .markup import Markup, joined, tag
from .numbers import short, sure

LENS = ("k1", "k2", "p1", "p2", "k3")
HEADS = (
    "camera", "focal [px]", "centre [px]", "distortion", "position [mm]", "rotation vector [deg]", "rms [px]",
    "pictures used",
)  # fmt: skip


def camera_table(calibration: Calibration, layout: Layout) -> Markup:
    """One row for each camera."""
    taken = pictures_taken(calibration, layout)
    rows = [_row(camera, calibration, taken[name]) for name, camera in calibration.cameras.items()]
    head = tag("tr", [tag("th", head) for head in HEADS])
    return tag("table", tag("thead", head), tag("tbody", rows))


def _row(camera: SolvedCamera, calibration: Calibration, taken: int) -> Markup:
    K, std = camera.K, camera.lens_std
    used = sum(view.camera == camera.name and not view.rejected for view in calibration.views)
    parent = "in the robot's base" if camera.role == "fixed" else "on the flange"
    size = f"{camera.size[0]}x{camera.size[1]}"
    about = [tag("b", camera.name), camera.role, size]
    if camera.clock is not None:
        about.append(f"clock {sure(1e3 * camera.clock.offset_s, 1e3 * camera.clock.std_s)} ms")
    return tag(
        "tr",
        _cell(*about),
        _cell(f"fx {sure(K[0, 0], std['fx'])}", f"fy {sure(K[1, 1], std['fy'])}"),
        _cell(f"cx {sure(K[0, 2], std['cx'])}", f"cy {sure(K[1, 2], std['cy'])}"),
        _cell(*(f"{name} {sure(value, std[name])}" for name, value in zip(LENS, camera.distortion, strict=True))),
        _pose(camera.pose.translation, camera.pose.rotation.as_rotvec(degrees=True), camera.pose_std, parent),
        _cell(short(camera.rms_px)),
        _cell(f"{used} of {taken}"),
    )


def _pose(place: np.ndarray, turn: np.ndarray, std: PoseStd, parent: str) -> Markup:
    """Position and rotation."""
    shifts = [f"{axis} {sure(1e3 * at, s)}" for axis, at, s in zip("xyz", place, std.shift_mm, strict=True)]
    turns = [f"{axis} {sure(by, s)}" for axis, by, s in zip("xyz", turn, std.turn_deg, strict=True)]
    return joined(_cell(*shifts, tag("small", parent)), _cell(*turns))


def board_table(calibration: Calibration) -> Markup:
    """Where each board was."""
    rows = []
    for mounting, board in calibration.boards.items():
        parent = "on the flange" if mounting == "held" else "in the robot's base"
        turn = board.pose.rotation.as_rotvec(degrees=True)
        rows.append(tag("tr", _cell(tag("b", mounting)), _pose(board.pose.translation, turn, board.std, parent)))
    head = tag("tr", [tag("th", head) for head in ("board", "position [mm]", "rotation vector [deg]")])
    return tag("table", tag("thead", head), tag("tbody", rows))


def _cell(*lines: object) -> Markup:
    return tag("td", [tag("div", line) for line in lines])
