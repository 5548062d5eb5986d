"""The joint solve against scenes with known truth, drawn by a projection of their own."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from dynacollect.calibration.initial import first_guess
from dynacollect.calibration.model import CAMERA, LOCAL, POSE, linearised, residuals
from dynacollect.calibration.problem import Story, tables
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import CalibrationData, Sighting
from dynacollect.calibration.solve import solve
from dynacollect.calibration.workspace import located
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from .projector import SIZE, Scene, scene

TABLE_BOX = np.array([0.3, -0.2, 0.0]), np.array([0.7, 0.2, 0.2])


@cache
def clean() -> tuple[Scene, Calibration]:
    made = scene(0)
    return made, solve(made.data)


@cache
def corrupted() -> tuple[Scene, Calibration]:
    made = scene(5, spoil=0.05)
    return made, solve(made.data)


def lens_of(calibration: Calibration, name: str) -> Vector:
    K = calibration.cameras[name].K
    return np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2], *calibration.cameras[name].distortion])


def errors_of(made: Scene, calibration: Calibration) -> Vector:
    """Of all shared unknowns, in the covariance's order."""
    out = []
    for name in sorted(made.cameras):
        true, found = made.cameras[name].place, calibration.cameras[name].pose
        out += [lens_of(calibration, name) - made.cameras[name].lens]
        out += [(true.rotation.inv() * found.rotation).as_rotvec(), found.translation - true.translation]
    boards = (made.T_flange_board, calibration.boards["held"]), (made.T_base_board, calibration.boards["table"])
    for true, board in boards:
        out += [(true.rotation.inv() * board.pose.rotation).as_rotvec(), board.pose.translation - true.translation]
    return np.concatenate(out)


def workspace_rms_mm(made: Scene, calibration: Calibration) -> float:
    """Of points that the true front and side cameras see, located with the solved ones."""
    assert calibration.quality.workspace is not None
    low, high = calibration.quality.workspace.low, calibration.quality.workspace.high
    points = np.random.default_rng(0).uniform(low, high, (400, 3))
    names = ("front", "side")
    pixels = np.array([made.cameras[name].pixels(made.cameras[name].place.inv().apply(points)) for name in names])
    seen = ((pixels > 0) & (pixels < np.array(SIZE) - 1)).all(axis=(0, 2))
    lenses = np.array([lens_of(calibration, name) for name in names])
    places = np.array([calibration.cameras[name].pose.as_matrix() for name in names])
    found = located(pixels[:, seen], lenses, places, points[seen])
    return 1e3 * float(np.sqrt(((found - points[seen]) ** 2).sum(axis=1).mean()))


def test_derivatives_are_those_of_the_residuals() -> None:
    made = scene(1, frames=8)
    problem, _ = tables(made.data, Story(scale=True))
    start = first_guess(problem, made.data.sizes)
    _, slopes = linearised(problem, start)
    rng = np.random.default_rng(0)
    for _ in range(5):
        shared = rng.normal(size=problem.width) * 1e-6
        shared[: CAMERA * 3].reshape(3, CAMERA)[:, :4] *= 100
        frames = rng.normal(size=(len(problem.frame_names), POSE)) * 1e-6
        steps = np.zeros((len(problem.views), LOCAL))
        for view in range(len(problem.views)):
            steps[view, problem.local] = shared[problem.columns(view)]
            steps[view, LOCAL - POSE :] = frames[problem.views[view, 2]]
        told = np.einsum("nij,nj->ni", slopes, steps[problem.view])
        ahead, behind = (residuals(problem, start.moved(problem, sign * shared, sign * frames)) for sign in (1, -1))
        assert np.allclose((ahead - behind) / 2, told, atol=1e-7, rtol=1e-5)


@pytest.mark.slow
def test_without_noise_the_truth_comes_back() -> None:
    made = scene(0, frames=12, pixel=0, robot=0)
    calibration = solve(made.data)
    assert np.abs(errors_of(made, calibration)).max() < 1e-6
    assert workspace_rms_mm(made, calibration) < 1e-6


@pytest.mark.slow
def test_noise_leaves_errors_as_large_as_stated() -> None:
    made, calibration = clean()
    assert calibration.quality.workspace is not None
    assert workspace_rms_mm(made, calibration) < 2 * calibration.quality.workspace.rms_mm < 0.4
    sigmas = np.sqrt(np.diag(calibration.covariance))
    assert np.abs(errors_of(made, calibration) / sigmas).max() < 4
    assert calibration.quality.corner_sigma_px == pytest.approx(0.04, rel=0.05)
    assert not calibration.rejected()
    assert not calibration.quality.advice
    for name, camera in calibration.cameras.items():
        assert camera.rms_px < 0.07
        assert camera.lens_std["fx"] == pytest.approx(sigmas[sorted(made.cameras).index(name) * CAMERA])
        assert 0.1 < calibration.quality.held_out[name].rms_mm < 1.5


@pytest.mark.slow
def test_corrupted_pictures_are_named_and_left_out() -> None:
    made, calibration = corrupted()
    assert {(view.camera, view.frame) for view in calibration.rejected()} == made.spoilt
    assert made.spoilt
    assert workspace_rms_mm(made, calibration) < 0.4


@pytest.mark.slow
def test_the_model_projects_as_the_truth_does() -> None:
    made, calibration = clean()
    point = np.array([[0.55, 0.05, 0.1]])
    for name in ("front", "side"):
        camera = made.cameras[name]
        assert np.allclose(
            calibration.cameras[name].model().project(point), camera.pixels(camera.place.inv().apply(point)), atol=0.3
        )


