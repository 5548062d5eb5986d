"""Something that hangs before a camera for a while and hides the target from it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ....rig.nouns import Image

COLOUR = (171.0, 126.0, 104.0)
"""About that of a hand."""
MARGIN_PX = 14
NOISE = 2.0


@dataclass(frozen=True, slots=True)
class Cover:
    """Before one camera (`None`: before none), from when to when."""

    camera: str | None
    begin: float
    end: float

    def over(
        self, camera: str, image: Image, time: float, target: NDArray[np.bool_]
    ) -> tuple[Image, NDArray[np.bool_]]:
        """The picture, and which of its pixels are covered."""
        covered = np.zeros(target.shape, np.uint8)
        if camera != self.camera or not self.begin <= time < self.end or not target.any():
            return image, covered.astype(bool)
        rows, columns = np.nonzero(target)
        middle = (int(columns.mean()), int(rows.mean()))
        half = (int(np.ptp(columns)) // 2 + MARGIN_PX + 8, int(np.ptp(rows)) // 2 + MARGIN_PX)
        cv2.ellipse(covered, middle, half, 20.0, 0.0, 360.0, 1, -1)
        tip = (middle[0] + 60, image.shape[0])
        cv2.line(covered, middle, tip, 1, max(10, min(half)))
        share = cv2.GaussianBlur(covered.astype(np.float32), (0, 0), 0.8)[..., None]
        noise = np.random.default_rng(int(1e4 * time)).normal(0.0, NOISE, image.shape)
        shaded = np.array(COLOUR) * np.linspace(0.8, 1.1, image.shape[1])[None, :, None] + noise
        mixed = image * (1 - share) + shaded * share
        return np.clip(mixed, 0, 255).astype(np.uint8), share[..., 0] > 0.5
