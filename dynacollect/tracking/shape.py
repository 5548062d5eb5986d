"""What the tracker knows of an object's form: a closed mesh, its symmetry, and roughly its colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..rig.nouns import Image, Vector
from ..rig.objects.model import ObjectModel, Symmetry


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """An object's mesh in its own frame, m."""

    name: str
    vertices: Vector
    """(n, 3)."""
    faces: NDArray[np.int32]
    """(m, 3), outward."""
    symmetry: Symmetry
    face_colours: Image | None = None
    """(m, 3) mean RGB of each face; `None` where the mesh has no colours."""
    rolling_radius: float | None = None
    """From the rolling axis to the table; `None`: it does not roll, or nobody knows."""

    @property
    def radius(self) -> float:
        """Of the ball around the middle of its box that holds it."""
        return float(np.linalg.norm(self.vertices - self.middle, axis=1).max())

    @property
    def middle(self) -> Vector:
        """(3,) middle of its box."""
        return 0.5 * (self.vertices.min(axis=0) + self.vertices.max(axis=0))


@lru_cache(maxsize=32)
def shape_of(model: ObjectModel) -> Shape:
    """The shape of a thing in the catalogue; the same one each time, so that what is worked out of it is kept."""
    return Shape(
        model.name, model.vertices, model.faces, model.symmetry, _face_colours(model),
        model.rolling_radius if model.rolls else None,
    )  # fmt: skip


def _face_colours(model: ObjectModel) -> Image:
    """(m, 3) colour of the texture in the middle of each face."""
    height, width = model.texture.shape[:2]
    u, v = model.texcoords[model.face_texcoords].mean(axis=1).T
    rows = np.clip((v * height).astype(int), 0, height - 1)
    columns = np.clip((u * width).astype(int), 0, width - 1)
    return model.texture[rows, columns]
