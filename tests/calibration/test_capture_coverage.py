"""What has been seen, as shares, and what is said to be missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.capture.aspect import aspect_of, guessed_lens
from dynacollect.calibration.capture.coverage import CameraCoverage, coverage
from dynacollect.calibration.capture.first_poses import Around, first_poses
from dynacollect.calibration.sightings import CalibrationData, RobotPose, Sighting
from dynacollect.calibration.solve import solve
from dynacollect.rig.nouns import Vector

from .projector import CENTRE, POINTS, SIZE, true_cameras
from .taken_views import Rig, everywhere, pivot, shown

CAMERA = true_cameras()["front"]


def sighting(tilt: tuple[float, float], roll: float, middle: tuple[float, float, float], frame: int = 0) -> Sighting:
    """Of a board that leans back about the picture's x and y axes and is turned in it (degrees)."""
    lean = np.tan(np.deg2rad(tilt))
    ahead = np.array([lean[1], lean[0], 1.0]) / np.linalg.norm([lean[1], lean[0], 1.0])
    right = np.array([np.cos(np.deg2rad(roll)), np.sin(np.deg2rad(roll)), 0.0])
    right[2] = -(right @ ahead) / ahead[2]
    right /= np.linalg.norm(right)
    R = Rotation.from_matrix(np.column_stack([right, np.cross(ahead, right), ahead]))
    local = R.apply(POINTS - CENTRE) + middle
    return Sighting("front", "held", frame, np.array(range(24), float), CAMERA.pixels(local))


def data(*sightings: Sighting) -> CalibrationData:
    poses = tuple(RobotPose("held", one.frame, RigidTransform.identity()) for one in sightings)
    return CalibrationData(POINTS, sightings, poses, {"front": SIZE})


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (30.0, 0.0), (-20.0, 25.0), (0.0, -40.0)])
@pytest.mark.parametrize("roll", [0.0, 70.0, -150.0])
def test_an_aspect_is_how_the_board_was_put(tilt: tuple[float, float], roll: float) -> None:
    seen = sighting(tilt, roll, (0.05, -0.03, 0.6))
    right: Vector = np.array(CAMERA.lens)
    for lens, off_deg, off in ((right, 0.1, 1e-3), (guessed_lens(SIZE), 10.0, 0.35)):
        found = aspect_of(POINTS, seen, SIZE, lens)
        assert found is not None
        assert np.abs(np.rad2deg(found.tilt) - tilt).max() < off_deg
        assert abs(np.rad2deg(found.roll) - roll) < off_deg
        assert found.distance == pytest.approx(0.6, rel=off)
    assert np.allclose(found.middle * SIZE, seen.pixels.mean(axis=0))


def shares(found: CameraCoverage) -> Vector:
    return np.array([found.area, found.tilt_x, found.tilt_y, found.distance, found.roll])


@pytest.mark.slow
def test_every_view_adds_and_nothing_is_lost() -> None:
    rng = np.random.default_rng(0)
    some, before = list[Sighting](), np.zeros(5)
    for frame in range(40):
        tilt, place = rng.uniform(-40, 40, 2), rng.uniform([-0.25, -0.15, 0.45], [0.25, 0.15, 1.0])
        some.append(sighting((tilt[0], tilt[1]), rng.uniform(-60, 60), (place[0], place[1], place[2]), frame))
        after = shares(coverage(data(*some)).cameras["front"])
        assert (after >= before - 1e-12).all()
        assert (after <= 1).all()
        before = after
    assert before.min() > 0.8


@pytest.mark.slow
def test_what_is_missing_is_said() -> None:
    nothing = coverage(data())
    assert nothing.cameras["front"].missing == "front: any picture of the board."
    assert shares(nothing.cameras["front"]).max() == 0
    assert not nothing.robots

    tilts = [(-35.0, 0.0), (35.0, 0.0), (0.0, 35.0), (0.0, -35.0)]
    rolls, depths = [-50.0, 0.0, 50.0], [0.45, 0.6, 0.9]
    places = [(x * z, y * z, z) for x in (-0.4, 0.0, 0.4) for y in (-0.3, 0.0, 0.3) for z in depths]

    def said(tilts: list[tuple[float, float]], rolls: list[float], places: list[tuple[float, float, float]]) -> str:
        some = [sighting(tilt, roll, place) for tilt in tilts for roll in rolls for place in places]
        return coverage(data(*some)).cameras["front"].missing

    assert said(tilts, rolls, places) == "front: nothing is missing."
    assert said(tilts[:2], rolls, places) == "front: the board leaning left and right."
    assert said(tilts[2:], rolls, places) == "front: the board leaning back and forward."
    assert said(tilts, rolls[1:2], places) == "front: the board turned in the picture."
    assert said(tilts, rolls, [place for place in places if place[2] == 0.6]) == "front: the board nearer and farther."
    right = [place for place in places if place[0] > 0.1 * place[2]]
    assert "left of the picture" in said(tilts, rolls, right)
    assert "lower" in said(tilts, rolls, [place for place in places if place[1] < -0.1 * place[2]])


def test_a_gripper_that_turns_about_one_axis_is_noticed() -> None:
    seen = [sighting((0, 0), 0, (0, 0, 0.6), frame) for frame in range(6)]
    for axis, words in (([0, 0, 1.0], "robot's"), ([1.0, 1.0, 0], "vertical")):
        turned = [RigidTransform.from_rotation(Rotation.from_rotvec(0.3 * k * np.array(axis))) for k in range(6)]
        poses = tuple(RobotPose("held", k, pose) for k, pose in enumerate(turned))
        found = coverage(replace(data(*seen), poses=poses)).robots["held"]
        assert found.second_axis < 0.01
        assert found.poses == 6
        assert ("turned about" in found.missing) and (words in found.missing or words == "vertical")
    unseen = (*poses, RobotPose("held", 9, RigidTransform.identity()))
    assert coverage(replace(data(*seen), poses=unseen)).robots["held"].poses == 6


@pytest.mark.slow
def test_it_holds_before_and_after_a_calibration() -> None:
    rig, rng = Rig(np.random.default_rng(0)), np.random.default_rng(0)
    for asked in first_poses(shown("held"), Around(pivot("held")), everywhere, 12, rng):
        rig.take("held", asked)
    before, after = coverage(rig.data), coverage(rig.data, solve(rig.data))
    for name in ("front", "side"):
        assert np.abs(shares(before.cameras[name]) - shares(after.cameras[name])).max() < 0.15
    assert before.robots["held"].second_axis == after.robots["held"].second_axis == 1.0
