"""How much of a thing shows around a place, by its colours alone: for what a hand holds, which no outline follows."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.nouns import Image, Vector
from .appearance import Appearance, anything, index_of
from .background import Background
from .evidence import colours, difference, of_scene
from .tones import Pixels
from .view import View

LIKELIER = 3.0
"""Than anything else, than the empty scene and than the arm: a pixel that counts."""


def arm_look(scenes: Iterable[tuple[Background, Image, Pixels]]) -> Appearance:
    """The colours of an arm, from pictures with the pixels that it covers; nothing in its hand."""
    found = [View(scene, image).colours(covered) for scene, image, covered in scenes if covered.any()]
    return Appearance(np.vstack(found)) if found else Appearance()


def shown_around(
    scene: Background, image: Image, hidden: Pixels, camera: CameraModel, look: Appearance, arm: Appearance,
    place: Vector, radius: float,
) -> float | None:  # fmt: skip
    """Area that shows it, m2 at the distance of the place; None where the camera does not see the place.

    `scene` has looked at the picture; `hidden` are the pixels of the arm, before or behind which it may be.
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
    around = (columns - x) ** 2 + (rows - y) ** 2 < far**2
    seen = difference(scene, image, box)
    index = index_of(colours(scene, seen))
    own, anyone, arms = (values.reshape(around.shape) for values in (look.density(index), anything()[index],
                                                                     arm.density(index)))  # fmt: skip
    covered = hidden[box[1] : box[3], box[0] : box[2]]
    rest = np.maximum(anyone, np.where(covered, arms, of_scene(scene, seen)))
    likely = (around & (own > LIKELIER * rest)).astype(np.uint8)
    return int(np.count_nonzero(cv2.medianBlur(likely, 3))) / scale**2
