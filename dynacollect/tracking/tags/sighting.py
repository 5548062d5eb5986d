"""Where a picture shows tags: the corners of each, and what is uncertain of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...calibration.boards import dictionary, marker_cells
from ...rig.camera_model import CameraModel
from ...rig.nouns import Image, Vector
from .drawn import fitted

SMALL_PX = 800
"""Pictures narrower than this are searched at twice their size."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One tag in one picture."""

    id: int
    corners: Vector
    """(4, 2) in pixels, as a lens without distortion would give them."""
    covariance: Vector
    """(8, 8) of x and y of one corner after the other [px^2]."""


class Finder:
    """Finds the tags of one dictionary."""

    def __init__(self, name: str) -> None:
        settings = cv2.aruco.DetectorParameters()
        settings.adaptiveThreshWinSizeMin, settings.adaptiveThreshWinSizeMax = 5, 45
        settings.adaptiveThreshWinSizeStep = 10
        settings.minMarkerPerimeterRate = 0.02
        settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._name, self._detector = name, cv2.aruco.ArucoDetector(dictionary(name), settings)
        self._cells: dict[int, NDArray[np.bool_]] = {}

    def find(self, image: Image, camera: CameraModel) -> tuple[Sighting, ...]:
        """Each tag that the picture shows once, and clearly."""
        grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), np.uint8)
        scale = 2 if grey.shape[1] < SMALL_PX else 1
        large = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else grey
        quads, numbers, _ = self._detector.detectMarkers(large)
        ids = [] if numbers is None else [int(number) for number in np.ravel(numbers)]
        sightings = []
        for quad, number in zip(quads, ids, strict=True):
            if ids.count(number) == 1:
                corners = (np.asarray(quad, float).reshape(4, 2) + 0.5) / scale - 0.5
                found = fitted(grey, corners, self._drawing(number), camera)
                sightings += [] if found is None else [Sighting(number, *found)]
        return tuple(sightings)

    def _drawing(self, number: int) -> NDArray[np.bool_]:
        return self._cells.setdefault(number, marker_cells(self._name, number, 1))
