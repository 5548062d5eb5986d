"""Corners found in drawn pictures, against where a pinhole puts them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from dynacollect.calibration.boards import Board, board_of, board_text
from dynacollect.calibration.detect import detect
from dynacollect.calibration.layout import read_layout
from dynacollect.rig.errors import DynacollectError

from .drawn_boards import shoot

CHARUCO = board_of(
    {
        "type": "charuco", "squares_x": 7, "squares_y": 5, "square_m": 0.056, "marker_m": 0.042,
        "dictionary": "DICT_4X4_50",
    },
    "here",
)  # fmt: skip
GRID = board_of({"type": "aprilgrid", "tags_x": 6, "tags_y": 4, "tag_m": 0.05, "spacing": 0.3, "first_id": 0}, "here")
VIEWS = [
    ((8.0, -12.0, 5.0), (0.02, -0.01, 0.6)),
    ((-25.0, 15.0, -40.0), (0.0, 0.02, 0.7)),
    ((5.0, 25.0, 90.0), (0.0, 0.0, 0.6)),
]


@pytest.mark.parametrize("board", [CHARUCO, GRID], ids=["charuco", "aprilgrid"])
@pytest.mark.parametrize(("turn", "place"), VIEWS)
def test_corners_are_where_they_are(
    board: Board, turn: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    shot = shoot(board, turn, place)
    seen = detect(board, shot.image)
    assert len(seen.ids) >= 0.7 * len(board.points), seen.reason
    errors = np.linalg.norm(seen.pixels - shot.pixels[seen.ids], axis=1)
    assert np.median(errors) < 0.1
    assert errors.max() < 1.0


def test_grey_colour_and_16_bits_agree() -> None:
    image = shoot(CHARUCO, *VIEWS[0]).image
    plain = detect(CHARUCO, image)
    for other in (np.repeat(image[..., None], 3, axis=2), image.astype(np.uint16) * 257):
        np.testing.assert_allclose(detect(CHARUCO, other).pixels, plain.pixels, atol=0.02)


@pytest.mark.parametrize("spoilt", ["mirrored", "empty", "blurred"])
def test_a_picture_that_will_not_do_says_why(spoilt: str) -> None:
    shot = shoot(CHARUCO, *VIEWS[0], blur=6.0 if spoilt == "blurred" else 0.7)
    image = {"mirrored": shot.image[:, ::-1], "empty": np.full_like(shot.image, 90), "blurred": shot.image}[spoilt]
    seen = detect(CHARUCO, np.ascontiguousarray(image))
    assert len(seen.ids) == 0
    assert seen.reason


def folder(root: Path) -> Path:
    (root / "held" / "front").mkdir(parents=True)
    (root / "board.json").write_text(board_text(CHARUCO))
    rows = [{"frame": number, "T_base_flange": np.eye(4).tolist()} for number in range(len(VIEWS))]
    (root / "robot_held.json").write_text(json.dumps(rows))
    for number, view in enumerate(VIEWS):
        cv2.imwrite(str(root / "held" / "front" / f"{number:03d}.png"), shoot(CHARUCO, *view).image)
    return root


def test_a_folder_is_read(tmp_path: Path) -> None:
    layout = read_layout(folder(tmp_path))
    assert layout.data.sizes == {"front": (480, 360)}
    assert [(one.camera, one.mounting, one.frame) for one in layout.data.sightings] == [
        ("front", "held", 0), ("front", "held", 1), ("front", "held", 2),
    ]  # fmt: skip
    assert len(layout.data.poses) == 3


def test_a_folder_that_will_not_do_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path)
    rows = json.loads((root / "robot_held.json").read_text())
    far = np.eye(4)
    far[0, 3] = 450.0
    for wrong in (
        [{**rows[0], "T_base_flange": far.tolist()}, *rows[1:]],
        [{**rows[0], "T_base_flange": (2 * np.eye(4)).tolist()}, *rows[1:]],
        [{**rows[0], "T_base_flange": [1, 2, 3]}, *rows[1:]],
        {"frame": 0},
    ):
        (root / "robot_held.json").write_text(json.dumps(wrong))
        with pytest.raises(DynacollectError) as refused:
            read_layout(root)
        assert "robot_held.json" in str(refused.value)
    (root / "board.json").unlink()
    with pytest.raises(DynacollectError, match=r"board\.json"):
        read_layout(root)
