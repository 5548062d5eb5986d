"""Whether the arm is where its joints say: its picture in one pose, against that of the same pose when all was well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from ..rig.camera_model import CameraModel
from ..rig.nouns import ArmState, Image
from .seeing.arm_cover import ArmCover

LEAST_PIXELS = 600
"""Of the arm in a picture that can tell."""
SEARCHED_PX = 24
"""In every direction."""
OFF_M = 0.012
"""An arm whose picture moved by as much as this, where the tool is, stands elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    picture: Image
    mask: Image
    corner: tuple[int, int]
    """Column and row of the upper left pixel."""
    metres: float
    """That a pixel is at the tool."""


class ArmCheck:
    """Remembers one pose of the arm in each camera that shows enough of it."""

    def __init__(self, cover: ArmCover, cameras: Mapping[str, CameraModel]) -> None:
        self._cover, self._cameras = cover, cameras
        self._views: dict[str, _View] = {}

    def learn(self, pictures: Mapping[str, Image], arm: ArmState) -> None:
        """The arm stands still, and is where it says."""
        for name, camera in self._cameras.items():
            mask = self._cover.pixels(arm, camera)
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            if name not in pictures or np.count_nonzero(mask) < LEAST_PIXELS:
                continue
            top, left = max(int(rows[0]), SEARCHED_PX), max(int(columns[0]), SEARCHED_PX)
            bottom = min(int(rows[-1]) + 1, camera.height - SEARCHED_PX)
            right = min(int(columns[-1]) + 1, camera.width - SEARCHED_PX)
            if bottom - top < SEARCHED_PX or right - left < SEARCHED_PX:
                continue
            part = mask[top:bottom, left:right].astype(np.uint8)
            depth = float((camera.T_parent_camera.inv() * arm.T_base_tool).translation[2])
            metres = max(depth, 0.1) / float(camera.K[0, 0])
            self._views[name] = _View(pictures[name][top:bottom, left:right].copy(), part, (left, top), metres)

    def off(self, pictures: Mapping[str, Image]) -> float | None:
        """How far the arm is from where it was, m, by the camera that sees it move most; None where none can tell."""
        found = [self._shift(view, pictures[name]) for name, view in self._views.items() if name in pictures]
        return max(found, default=None)

    def _shift(self, view: _View, picture: Image) -> float:
        (left, top), (height, width) = view.corner, view.mask.shape
        far = SEARCHED_PX
        around = picture[top - far : top + height + far, left - far : left + width + far]
        mask = np.repeat(view.mask[:, :, None], 3, axis=2)
        score = cv2.matchTemplate(around, view.picture, cv2.TM_CCORR_NORMED, mask=mask)
        _, _, _, best = cv2.minMaxLoc(score)
        return float(np.hypot(best[0] - SEARCHED_PX, best[1] - SEARCHED_PX)) * view.metres
