"""Corners measured again with a calibration at hand, against where they truly are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dynacollect.calibration.boards import AprilGrid, Board
from dynacollect.calibration.drawing import FINER, Drawing, places_of
from dynacollect.calibration.guided import remeasured
from dynacollect.calibration.patch_fit import fits
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import CalibrationData, Sighting
from dynacollect.calibration.solve import solve
from dynacollect.collector.benches.boards.board_set import BOARD, BoardSet, View, draw_set
from dynacollect.collector.benches.boards.files import Drawn, draw_pictures
from dynacollect.rig.nouns import Vector

ROUGH_PX = 0.06
FRAMES = 12


@dataclass(frozen=True)
class Measured:
    made: BoardSet
    drawn: Drawn
    rough: CalibrationData
    calibration: Calibration
    fine: CalibrationData


def again(drawn: Drawn, data: CalibrationData, calibration: Calibration) -> CalibrationData:
    return remeasured(BOARD, lambda mounting, camera, frame: drawn[mounting, camera, frame], data, calibration)


@cache
def measured() -> Measured:
    """A set with two views whose corners are wrong."""
    whole = draw_set(3)
    made = replace(whole, views=tuple(view for view in whole.views if view.frame < FRAMES))
    data = made.data(ROUGH_PX)
    first, *rest = data.sightings
    wrong = replace(first, pixels=first.pixels + np.random.default_rng(0).uniform(-6, 6, first.pixels.shape))
    data = replace(data, sightings=(wrong, *rest))
    drawn, calibration = draw_pictures(made), solve(data)
    return Measured(made, drawn, data, calibration, again(drawn, data, calibration))


def view_of(made: BoardSet, sighting: Sighting) -> View:
    place = sighting.camera, sighting.mounting, sighting.frame
    return next(view for view in made.views if (view.camera, view.mounting, view.frame) == place)


def errors_of(made: BoardSet, sighting: Sighting) -> Vector:
    local = view_of(made, sighting).T_camera_board.apply(BOARD.points[sighting.ids.astype(int)])
    return sighting.pixels - made.cameras[sighting.camera].pixels(local)


@pytest.mark.slow
def test_corners_come_out_much_nearer() -> None:
    done = measured()
    before, after = (
        np.concatenate([errors_of(done.made, sighting) for sighting in data.sightings[1:]])
        for data in (done.rough, done.fine)
    )
    assert np.sqrt((before**2).mean()) == pytest.approx(ROUGH_PX, rel=0.05)
    assert np.sqrt((after**2).mean()) < 0.01
    assert np.abs(after.mean(axis=0)).max() < 0.001
    assert np.abs(after).max() < 0.15
    assert len(after) > 0.97 * len(before)


@pytest.mark.slow
def test_blur_and_motion_leave_no_bias() -> None:
    done = measured()
    for swings in (False, True):
        errors = [
            errors_of(done.made, sighting)
            for sighting in done.fine.sightings
            if view_of(done.made, sighting).swing.any() == swings
        ]
        assert len(errors) >= 3
        assert np.sqrt((np.concatenate(errors) ** 2).mean()) < 0.015


@pytest.mark.slow
def test_a_view_that_was_rejected_comes_back() -> None:
    done = measured()
    sighting = done.fine.sightings[0]
    assert done.calibration.rejected()
    assert np.abs(errors_of(done.made, sighting)).max() < 0.05


@pytest.mark.slow
def test_the_second_solve_is_better() -> None:
    done = measured()
    better = solve(done.fine)
    assert better.quality.corner_sigma_px < 0.15 * done.calibration.quality.corner_sigma_px
    for name, true in done.made.cameras.items():
        focal = [abs(one.cameras[name].K[0, 0] - true.lens[0]) for one in (done.calibration, better)]
        assert focal[1] < max(focal[0], 0.05)
        assert focal[1] < 4 * better.cameras[name].lens_std["fx"]


@pytest.mark.slow
def test_a_picture_of_something_else_changes_nothing() -> None:
    done = measured()
    sighting = done.rough.sightings[5]
    key = sighting.mounting, sighting.camera, sighting.frame
    others: dict[str, NDArray[np.uint8]] = {
        "empty": np.full_like(done.drawn[key], 90),
        "upside down": np.ascontiguousarray(done.drawn[key][::-1]),
    }
    for image in others.values():
        data = replace(done.rough, sightings=(sighting,))
        (same,) = again({**done.drawn, key: image}, data, done.calibration).sightings
        assert same is sighting


@pytest.mark.parametrize("board", [BOARD, AprilGrid(tags_x=4, tags_y=3, tag_m=0.06, spacing=0.3)])
def test_a_moved_and_blurred_drawing_is_found_where_it_is(board: Board) -> None:
    """The picture is the drawing itself, sampled elsewhere: a plain check of the fit, for both kinds of board."""
    drawing = Drawing.of(board)
    pose = np.eye(4)
    pose[:3, 3] = [-0.2, -0.15, 1.0]
    columns, rows = np.meshgrid(np.arange(-200.0, 200.0), np.arange(-150.0, 150.0))
    rays, shift = np.stack([columns, rows], axis=2) / 420, np.array([0.05, -0.03])
    seen = drawing.seen(places_of(rays - shift / 420, pose))
    soft = cv2.GaussianBlur(seen, (0, 0), 0.9 * FINER)
    high, wide = rays.shape[:2]
    image = np.asarray(40 + 150 * cv2.resize(soft, (wide, high), interpolation=cv2.INTER_AREA), np.float32)
    places = places_of(rays, pose)
    patches = [np.nonzero((np.abs(places - point[:2]) < drawing.reach).all(axis=2)) for point in board.points]
    found = fits(drawing.seen(places), image, [(patch[0], patch[1]) for patch in patches if len(patch[0]) > 30])
    assert len(found) > 10
    np.testing.assert_allclose([fit.shift for fit in found], np.tile(shift, (len(found), 1)), atol=0.008)
    assert min(fit.share for fit in found) > 0.9
