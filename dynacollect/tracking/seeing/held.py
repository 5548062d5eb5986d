"""How much of a thing shows around a place, by its colours alone: for what a hand holds, which no outline follows."""

from __future__ import annotations

import cv2
import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.nouns import Image, Vector
from .appearance import Appearance, anything, index_of
from .background import Background
from .evidence import colours, difference, of_scene
from .tones import Pixels

LIKELIER = 3.0
"""Than anything else, and than the empty scene: a pixel that counts."""


def shown_around(
    scene: Background, image: Image, hidden: Pixels | None, camera: CameraModel, look: Appearance, place: Vector,
    radius: float,
) -> float | None:  # fmt: skip
    """Area that shows it, m2 at the distance of the place; None where the camera does not see the place.

    `scene` has looked at the picture; `hidden` are pixels of the arm.
    """
    depth = float(camera.T_parent_camera.inv().apply(place)[2])
    if depth < radius:
        return None
    x, y = camera.project(place[None])[0]
    scale = float(camera.K[0, 0]) / depth
    far = radius * scale
    box = (max(int(x - far), 0), max(int(y - far), 0), min(int(x + far) + 1, camera.width),
           min(int(y + far) + 1, camera.height))  # fmt: skip
    if box[2] - box[0] < 3 or box[3] - box[1] < 3:
        return None
    rows, columns = np.ogrid[box[1] : box[3], box[0] : box[2]]
    counts = (columns - x) ** 2 + (rows - y) ** 2 < far**2
    if hidden is not None:
        counts &= ~hidden[box[1] : box[3], box[0] : box[2]]
    seen = difference(scene, image, box)
    index = index_of(colours(scene, seen))
    own = look.density(index).reshape(counts.shape)
    rest = np.maximum(anything()[index].reshape(counts.shape), of_scene(scene, seen))
    likely = (counts & (own > LIKELIER * rest)).astype(np.uint8)
    return int(np.count_nonzero(cv2.medianBlur(likely, 3))) / scale**2
