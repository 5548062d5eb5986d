"""How many pixels an object would cover if nothing stood before it and the picture had no end."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ....rig.camera_model import CameraModel
from ....rig.objects.model import ObjectModel

FINER = 4


def area(model: ObjectModel, T_base_object: RigidTransform, camera: CameraModel) -> float:
    """Pixels of its silhouette; none where a part of it is behind the camera."""
    pixels = camera.project(T_base_object.apply(model.vertices))
    if not np.isfinite(pixels).all():
        return 0.0
    low = np.floor(pixels.min(axis=0)) - 1
    width, height = (FINER * (np.ceil(pixels.max(axis=0)) + 2 - low)).astype(int).tolist()
    canvas = np.zeros((height, width), np.uint8)
    # Pixel centres have whole numbers, on the finer canvas too; corners go in as sixteenths.
    corners = 16 * (FINER * (pixels - low + 0.5) - 0.5)
    for triangle in np.round(corners[model.faces]).astype(np.int32):
        cv2.fillConvexPoly(canvas, triangle, 1, cv2.LINE_8, 4)
    return float(np.count_nonzero(canvas)) / FINER**2
