"""Where along its normals an outline really lies in a picture: by how much of the object each sample holds.

On a line across the outline every sample is a mixture of object and background. The background is known from the empty
scene, up to a shadow; the object's colour is that just inside. The sum of the shares of the object along the line is
the length of the line inside: blur, of lens or motion, moves no edge that way, and a part of a pixel is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.ndimage import uniform_filter1d

from ...rig.nouns import Vector
from ..seeing.tones import Box, clipped
from .looks import Floats, Look
from .outline import Outline

SHADOW = (0.35, 1.25)
"""How dark and how bright a background may have become."""
SHADOWS = 0.2
"""By how much a shadow differs from that a few pixels away, as a share (one sigma)."""
DOUBT = 0.4
"""Uncertainty of an edge between object and what may be its shadow, as a share of that strip."""
DEEP = 1.5
"""An object that ends so far inside of its outline, px, has its background's colour there."""
NEIGHBOURS = 5
"""Points along the outline that lie in one shade."""
SHAPE_PX = 0.3
"""What meshes, lenses and shadows leave, of one point, px."""
CONTRAST = 4.0
"""Least contrast between object and background, in sigmas of the noise."""
INSIDE, CORE = 3.0, 1.6
"""How far inside of its outline an object's colour is looked for, and over what length, px."""
CLEAR = 5.0
"""So far from the background a sample is clearly something else."""
INWARDS = 4.0
"""How much less is made of an object that seems to end too early, where it is far from its outline."""
STRANGE = 5.0
"""A background so far from the expected one is another thing, in sigmas."""
UNKNOWN = 15.0
"""An empty scene so much less certain than usual is not known there, as where the arm stood before it."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The part of a look around one object, ready to be sampled."""

    box: Box
    image: Floats
    scene: Floats
    sigma: Vector
    """(3,)."""
    open: Floats | None
    """1 where nothing hides the object and the empty scene is known, 0 elsewhere."""


@dataclass(frozen=True, slots=True, eq=False)
class Edges:
    """What was measured at each point of an outline (n)."""

    off: Vector
    """(n,) how far outside of the outline the edge lies, px."""
    sigma: Vector
    """(n,) of that; infinite where nothing could be seen."""
    strange: np.ndarray
    """(n,) whether beside it is neither the object nor the empty scene."""

    @property
    def seen(self) -> np.ndarray:
        """(n,) whether there was something to see."""
        return np.isfinite(self.sigma)


def patch_of(look: Look, box: Box) -> Patch | None:
    """The patch of a box; None where little of it is in the picture."""
    x0, y0, x1, y1 = box = clipped(box, look.frame.image.shape)
    if x1 - x0 < 8 or y1 - y0 < 8:
        return None
    scene, sigma = look.scene.within(box)
    usual, blind = _certainty(np.asarray(sigma))
    if look.hidden is not None and look.hidden[y0:y1, x0:x1].any():
        blind = look.hidden[y0:y1, x0:x1] if blind is None else blind | look.hidden[y0:y1, x0:x1]
    image = look.frame.image[y0:y1, x0:x1].astype(np.float32)
    return Patch(box, image, scene, usual, None if blind is None else 1.0 - blind.astype(np.float32))


def _certainty(sigma: np.ndarray) -> tuple[Vector, np.ndarray | None]:
    """The noise (3,) of a scene of this sigma, (3,) or (h, w, 3), and where (h, w) it is not known, if anywhere."""
    if sigma.ndim == 1:
        return sigma.astype(float), None
    unknown = sigma[..., 0] > UNKNOWN * np.median(sigma[::3, ::3, 0])
    if not unknown.any():
        return sigma.mean(axis=(0, 1), dtype=float), None
    known = sigma[~unknown]
    return (known if len(known) else sigma.reshape(-1, 3)).mean(axis=0, dtype=float), unknown


