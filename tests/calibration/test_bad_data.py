"""What goes wrong while pictures are taken is found, named, and solved around or refused; never a confident mistake."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import CalibrationData, RobotPose, Sighting
from dynacollect.calibration.solve import solve
from dynacollect.rig.errors import DynacollectError

from .mishaps import panda, reordered
from .projector import Move, Scene, pose, scene
from .test_solve import errors_of, renamed, workspace_rms_mm


def by(millimetres: float, degrees: float, seed: int = 0) -> RigidTransform:
    way, axis = np.random.default_rng(seed).normal(size=(2, 3))
    return pose(
        1e-3 * millimetres * way / np.linalg.norm(way),
        Rotation.from_rotvec(np.deg2rad(degrees) * axis / np.linalg.norm(axis)),
    )


def assert_honest(made: Scene, calibration: Calibration) -> None:
    """Errors as large as stated."""
    errors = errors_of(made, calibration)
    pulls = np.abs(errors) / np.sqrt(np.diag(calibration.covariance))[: len(errors)]
    assert np.mean(pulls < 1.96) > 0.8
    assert pulls.max() < 5
    assert workspace_rms_mm(made, calibration) < 0.45


FRAMES = 20
LONG = pytest.mark.long


@pytest.mark.slow
@pytest.mark.parametrize(("millimetres", "degrees"), [(1, 0.2), pytest.param(40, 20, marks=LONG)])
def test_a_board_that_slips_in_the_gripper_is_solved_as_two(millimetres: float, degrees: float) -> None:
    made = scene(1, frames=FRAMES, slip=Move("held", 10, by(millimetres, degrees)))
    calibration = solve(made.data)
    assert any(word.startswith("The held board slipped in the gripper before frame 1") for word in calibration.findings)
    assert not calibration.rejected()
    assert_honest(made, calibration)


@pytest.mark.slow
def test_a_board_that_is_moved_on_the_table_is_solved_as_two() -> None:
    made = scene(2, slip=Move("table", 12, by(5, 1)))
    calibration = solve(made.data)
    assert calibration.findings
    assert "The table board was moved on the table before frame 12, by 5." in calibration.findings[0]
    assert_honest(made, calibration)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("camera", "millimetres", "degrees"),
    [("front", 1, 0.2), ("wrist", 5, 1), pytest.param("front", 50, 10, marks=LONG)],
)
def test_a_bumped_camera_is_where_it_is_now(camera: str, millimetres: float, degrees: float) -> None:
    made = scene(2, frames=FRAMES, bump=Move(camera, 10, by(millimetres, degrees)))
    calibration = solve(made.data)
    assert len(calibration.findings) == 1
    assert calibration.findings[0].startswith(f"{camera} was moved before frame 1")
    assert all(view.camera == camera and view.frame < 11 for view in calibration.rejected())
    assert_honest(made, calibration)


@pytest.mark.slow
def test_a_camera_that_was_bumped_at_the_end_needs_more_pictures() -> None:
    with pytest.raises(DynacollectError, match="side was moved before frame 15 and has 5 pictures since"):
        solve(scene(0, frames=FRAMES, bump=Move("side", 15, by(5, 1))).data)


@pytest.mark.slow
def test_cameras_that_changed_names_halfway_are_refused() -> None:
    with pytest.raises(DynacollectError, match="front and side changed names before frame 10"):
        solve(renamed(scene(3, frames=FRAMES).data, {"front": "side", "side": "front"}, range(10)))


@pytest.mark.slow
@pytest.mark.parametrize("size", [1.003, pytest.param(0.95, marks=LONG)])
def test_a_board_of_another_size_is_solved_by_the_robots_measure(size: float) -> None:
    made = scene(4, frames=FRAMES)
    calibration = solve(replace(made.data, points=made.data.points / size))
    assert "than stated, by the robot's measure" in calibration.findings[0]
    assert abs(calibration.board_scale - size) < 4 * calibration.board_scale_std
    assert_honest(made, calibration)


def moved_on(data: CalibrationData, step: int) -> CalibrationData:
    return replace(data, poses=tuple(replace(pose, frame=pose.frame + step) for pose in data.poses))


def inverted(data: CalibrationData) -> CalibrationData:
    return replace(data, poses=tuple(replace(pose, T_base_flange=pose.T_base_flange.inv()) for pose in data.poses))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda data: moved_on(data, -1), "if each had the pose of the frame one before it"),
        pytest.param(lambda data: moved_on(data, 1), "if each had the pose of the frame one after it", marks=LONG),
        (inverted, "if T_base_flange were inverted"),
        pytest.param(
            lambda data: replace(data, points=0.643 * data.points), "if the board were 1.5. times as large", marks=LONG
        ),
        (lambda data: replace(data, points=1000 * data.points), "if the board were 0.001 times as large"),
    ],
    ids=["one late", "one early", "inverted", "other board", "millimetres"],
)
def test_usual_mistakes_are_named(wrong, words: str) -> None:
    with pytest.raises(DynacollectError, match=words):
        solve(wrong(scene(5, frames=10).data))


@pytest.mark.slow
def test_poses_of_other_pictures_are_refused() -> None:
    data = scene(5, frames=10).data
    held = [pose for pose in data.poses if pose.mounting == "held"]
    places = np.random.default_rng(0).permutation(len(held))
    mixed = [replace(pose, T_base_flange=held[other].T_base_flange) for pose, other in zip(held, places, strict=True)]
    table = [pose for pose in data.poses if pose.mounting == "table"]
    with pytest.raises(DynacollectError, match="do not fit the robot"):
        solve(replace(data, poses=(*mixed, *table)))


@pytest.mark.slow
def test_three_in_ten_spoilt_pictures_do_no_harm() -> None:
    made = scene(6, spoil=0.3)
    calibration = solve(made.data)
    assert {(view.camera, view.frame) for view in calibration.rejected()} == made.spoilt
    assert len(made.spoilt) > 15
    assert_honest(made, calibration)


@pytest.mark.slow
def test_a_frozen_camera_counts_once() -> None:
    made = scene(7, frames=FRAMES)
    first = {view.frame: view for view in made.data.sightings if view.camera == "front"}
    frozen = [replace(first.get(frame // 3 * 3, view), frame=frame) for frame, view in first.items()]
    others = tuple(view for view in made.data.sightings if view.camera != "front")
    calibration = solve(replace(made.data, sightings=(*others, *frozen)))
    assert any("front handed out the same picture again" in word for word in calibration.findings)
    assert_honest(made, calibration)


@pytest.mark.slow
def test_a_view_of_another_rig_is_left_out() -> None:
    made, other = scene(8, frames=FRAMES), scene(9, frames=FRAMES)
    strange = next(view for view in other.data.sightings if view.camera == "front" and view.frame == 9)
    views = tuple(strange if (v.camera, v.frame) == ("front", 9) else v for v in made.data.sightings)
    calibration = solve(replace(made.data, sightings=views))
    assert [(view.camera, view.frame) for view in calibration.rejected()] == [("front", 9)]
    assert_honest(made, calibration)


def damaged(view: Sighting, how: str) -> Sighting:
    ids, pixels = view.ids.copy(), view.pixels.copy()
    if how == "nan":
        pixels[2] = np.nan
    elif how == "unknown":
        ids[0] = 99
    else:
        ids[1] = ids[0]
    return replace(view, ids=ids, pixels=pixels)


@pytest.mark.slow
@pytest.mark.parametrize(("how", "reason"), [("nan", "no number"), ("unknown", "lacks"), ("twice", "twice")])
def test_corners_that_make_no_sense_are_left_out(how: str, reason: str) -> None:
    data = scene(0, frames=10).data
    first = data.sightings[0]
    rejected = solve(replace(data, sightings=(damaged(first, how), *data.sightings[1:]))).rejected()
    assert [(view.camera, view.frame) for view in rejected] == [(first.camera, first.frame)]
    assert reason in str(rejected[0].rejected)


@pytest.mark.slow
@pytest.mark.parametrize("late", [(0.0, 0.0), (0.08, -0.05)])
def test_late_clocks_are_found_where_the_arm_moved(late: tuple[float, float]) -> None:
    made = panda(moving=True, late=late)
    calibration = solve(made.data)
    for name, lag in zip(made.cameras, late, strict=True):
        camera = calibration.cameras[name]
        assert camera.clock is not None
        assert abs(camera.clock.offset_s - lag) < min(4 * camera.clock.std_s, 0.002)
        off = camera.pose.translation - made.cameras[name].place.translation
        assert np.abs(1e3 * off / camera.pose_std.shift_mm).max() < 4
    assert not calibration.rejected()


@pytest.mark.slow
def test_clocks_that_have_nothing_in_common_are_brought_together() -> None:
    made = panda(moving=True, late=(1000.0, -3.0))
    clocks = [camera.clock for camera in solve(made.data).cameras.values()]
    for clock, lag in zip(clocks, (1000.0, -3.0), strict=True):
        assert clock is not None
        assert abs(clock.offset_s - lag) < 0.002


@pytest.mark.slow
def test_an_arm_that_stands_tells_nothing_of_clocks_and_its_joints_are_checked() -> None:
    data = panda(frames=15).data
    calibration = solve(data)
    assert all(camera.clock is None for camera in calibration.cameras.values())
    assert not calibration.findings
    noted = solve(reordered(data, (1, 0, 2, 3, 4, 5, 6), poses_too=False))
    assert "joints noted with the poses are in another order" in noted.findings[0]
    with pytest.raises(DynacollectError, match="joints were taken in the order 7 6 5 4 3 2 1"):
        solve(reordered(data, (6, 5, 4, 3, 2, 1, 0), poses_too=True))


@pytest.mark.slow
def test_a_pose_noted_twice_keeps_its_frame() -> None:
    data = scene(0, frames=12).data
    extra = RobotPose("held", 500, data.poses[0].T_base_flange)
    assert len(solve(replace(data, poses=(*data.poses, extra))).views) == len(data.sightings)
