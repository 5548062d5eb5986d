"""Small patches of a reference picture, and how far a later picture shows each of them from where it is expected.

An edge tells a shift across it and a corner tells both directions; a faint texture tells a little, and there is much of
it. So a patch reports a shift with its own 2x2 covariance (Lucas-Kanade on one patch) rather than a tracked point.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...rig.nouns import Image, Vector

PATCH = 16
"""Side of a patch at its own level of the pyramid [px]."""
SLOW = 31
"""Light changes over this many pixels or more are taken out."""
DARK = 6.0
"""Grey levels added to the local brightness before it is divided by: keeps noise in the dark from growing."""
SURE_PX = 0.04
"""No patch says more of a shift than to this (one sigma), at its level: shading, sampling and blur change too."""
NOISE_SHARE = 6.0
"""A blurred picture's pixels repeat each other: a patch holds this many times fewer."""
TEXTURE = 1.5
"""Standard deviation of a patch from which on it shows more than noise, per cent of the brightness."""
SUB_PIXELS = 32
FADE = np.minimum(1.0, np.minimum(np.arange(PATCH), np.arange(PATCH)[::-1]) / 3.0)
WINDOW = np.outer(FADE, FADE).ravel().astype(np.float32)
"""Of each pixel of a patch: falls off at the border."""
NOISE_SLOPE = 0.18 * float(WINDOW.sum())
"""What noise adds to a patch's summed squared gradients, over the mean square of the difference of two pictures."""
CORNERS = 0.5 * (PATCH - 1) * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], float)


def contrast(image: Image, level: int) -> np.ndarray:
    """Grey at 1/2**level of the size, in per cent of the local brightness, without slow changes of the light."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    size = (grey.shape[1] >> level, grey.shape[0] >> level)
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if level else grey
    smooth = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 0.9)
    slow = cv2.blur(smooth, (SLOW, SLOW))
    return 100.0 * (smooth - slow) / (slow + DARK)


TOO_FAR = 3.0
"""A patch this many times its sigma away from where it is expected has a quarter of its say; more, hardly any."""


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """A grid of patches over one reference picture, at one level."""

    level: int
    centres: Vector
    """(n, 2), pixels of the full picture."""
    values: np.ndarray
    """(n, PATCH * PATCH), and so `x` and `y`: the gradients."""
    x: np.ndarray
    y: np.ndarray
    textured: np.ndarray
    """(n,) true where a patch shows clearly more than noise."""
    spread: tuple[Vector, Vector]
    """Eigenvalues (n, 2) and eigenvectors (n, 2, 2) of the gradients' summed products."""

    def corners(self) -> Vector:
        """(n, 4, 2): the middles of the corner pixels, in the full picture."""
        return self.centres[:, None] + CORNERS * 2**self.level


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """How far each patch is from where it was expected, at its level."""

    push: Vector
    """(n, 2): the information matrix times the shift [1/px]."""
    information: Vector
    """(n, 2, 2) [1/px2]."""
    likeness: Vector
    """(n,): correlation of the patch with what is found where it was expected."""
    seen: np.ndarray
    """(n,) true where that is inside the picture."""

    def surprise(self) -> Vector:
        """(n,): the squared shift over its variance."""
        return np.einsum("ni,nij,nj->n", self.push, _inverse(self.information), self.push)

    def weights(self, used: np.ndarray) -> Vector:
        """(n,): the say of each patch, none for those that are not `used` (n,)."""
        surprise = self.surprise()
        # The median of the squared length of a plane normal vector is 1.39.
        scale = max(1.0, float(np.median(surprise[used])) / 1.39) if used.any() else 1.0
        return used / (1 + surprise / (scale * TOO_FAR**2)) ** 2

    def equations(self, slope: Vector, weights: Vector) -> tuple[Vector, Vector]:
        """The normal equations' square and right side, with the patches' places having this slope (n, 2, unknowns)."""
        turned = np.swapaxes(slope, 1, 2) * weights[:, None, None]
        square = np.tensordot(turned @ self.information, slope, axes=([0, 2], [0, 1]))
        return np.asarray(square, np.float64), np.einsum("npi,ni->p", turned, self.push)


