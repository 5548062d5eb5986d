"""The empty scene of one camera, as it looks in today's light."""

from __future__ import annotations

import cv2
import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from .light import Light, LightFit
from .tones import BRIGHTEST, SOFT, Box, Pixels, Values, levels, part, scaled, tones

UNKNOWN = 10.0
"""Sigma (in tones) where the plate does not show the scene: anything may be there."""


class Background:
    """What a camera would see if nothing stood on the table.

    `plate` is a picture of the empty scene, or several of the same. `covered` are the pixels of the plate that show the
    arm: what is behind it is not known.
    """

    def __init__(self, plate: Image, *more: Image, covered: Pixels | None = None) -> None:
        if any(other.shape != plate.shape for other in more):
            raise DynacollectError("the plates of one camera differ in size; take them anew with the same settings")
        mean = np.mean([plate, *more], axis=0, dtype=np.float32).round().astype(np.uint8) if more else plate
        mean = np.asarray(mean, np.uint8)
        self.shape = plate.shape[:2]
        self._plate = tones(mean)
        self._slope = _slope(self._plate)
        self._covered = np.zeros(self.shape, bool) if covered is None else covered
        self.partly_covered = bool(self._covered.any())
        self._fit = LightFit(mean, self._plate, self._slope, self._covered)
        self.light: Light = self._fit.still

    def look(self, image: Image, leave_out: Pixels | None = None) -> None:
        """Take in a new picture: how its light differs from the plate's, and its noise.

        `leave_out` are pixels known not to show the empty scene; unknown ones may fill a third of the picture.
        """
        if image.shape[:2] != self.shape:
            raise DynacollectError(
                f"a picture of {image.shape[1]}x{image.shape[0]} does not fit a plate of "
                f"{self.shape[1]}x{self.shape[0]}; take the plate anew with the same settings"
            )
        self.light = self._fit.fit(image, leave_out)

    def within(self, box: Box) -> tuple[Values, Values]:
        """Expected levels (h, w, 3) and their sigma (h, w, 3) in a box that lies in the picture."""
        tone, sigma = self.tones_within(box)
        level = levels(tone)
        return level, sigma * (level + np.float32(SOFT))

    def tones_within(self, box: Box, step: int = 1) -> tuple[Values, Values]:
        """As `within`, in tones; of every `step`-th pixel of every `step`-th row of the box, from its first."""
        rows, columns = part(box)
        rows, columns = slice(rows.start, rows.stop, step), slice(columns.start, columns.stop, step)
        light, plate = self.light, self._plate[rows, columns]
        tone = np.asarray(
            cv2.add(scaled(plate, light.contrast, np.zeros(3)), light.field_within(box, step)), np.float32
        )
        np.minimum(tone, np.float32(BRIGHTEST), out=tone)
        sigma = light.noise.sigma(tone, self._slope[rows, columns])
        if self.partly_covered:
            sigma[self._covered[rows, columns]] = UNKNOWN
        return tone, sigma


def _slope(tone: Values) -> Values:
    """(h, w): the steepest change of tone per pixel at each pixel; what a shake of the camera multiplies."""
    dx = 0.5 * cv2.Sobel(tone, cv2.CV_32F, 1, 0, ksize=1)
    dy = 0.5 * cv2.Sobel(tone, cv2.CV_32F, 0, 1, ksize=1)
    return np.sqrt((dx * dx + dy * dy).max(axis=2)).astype(np.float32)
