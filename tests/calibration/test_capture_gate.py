"""Which drawn pictures serve, and the plain reason for those that do not."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.boards import board_of
from dynacollect.calibration.capture.first_poses import Around, first_poses
from dynacollect.calibration.capture.gate import Gate, Refused, Shot, motion_px
from dynacollect.calibration.detect import Detection
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import Sighting
from dynacollect.calibration.solve import solve

from .drawn_boards import SIZE, K, shoot
from .projector import POINTS
from .taken_views import Rig, everywhere, pivot, shown

BOARD = board_of(
    {
        "type": "charuco", "squares_x": 7, "squares_y": 5, "square_m": 0.056, "marker_m": 0.042,
        "dictionary": "DICT_4X4_50",
    },
    "here",
)  # fmt: skip
GATE = Gate(BOARD)
TURN, PLACE = (12.0, -15.0, 5.0), (0.02, -0.01, 0.7)
Triple = tuple[float, float, float]


@cache
def drawn(turn: Triple = TURN, place: Triple = PLACE, blur: float = 0.7) -> NDArray[np.uint8]:
    return shoot(BOARD, turn, place, blur).image


def noisy(image: NDArray[np.uint8], seed: int) -> NDArray[np.uint8]:
    """Another picture of the same scene."""
    return np.clip(image + np.random.default_rng(seed).normal(0, 2.0, image.shape), 0, 255).astype(np.uint8)


def shot(image: NDArray[np.uint8], before: NDArray[np.uint8] | None = None, **changes: object) -> Shot:
    earlier = noisy(image if before is None else before, 1)
    plain = Shot("front", "held", 7, noisy(image, 2), [earlier], RigidTransform.identity(), np.zeros(7), 1.5)
    return replace(plain, **changes)


def refused(judged: Sighting | Refused) -> str:
    assert isinstance(judged, Refused)
    assert judged.camera == "front"
    return judged.reason


def test_a_clear_picture_at_rest_serves() -> None:
    seen = GATE.judged(shot(drawn()))
    assert isinstance(seen, Sighting)
    assert (seen.camera, seen.mounting, seen.frame, seen.captured_at) == ("front", "held", 7, 1.5)
    truth = shoot(BOARD, TURN, PLACE).pixels[seen.ids.astype(int)]
    assert np.median(np.linalg.norm(seen.pixels - truth, axis=1)) < 0.1
    colour = np.repeat(drawn()[..., None], 3, axis=2)
    assert isinstance(GATE.judged(shot(colour)), Sighting)


def test_an_arm_that_moves_is_waited_for() -> None:
    said = refused(GATE.judged(shot(drawn(), joint_speeds=np.array([0, 0, -0.02, 0, 0, 0, 0]))))
    assert "not at rest" in said
    assert "joint 3" in said
    assert "tell" in refused(GATE.judged(shot(drawn(), joint_speeds=np.full(7, np.nan))))


@pytest.mark.parametrize(
    ("turn", "place", "stands"),
    [
        (TURN, (0.02 + 0.7 / 430 * 0.05, -0.01, 0.7), True),
        (TURN, (0.02 + 0.7 / 430 * 0.5, -0.01, 0.7), False),
        ((12.0, -15.0, 5.5), PLACE, False),
        (TURN, (0.02, -0.01, 0.705), False),
    ],
    ids=["a twentieth of a pixel", "half a pixel", "turned about its middle", "nearer"],
)
def test_a_picture_that_moves_is_waited_for(turn: Triple, place: Triple, stands: bool) -> None:
    judged = GATE.judged(shot(drawn(), drawn(turn, place)))
    if stands:
        assert isinstance(judged, Sighting)
    else:
        assert "still moving" in refused(judged)


def test_motion_is_told_from_noise() -> None:
    rng = np.random.default_rng(0)
    pixels = POINTS[:, :2] * 700
    ids = np.arange(len(POINTS))
    for moved in (0.0, 0.1, 0.3, 1.0):
        found = [
            motion_px(POINTS, Detection(ids, pixels + rng.normal(0, 0.1, pixels.shape)),
                      Detection(ids, pixels + np.array([moved, 0]) + rng.normal(0, 0.1, pixels.shape)))
            for _ in range(200)
        ]  # fmt: skip
        assert abs(np.sqrt(np.mean(np.square(found))) - moved) < 0.06
        assert np.percentile(found, 99) < moved + 0.15


def test_what_shows_too_little_says_so() -> None:
    assert "blurred" in refused(GATE.judged(shot(drawn(TURN, (0.02, -0.01, 0.4), 3.0))))
    assert "no marker" in refused(GATE.judged(shot(np.full_like(drawn(), 90))))
    assert "still moving" in refused(GATE.judged(shot(drawn(), np.full_like(drawn(), 90))))
    half = drawn(TURN, (0.42, -0.01, 0.7))
    said = refused(replace(GATE, limits=replace(GATE.limits, least_share=0.5)).judged(shot(half)))
    assert "corners are seen" in said


@pytest.mark.parametrize(
    ("turn", "place", "new"),
    [
        (TURN, PLACE, False),
        ((13.0, -15.0, 7.0), (0.025, -0.01, 0.71), False),
        ((24.0, -15.0, 5.0), PLACE, True),
        ((12.0, -15.0, 25.0), PLACE, True),
        (TURN, (0.10, -0.01, 0.7), True),
        (TURN, (0.02, -0.01, 0.8), True),
    ],
)
def test_only_what_is_new_is_kept(turn: Triple, place: Triple, new: bool) -> None:
    kept = GATE.judged(shot(drawn()))
    assert isinstance(kept, Sighting)
    judged = GATE.judged(shot(drawn(turn, place), frame=8), [kept])
    if new:
        assert isinstance(judged, Sighting)
    else:
        assert "kept already as frame 7" in refused(judged)
    assert isinstance(GATE.judged(shot(drawn(turn, place)), [replace(kept, camera="side")]), Sighting)


@cache
def calibrated() -> Calibration:
    """A solved rig, its front camera replaced by the one that draws and stood before the drawn board."""
    rig, rng = Rig(np.random.default_rng(0)), np.random.default_rng(0)
    for asked in first_poses(shown("held"), Around(pivot("held")), everywhere, 14, rng):
        rig.take("held", asked)
    solved = solve(rig.data)
    R = Rotation.from_euler("xyz", TURN, degrees=True)
    middle = np.array([*BOARD.size_m, 0.0]) / 2
    T_camera_board = RigidTransform.from_components(np.array(PLACE) - R.apply(middle), R)
    place = shown("held") * solved.boards["held"].pose * T_camera_board.inv()
    front = replace(solved.cameras["front"], K=K, distortion=np.zeros(5), pose=place, size=SIZE)
    return replace(solved, cameras={**solved.cameras, "front": front})


@pytest.mark.slow
def test_a_board_that_is_elsewhere_is_noticed() -> None:
    here = shown("held")
    assert isinstance(GATE.judged(shot(drawn(), T_base_flange=here), (), calibrated()), Sighting)
    for by in (
        RigidTransform.from_translation([0.02, 0, 0]),
        RigidTransform.from_rotation(Rotation.from_rotvec([0.2, 0, 0])),
    ):
        said = refused(GATE.judged(shot(drawn(), T_base_flange=here * by), (), calibrated()))
        assert "from where it is expected" in said
    slight = RigidTransform.from_translation([0.0003, 0, 0.0003])
    assert isinstance(GATE.judged(shot(drawn(), T_base_flange=here * slight), (), calibrated()), Sighting)


def test_pictures_of_two_sizes_are_of_no_use() -> None:
    small = np.ascontiguousarray(drawn()[::2, ::2])
    assert "size" in refused(GATE.judged(shot(drawn(), before=small)))