@pytest.mark.slow
def test_a_robot_that_is_less_exact_is_noticed() -> None:
    made = scene(2, robot=4)
    quality = solve(made.data).quality
    assert quality.robot_sigma_mm == pytest.approx(0.8, rel=0.25)
    assert quality.robot_sigma_deg == pytest.approx(0.2, rel=0.25)


@pytest.mark.slow
def test_the_boards_size_is_found() -> None:
    made = scene(3, frames=20)
    data = replace(made.data, points=made.data.points / 1.01)
    calibration = solve(data, scale=True)
    assert abs(calibration.board_scale - 1.01) < 4 * calibration.board_scale_std
    assert calibration.board_scale_std < 1e-3


def test_turns_about_one_axis_are_refused() -> None:
    with pytest.raises(DynacollectError, match="about one axis only"):
        solve(scene(0, frames=10, tilt=0).data)


def renamed(data: CalibrationData, names: dict[str, str], frames: range) -> CalibrationData:
    """With cameras called by other names in some frames of the held board."""
    sightings = tuple(
        replace(sighting, camera=names.get(sighting.camera, sighting.camera)) if sighting.frame in frames else sighting
        for sighting in data.sightings
    )
    return replace(data, sightings=sightings)


@pytest.mark.slow
def test_cameras_swapped_in_some_frames_are_left_out_there() -> None:
    made = scene(4, frames=20)
    some = range(3, 20, 7)
    calibration = solve(renamed(made.data, {"front": "side", "side": "front"}, some))
    assert {(view.camera, view.frame) for view in calibration.rejected()} == {
        (sighting.camera, sighting.frame)
        for sighting in made.data.sightings
        if sighting.camera != "wrist" and sighting.frame in some
    }
    assert workspace_rms_mm(made, calibration) < 0.3


@pytest.mark.slow
def test_places_follow_the_names_that_were_given() -> None:
    """Names are all that tell two fixed cameras apart, so names swapped everywhere swap the places and no more."""
    made = scene(4, frames=15)
    calibration = solve(renamed(made.data, {"front": "side", "side": "front"}, range(15)))
    for name, true in (("front", "side"), ("side", "front")):
        off = calibration.cameras[name].pose.translation - made.cameras[true].place.translation
        assert np.linalg.norm(off) < 0.002


def test_wrong_roles_and_frames_are_refused() -> None:
    data = scene(0).data
    with pytest.raises(DynacollectError, match="both the held board and the board on the table"):
        solve(renamed(data, {"front": "wrist", "wrist": "front"}, range(10)))
    with pytest.raises(DynacollectError, match="No robot pose belongs to any picture of front"):
        solve(replace(data, poses=tuple(pose for pose in data.poses if pose.mounting == "table")))
    few = tuple(sighting for sighting in data.sightings if sighting.camera != "side" or sighting.frame < 3)
    with pytest.raises(DynacollectError, match="needs at least"):
        solve(replace(data, sightings=few))
    with pytest.raises(DynacollectError, match="No picture"):
        solve(replace(data, sightings=()))


def only(data: CalibrationData, *cameras: str) -> tuple[Sighting, ...]:
    return tuple(sighting for sighting in data.sightings if sighting.camera in cameras)


@pytest.mark.slow
def test_one_camera_alone_is_solved() -> None:
    made = scene(0)
    for name in ("front", "wrist"):
        calibration = solve(replace(made.data, sightings=only(made.data, name)))
        off = calibration.cameras[name].pose.translation - made.cameras[name].place.translation
        assert np.abs(off * 1e3 / calibration.cameras[name].pose_std.shift_mm).max() < 4
        assert calibration.quality.workspace is None


def test_flat_views_bring_advice() -> None:
    quality = solve(scene(7, tilt=0.15, frames=6).data).quality
    assert any("wrist is not sure" in sentence and "tilt" in sentence for sentence in quality.advice)


@pytest.mark.slow
def test_stated_sigmas_are_those_of_the_errors(capsys: pytest.CaptureFixture[str]) -> None:
    squares, pulls, measured, predicted, seconds = [], [], [], [], []
    for seed in range(4):
        made = scene(20 + seed)
        start = time.perf_counter()
        calibration = solve(made.data, box=TABLE_BOX)
        seconds.append(time.perf_counter() - start)
        errors = errors_of(made, calibration)
        size = np.sqrt(np.diag(calibration.covariance))
        whitened = np.linalg.solve(calibration.covariance / np.outer(size, size), errors / size)
        squares.append(float(whitened @ (errors / size)) / len(errors))
        pulls.append(float(((errors / size) ** 2).mean()))
        measured.append(workspace_rms_mm(made, calibration))
        assert calibration.quality.workspace is not None
        predicted.append(calibration.quality.workspace.rms_mm)
    with capsys.disabled():
        sys.stdout.write(
            f"\nworkspace {np.round(measured, 3)} mm, predicted {np.round(predicted, 3)}; {np.mean(seconds):.1f} s each"
            f"\nmean squared pull {np.round(pulls, 2)}, of all together {np.round(squares, 2)}\n"
        )
    assert np.sqrt(np.mean(np.square(measured))) < 0.25
    assert 0.5 < np.mean(pulls) < 2
    assert 0.8 < np.mean(squares) < 1.25
    assert 0.6 < np.sqrt(np.mean(np.square(measured))) / np.mean(predicted) < 1.5