def grid(image: Image, level: int) -> Patches:
    """Cut up a reference picture."""
    picture = contrast(image, level)
    x = 0.5 * cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=1)
    y = 0.5 * cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=1)
    rows, columns = picture.shape[0] // PATCH, picture.shape[1] // PATCH
    top, left = (picture.shape[0] - rows * PATCH) // 2, (picture.shape[1] - columns * PATCH) // 2
    v, u = np.mgrid[0:rows, 0:columns] * PATCH + 0.5 * (PATCH - 1)
    centres = np.column_stack([u.ravel() + left, v.ravel() + top]).astype(np.float64)
    values, x, y = (_cut(part, top, left, rows, columns) for part in (picture, x, y))
    square = np.einsum("p,anp,bnp->nab", WINDOW, np.stack([x, y]), np.stack([x, y]), optimize=True)
    return Patches(level, _to_full(centres, level), values, x, y, _textured(values), _eigen(square))


def measure(patches: Patches, picture: np.ndarray, corners: Vector) -> Shifts:
    """Compare with `picture` (as `contrast` makes it) where the patches' corners (n, 4, 2) are expected in it."""
    places = _places((corners + 0.5) / 2**patches.level - 0.5)
    # OpenCV interpolates at multiples of 1/32 px only; the rest of the way goes along the gradient.
    whole = np.rint(places * SUB_PIXELS) / SUB_PIXELS
    found = cv2.remap(picture, whole, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=(np.nan,))  # pyright: ignore[reportCallIssue, reportArgumentType]
    seen = np.isfinite(found).all(axis=1)
    rest = places - whole
    found = np.where(seen[:, None], found + patches.x * rest[..., 0] + patches.y * rest[..., 1], 0.0)
    found = found - found.mean(axis=1, keepdims=True)
    values = patches.values - patches.values.mean(axis=1, keepdims=True)
    difference = values - found
    weighted = WINDOW * difference
    push = np.column_stack([(patches.x * weighted).sum(axis=1), (patches.y * weighted).sum(axis=1)])
    mean_square = (difference**2).mean(axis=1).astype(np.float64)
    floor = 0.5 * np.median(mean_square[seen]) if seen.any() else 1.0
    # Noise has gradients too, which follow no shift.
    size, way = patches.spread
    true = np.maximum(size - NOISE_SLOPE * mean_square[:, None], 0.0)
    share = true / (NOISE_SHARE * np.maximum(mean_square, floor)[:, None] * size + (SURE_PX * true) ** 2 + 1e-9)
    share *= seen[:, None]
    product = (values * found).sum(axis=1)
    length = np.sqrt((values**2).sum(axis=1) * (found**2).sum(axis=1)) + 1e-6
    return Shifts(
        np.einsum("nik,nk,njk,nj->ni", way, share, way, push, optimize=True),
        np.einsum("nik,nk,njk->nij", way, share * true, way, optimize=True),
        product / length,
        seen,
    )


def _cut(picture: np.ndarray, top: int, left: int, rows: int, columns: int) -> np.ndarray:
    part = picture[top : top + rows * PATCH, left : left + columns * PATCH]
    return part.reshape(rows, PATCH, columns, PATCH).swapaxes(1, 2).reshape(rows * columns, -1)


def _textured(values: np.ndarray) -> np.ndarray:
    return values.std(axis=1) > TEXTURE


def _eigen(square: np.ndarray) -> tuple[Vector, Vector]:
    sizes, ways = np.linalg.eigh(square.astype(np.float64))
    return np.maximum(sizes, 0.0), ways


def _to_full(pixels: Vector, level: int) -> Vector:
    return (pixels + 0.5) * 2**level - 0.5


def _places(corners: Vector) -> np.ndarray:
    """Where each pixel of each patch is (n, PATCH * PATCH, 2), straight between the corners."""
    share = np.linspace(0.0, 1.0, PATCH)
    down, right = (part.ravel() for part in np.meshgrid(share, share, indexing="ij"))
    weights = np.stack([(1 - down) * (1 - right), (1 - down) * right, down * right, down * (1 - right)])
    return np.einsum("cp,ncd->npd", weights, corners, optimize=True).astype(np.float32)


def _inverse(matrices: Vector) -> Vector:
    """Of symmetric (n, 2, 2), zero where there is none."""
    a, b, d = matrices[:, 0, 0], matrices[:, 0, 1], matrices[:, 1, 1]
    determinant = a * d - b * b
    sound = determinant > 1e-12
    out = np.stack([np.stack([d, -b], axis=1), np.stack([-b, a], axis=1)], axis=1)
    return out * np.where(sound, 1.0 / np.where(sound, determinant, 1.0), 0.0)[:, None, None]
