"""A folder's robot poses: what is no pose in metres is refused in one sentence that names it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.boards import Charuco, board_text
from dynacollect.calibration.layout import read_layout
from dynacollect.rig.errors import DynacollectError

BOARD = Charuco(squares_x=7, squares_y=5, square_m=0.056, marker_m=0.042, dictionary="DICT_4X4_50")
POSE = RigidTransform.from_components([0.5, -0.1, 0.3], Rotation.from_euler("xyz", [0.3, -0.2, 1.0])).as_matrix()
MILLIMETRES = np.column_stack([POSE[:, :3], POSE[:, 3] * [1000, 1000, 1000, 1]])
MIRRORED = POSE * np.array([1, 1, -1, 1])


@pytest.mark.parametrize(
    ("matrix", "said"),
    [
        (POSE.T, "its last row is not 0 0 0 1; write the translation in the last column."),
        (MIRRORED, "it is no rigid transform; write a rotation and a translation, row by row."),
        (1.01 * POSE, "it is no rigid transform;"),
        (MILLIMETRES, "500 m is too far away; write metres, not millimetres."),
        (POSE[:3], "has a T_base_flange of shape (3, 4); write four rows of four numbers."),
    ],
)
def test_what_is_no_pose_is_named(tmp_path: Path, matrix: np.ndarray, said: str) -> None:
    (tmp_path / "board.json").write_text(board_text(BOARD))
    rows = [{"frame": 4, "T_base_flange": POSE.tolist()}, {"frame": 7, "T_base_flange": matrix.tolist()}]
    (tmp_path / "robot_held.json").write_text(json.dumps(rows))
    with pytest.raises(DynacollectError) as refused:
        read_layout(tmp_path)
    assert "robot_held.json, entry 1 (frame 7), " in str(refused.value)
    assert said in str(refused.value)
