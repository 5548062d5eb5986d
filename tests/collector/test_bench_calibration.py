"""`bench calibration`: the drawn sets, the bound, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dynacollect.calibration.layout import read_layout
from dynacollect.calibration.solve import solve
from dynacollect.collector import cli
from dynacollect.collector.benches.boards.board_set import BOARD, WORKSPACE, BoardSet, draw_set
from dynacollect.collector.benches.boards.bound import Seen, bound
from dynacollect.collector.benches.boards.files import draw_pictures, write_set
from dynacollect.collector.benches.boards.measures import WORKSPACE_MM, deviations, error
from dynacollect.collector.benches.calibration import bench_calibration
from dynacollect.collector.benches.staged import staged

FRAMES = 12


def few(seed: int, size: tuple[int, int] = (480, 360), *, times: int = 1, corrupt: bool = False) -> BoardSet:
    """A set of which only the first frames were looked at."""
    made = draw_set(seed, size, times=times, corrupt=corrupt)
    return replace(made, views=tuple(view for view in made.views if view.frame < times * FRAMES))


def seen(made: BoardSet) -> Seen:
    return [(view.camera, view.mounting, view.frame, view.ids) for view in made.views]


@cache
def bounds(times: int, sigma: float = 0.04) -> dict[str, float]:
    made = few(0, times=times)
    return bound(made, seen(made), sigma)


@pytest.mark.parametrize("size", [(480, 360), (1280, 720)])
def test_rays_and_projection_agree(size: tuple[int, int]) -> None:
    """The renderer's rays are worked out apart from OpenCV's projection."""
    pixels = np.random.default_rng(0).uniform(0, np.array(size) - 1, (500, 2))
    for camera in draw_set(0, size).cameras.values():
        points = np.column_stack([camera.directions(pixels), np.ones(500)])
        np.testing.assert_allclose(camera.pixels(points), pixels, atol=1e-8)


def test_sets_are_as_described() -> None:
    made = draw_set(1)
    counts = {name: sum(view.camera == name for view in made.views) for name in made.cameras}
    assert all(22 <= count <= 30 for count in counts.values())
    assert any(view.swing.any() for view in made.views)
    assert any(len(view.ids) < len(BOARD.points) for view in made.views)
    assert not made.spoilt
    again = draw_set(1)
    assert all((a.pixels == b.pixels).all() for a, b in zip(made.views, again.views, strict=True))
    off = [
        np.linalg.norm(pose.T_base_flange.translation - made.frames[pose.mounting, pose.frame].translation)
        for pose in made.poses
    ]
    assert np.sqrt(np.mean(np.square(off))) == pytest.approx(np.sqrt(3) * 0.0002, rel=0.2)


@pytest.mark.slow
def test_a_share_of_frames_is_corrupted() -> None:
    spoilt = [len(draw_set(seed, corrupt=True).spoilt) for seed in range(6)]
    assert np.mean(spoilt) == pytest.approx(0.05 * 58, rel=0.5)


@pytest.mark.slow
def test_corners_are_drawn_where_they_are() -> None:
    """Sharp saddles in the picture itself, found by OpenCV alone."""
    made = draw_set(2, (1280, 720))
    view = next(view for view in made.views if len(view.ids) == 24 and not view.swing.any() and not view.cover[2])
    (image,) = draw_pictures(replace(made, views=(view,))).values()
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 60, 1e-4)
    found = cv2.cornerSubPix(image, view.pixels[:, None].astype(np.float32), (4, 4), (-1, -1), stop)[:, 0]
    off = found - view.pixels
    assert np.sqrt((off**2).mean()) < 0.05
    assert np.abs(off.mean(axis=0)).max() < 0.02


@pytest.mark.slow
def test_the_bound_shrinks_with_views_and_noise() -> None:
    once, often = bounds(1), bounds(2)
    assert np.mean([often[name] / once[name] for name in once]) == pytest.approx(np.sqrt(0.5), rel=0.1)
    for name, value in bounds(1, 0.02).items():
        assert 0.499 * once[name] < value < once[name]


@pytest.mark.slow
def test_the_bound_is_that_of_the_solver_and_workspace_errors_are_as_stated() -> None:
    """Two programs: numeric derivatives of OpenCV's projection here, the solver's own covariance there."""
    made = few(0)
    calibration = solve(made.data(), box=WORKSPACE)
    for name, camera in calibration.cameras.items():
        assert float(np.linalg.norm(camera.pose_std.shift_mm)) == pytest.approx(
            bounds(1)[f"{name} {'hand-eye' if camera.role == 'wrist' else 'to base'} mm"], rel=0.15
        )
    assert calibration.quality.workspace is not None
    assert calibration.quality.workspace.rms_mm == pytest.approx(bounds(1)[WORKSPACE_MM], rel=0.15)


@pytest.mark.slow
def test_stages_find_the_truth_without_noise() -> None:
    made = draw_set(4, robot=0.0)
    for robot_world in (False, True):
        errors = deviations(staged(made.data(0.0), robot_world=robot_world), made.cameras)
        assert error(errors[WORKSPACE_MM]) < 0.02
        assert error(errors["wrist hand-eye mm"]) < 0.02


@pytest.mark.slow
def test_a_set_is_read_back_from_files(tmp_path: Path) -> None:
    made = draw_set(5)
    few = replace(made, views=made.views[:3] + made.views[-3:])
    write_set(tmp_path / "set", few, draw_pictures(few))
    layout = read_layout(tmp_path / "set")
    assert layout.board == BOARD
    assert len(layout.data.poses) == len(made.poses)
    assert len(layout.data.sightings) + len(layout.unused) == 6
    np.testing.assert_allclose(
        layout.data.poses[0].T_base_flange.as_matrix(), made.poses[0].T_base_flange.as_matrix(), atol=1e-9
    )


@pytest.mark.slow
def test_the_command_prints_one_document() -> None:
    done = CliRunner().invoke(cli.app, ["bench", "calibration", "--seeds", "1", "--corrupt", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    joint = figures["summary"]["joint"]
    assert joint[WORKSPACE_MM]["ratio"] < 3
    assert joint[WORKSPACE_MM]["error"] < figures["summary"]["PARK"][WORKSPACE_MM]["error"]
    assert figures["seeds"][0]["ways"]["joint"]["stated"]["inside_95"] > 0.8


@pytest.mark.long
@pytest.mark.slow
def test_pictures_are_solved_as_well_as_is_possible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynacollect.collector.benches.calibration.draw_set", few)
    figures = bench_calibration(1, pictures=True)
    ways = figures.seeds[0].ways
    assert 0.02 < ways["joint"].corner_sigma_px < 0.06
    assert ways["guided"].corner_sigma_px < 0.01
    assert ways["guided"].corners > ways["joint"].corners
    for name in ("joint", "guided"):
        assert ways[name].errors[WORKSPACE_MM] < 2.5 * ways[name].bounds[WORKSPACE_MM]
