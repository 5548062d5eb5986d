"""Writes a drawn set into the plain folder that `calibrate solve` reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ....calibration.boards import board_text
from ....calibration.sightings import Mounting
from .board_set import BOARD, BoardSet
from .picture import Eye, picture

Drawn = Mapping[tuple[Mounting, str, int], NDArray[np.uint8]]
"""Pictures by mounting, camera and frame."""


def draw_pictures(made: BoardSet) -> Drawn:
    """All that the cameras see."""
    eyes = {name: Eye.of(made.cameras[name]) for name in {view.camera for view in made.views}}
    return {
        (view.mounting, view.camera, view.frame): picture(eyes[view.camera], view, made.seed) for view in made.views
    }


def write_set(folder: Path, made: BoardSet, pictures: Drawn) -> None:
    """board.json, the robot's poses and the pictures, into a folder that is empty or not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "board.json").write_text(board_text(BOARD), encoding="utf-8")
    for mounting in made.boards:
        rows = [
            {"frame": pose.frame, "T_base_flange": pose.T_base_flange.as_matrix().tolist()}
            for pose in made.poses
            if pose.mounting == mounting
        ]
        (folder / f"robot_{mounting}.json").write_text(json.dumps(rows), encoding="utf-8")
    for (mounting, camera, frame), image in pictures.items():
        home = folder / mounting / camera
        home.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(home / f"{frame:03d}.png"), image)