def edges(patch: Patch, line: Outline, reach: float, fine: bool) -> Edges:
    """Look for the outline within `reach` px of where it is thought to be.

    Coarsely, every point has its say, so that an object far off pulls; finely, those are silent that have no contrast,
    that see the object go on, or that see it end where it may only have its background's colour.
    """
    steps = np.arange(-min(reach, INSIDE) if fine else -reach, reach + 0.5)
    at = (line.pixels[:, None] + steps[:, None] * line.normals[:, None]).astype(np.float32)
    at -= np.array(patch.box[:2], np.float32)
    image, scene = _sampled(patch.image, at), _sampled(patch.scene, at)
    first = np.ceil(np.maximum(steps[0], -np.maximum(line.half, 1.0)) - steps[0] - 1e-6) + steps[0]
    inside = steps >= first[:, None] - 1e-6
    outer = steps >= max(1.5, 0.4 * reach)
    shade, strange = _shade(image[:, outer], scene[:, outer], patch.sigma)
    empty = scene * shade[:, None, None]
    if fine:
        empty = np.where(strange[:, None, None], image[:, outer].mean(axis=1)[:, None], empty)
    above = (image - empty) / patch.sigma
    raw = np.maximum(np.einsum("ijk,ijk->ij", above, above) - 3.0, 0.0)
    sure = _unshadowed(raw, above, empty / patch.sigma)
    core = inside & (steps <= np.minimum(first + CORE, -0.4)[:, None])
    most, contrast = _mixed(np.sqrt(raw), inside, core)
    least, _ = _mixed(np.sqrt(sure), inside, core)
    high = (most * inside).sum(axis=1) + first - 0.5
    low = np.minimum((least * inside).sum(axis=1) + first - 0.5, high)
    # The edge is between the two: nearer in if what is beyond is shadow, further out if it is the object.
    off = np.clip(0.0, low, high)
    sigma = np.hypot(np.hypot(SHAPE_PX, DOUBT * (high - low)), np.sqrt(len(steps)) / np.maximum(contrast, CONTRAST))
    if fine:
        silent = (contrast < CONTRAST) | (least[:, -2:].mean(axis=1) > 0.35) | (high < -DEEP)
    else:
        silent = np.zeros(len(off), bool)
        # What looks like background inside may be an object of its colour; what does not outside is something.
        sigma = np.where(off < 0.0, INWARDS * sigma, sigma)
    sigma = np.where(strange, 2.0 * sigma, sigma)
    return Edges(off, np.where(silent | _hidden(patch, at), np.inf, sigma), strange)


def _unshadowed(raw: Vector, above: Vector, empty: Vector) -> Vector:
    """(n, m) squared distance from the background, deeper or lighter shadows included; all in sigmas."""
    shadow = SHADOWS * empty
    along = np.einsum("ijk,ijk->ij", above, shadow)
    return np.maximum(raw - along**2 / (1.0 + np.einsum("ijk,ijk->ij", shadow, shadow)), 0.0)


def _mixed(distance: Vector, inside: np.ndarray, core: np.ndarray) -> tuple[Vector, Vector]:
    """The object's share of each sample (n, m), from the distance to the background; and the contrast (n,).

    The last sample that is clearly not background is near the edge, and what lies a little further in is the colour
    that mixes there; whatever the object looks like deeper inside does not matter.
    """
    level = np.maximum(CLEAR, 0.25 * (distance * core).sum(axis=1) / core.sum(axis=1))
    clear = (distance > level[:, None]) & inside
    columns = np.arange(distance.shape[1])
    last = np.where(clear.any(axis=1), np.max(np.where(clear, columns, 0), axis=1), 0)
    first = np.argmax(inside, axis=1)
    rows = np.arange(len(distance))
    contrast = np.maximum(distance[rows, np.maximum(last - 2, first)], distance[rows, np.maximum(last - 1, first)])
    share = np.minimum(distance / np.maximum(contrast, 1e-3)[:, None], 1.0)
    share[columns <= (last - 2)[:, None]] = 1.0
    return share, contrast


def _sampled(picture: Floats, at: Floats) -> Floats:
    # Outside the patch the border goes on; such samples are dropped by `_hidden`.
    samples = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(samples, np.float32)


def _smooth(values: Vector) -> Vector:
    return uniform_filter1d(values, NEIGHBOURS, axis=0, mode="wrap")


def _shade(image: Floats, scene: Floats, sigma: Vector) -> tuple[Vector, np.ndarray]:
    """(n,) how much darker the background is than the empty scene, and whether it is something else."""
    shade = _smooth(np.einsum("ijk,ijk->i", image, scene)) / _smooth(np.einsum("ijk,ijk->i", scene, scene) + 1e-3)
    shade = np.clip(shade, *SHADOW)
    rest = (image - scene * shade[:, None, None]) / (sigma + 0.03 * scene + 1.5)
    return shade, np.sqrt((rest**2).mean(axis=(1, 2))) > STRANGE


def _hidden(patch: Patch, at: Floats) -> np.ndarray:
    """(n,) whether a line leaves the picture or runs into what hides the object."""
    height, width = patch.image.shape[:2]
    ends = at[:, (0, -1)]
    out = ((ends < -0.5) | (ends > np.array([width - 0.5, height - 0.5]))).any(axis=(1, 2))
    if patch.open is not None:
        out = out | (_sampled(patch.open, at).min(axis=1) < 0.5)
    return np.asarray(out)
