"""Whether the colours of a mesh lie where a pose says: what tells a mug's front from its back.

Used where a pose is chosen among a few, not in every tick: the mesh is painted face by face.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ...rig.nouns import Image, Vector
from ..seeing.tones import clipped, tones
from .looks import Look
from .multiview import Guess
from .viewpoints import ViewpointModel

OFF = 0.35
"""Tones by which a colour differs clearly."""
SHADING = 0.4
"""How much less differences of brightness count than those of colour: light makes them too."""
LEAST_PX = 15
"""Of the mesh inside its edge, to say anything."""


def colours_of(model: ViewpointModel, looks: Sequence[Look], guess: Guess) -> float | None:
    """The mean over the views of how well the colours lie; None where no view says anything."""
    shares = [colours_fit(model, look, *guess.at(look.captured_at)) for look in looks]
    known = [share for share in shares if share is not None]
    return float(np.mean(known)) if known else None


def colours_fit(model: ViewpointModel, look: Look, place: Vector, turn: Vector) -> float | None:
    """1 where every pixel has the mesh's colour in today's light, 0 where none has; None where nothing can be said."""
    shape = model.shape
    if shape.face_colours is None:
        return None
    points = shape.vertices @ turn.T + place
    local = look.local(points)
    if local[:, 2].min() < 0.05:
        return None
    pixels = look.pixels(local)
    low, high = np.floor(pixels.min(axis=0)).astype(int), np.ceil(pixels.max(axis=0)).astype(int) + 1
    x0, y0, x1, y1 = clipped((int(low[0]), int(low[1]), int(high[0]), int(high[1])), look.frame.image.shape)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return None
    painted = np.zeros((y1 - y0, x1 - x0, 3), np.uint8)
    covered = np.zeros(painted.shape[:2], np.uint8)
    front = np.flatnonzero(model.normals @ ((look.eye - place) @ turn) > model.offsets)
    depth = local[shape.faces[front], 2].mean(axis=1)
    corners = np.round(16.0 * (pixels - [x0, y0])).astype(np.int32)[shape.faces]
    for face in front[np.argsort(-depth)]:
        cv2.fillConvexPoly(painted, corners[face], shape.face_colours[face].tolist(), cv2.LINE_8, 4)
        cv2.fillConvexPoly(covered, corners[face], 1, cv2.LINE_8, 4)
    inner = cv2.erode(covered, np.ones((3, 3), np.uint8)) > 0
    if look.hidden is not None:
        inner &= ~look.hidden[y0:y1, x0:x1]
    if np.count_nonzero(inner) < LEAST_PX:
        return None
    off = tones(_blurred(look.frame.image[y0:y1, x0:x1]))[inner] - tones(_blurred(painted))[inner]
    # The light's strength and colour are not the mesh's.
    off -= np.median(off, axis=0)
    grey = off.mean(axis=1, keepdims=True)
    apart = np.hypot(np.linalg.norm(off - grey, axis=1), SHADING * np.abs(grey[:, 0]))
    return float(np.mean(np.maximum(0.0, 1.0 - apart / OFF)))


def _blurred(image: Image) -> Image:
    """The mesh's colours change faster than pixels do."""
    return np.asarray(cv2.GaussianBlur(image, (3, 3), 0), np.uint8)
