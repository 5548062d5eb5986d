"""A solve's result as a file: rounded well beneath one sigma, so that it can be read and loses nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from .boards import Board
from .file import CalibrationFile
from .file_parts import (
    FARTHEST,
    Arm,
    Boards,
    CameraStd,
    Clock,
    Distortion,
    DistortionStd,
    FiledCamera,
    FiledQuality,
    HeldBoard,
    HeldOutError,
    Pinhole,
    PinholeStd,
    PlaceStd,
    Pose,
    Scale,
    TableBoard,
    Views,
    WorkspaceError,
)
from .lens import LENS_NAMES
from .result import Calibration, PoseStd, Quality, SolvedCamera

BENEATH = 4
"""Digits kept beneath the first one of a number's sigma: numbers that were solved together err together, and what they
say jointly can be a hundred times surer than each alone."""
FINEST = 12
"""Decimals kept at most."""


def calibration_of(
    solved: Calibration,
    board: Board,
    *,
    created: str,
    rig: str | None = None,
    arm: str | None = None,
    arm_serial: str | None = None,
    serials: Mapping[str, str] | None = None,
) -> CalibrationFile:
    """`created` is a moment in UTC such as 2026-01-31T12:00:00Z; `serials` are by camera."""
    known = serials or {}
    _check_distances(solved)
    return CalibrationFile(
        schema=1,
        created=created,
        rig=rig,
        arm=None if arm is None else Arm(model=arm, serial=arm_serial),
        board=board,
        board_scale=_scale(solved),
        cameras={name: _camera(solved, camera, known.get(name)) for name, camera in sorted(solved.cameras.items())},
        boards=_boards(solved),
        quality=_quality(solved.quality),
        findings=solved.findings,
    )


def _check_distances(solved: Calibration) -> None:
    for name, camera in solved.cameras.items():
        if (farthest := float(np.abs(camera.pose.translation).max())) > FARTHEST:
            raise DynacollectError(
                f"{name} came out {farthest:.0f} m from the robot; check that robot poses and board are in metres."
            )


def rounded(value: float, std: float) -> float:
    """The value to some digits beneath its std; never minus zero."""
    if not std > 0:
        return round(float(value), FINEST) + 0.0
    return round(float(value), int(np.clip(BENEATH - math.floor(math.log10(std)), 0, FINEST))) + 0.0


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _shorts(values: Iterable[float]) -> tuple[float, float, float]:
    x, y, z = (_short(value) for value in values)
    return x, y, z


def _pose(pose: RigidTransform, std: PoseStd) -> Pose:
    x, y, z = (rounded(step, 1e-3 * mm) for step, mm in zip(pose.translation, std.shift_mm, strict=True))
    half = float(np.deg2rad(np.min(std.turn_deg))) / 2
    qx, qy, qz, qw = (rounded(part, half) for part in pose.rotation.as_quat(canonical=True))
    return Pose(translation=(x, y, z), quaternion=(qx, qy, qz, qw))


def _place_std(std: PoseStd) -> PlaceStd:
    return PlaceStd(turn_deg=_shorts(std.turn_deg), shift_mm=_shorts(std.shift_mm))


def _camera(solved: Calibration, camera: SolvedCamera, serial: str | None) -> FiledCamera:
    K, std = camera.K, camera.lens_std
    numbers = [K[0, 0], K[1, 1], K[0, 2], K[1, 2], *camera.distortion]
    lens = {name: rounded(value, std[name]) for name, value in zip(LENS_NAMES, numbers, strict=True)}
    sigmas = {name: _short(std[name]) for name in LENS_NAMES}
    pose = _pose(camera.pose, camera.pose_std)
    mine = [view for view in solved.views if view.camera == camera.name]
    clock = camera.clock
    place = _place_std(camera.pose_std)
    return FiledCamera(
        role=camera.role,
        serial=serial,
        size=camera.size,
        K=Pinhole(**{name: lens[name] for name in LENS_NAMES[:4]}),
        distortion=Distortion(**{name: lens[name] for name in LENS_NAMES[4:]}),
        T_base_camera=pose if camera.role == "fixed" else None,
        T_flange_camera=pose if camera.role == "wrist" else None,
        std=CameraStd(
            turn_deg=place.turn_deg,
            shift_mm=place.shift_mm,
            K=PinholeStd(**{name: sigmas[name] for name in LENS_NAMES[:4]}),
            distortion=DistortionStd(**{name: sigmas[name] for name in LENS_NAMES[4:]}),
        ),
        rms_px=_short(camera.rms_px),
        views=Views(used=sum(not view.rejected for view in mine), taken=len(mine)),
        clock=None
        if clock is None
        else Clock(offset_s=rounded(clock.offset_s, clock.std_s), std_s=_short(clock.std_s)),
    )


def _boards(solved: Calibration) -> Boards:
    held, table = solved.boards.get("held"), solved.boards.get("table")
    return Boards(
        held=held and HeldBoard(T_flange_board=_pose(held.pose, held.std), std=_place_std(held.std)),
        table=table and TableBoard(T_base_board=_pose(table.pose, table.std), std=_place_std(table.std)),
    )


def _scale(solved: Calibration) -> Scale | None:
    if solved.board_scale_std <= 0:
        return None
    std = solved.board_scale_std
    return Scale(value=rounded(solved.board_scale, std), std=_short(std))


def _quality(quality: Quality) -> FiledQuality:
    space = quality.workspace
    return FiledQuality(
        corner_sigma_px=_short(quality.corner_sigma_px),
        robot_sigma_deg=_short(quality.robot_sigma_deg),
        robot_sigma_mm=_short(quality.robot_sigma_mm),
        held_out={
            name: HeldOutError(views=one.views, rms_px=_short(one.rms_px), rms_mm=_short(one.rms_mm))
            for name, one in sorted(quality.held_out.items())
        },
        workspace=space
        and WorkspaceError(
            low=_millimetres(space.low),
            high=_millimetres(space.high),
            rms_mm=_short(space.rms_mm),
            worst_mm=_short(space.worst_mm),
        ),
        advice=quality.advice,
    )


def _millimetres(point: Iterable[float]) -> tuple[float, float, float]:
    """A point to the millimetre."""
    x, y, z = (round(float(step), 3) + 0.0 for step in point)
    return x, y, z
