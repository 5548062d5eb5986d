"""How far the still part of a view has moved, told from the parts that move anyway."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_TILES = (8, 6)
_LEAST_MATCH = 0.6
_LEAST_TILES = 4
_NEAR = 0.5
_TURNS = 4


@dataclass(frozen=True, slots=True)
class _Found:
    shift: tuple[float, float]
    votes: int
    """Tiles that agree."""


class BackgroundShift:
    """Movement of a grey picture against `reference`, both float32 of one size, in their pixels.

    Every tile with texture in both directions solves its own small shift from the reference's gradients (Lucas-Kanade,
    gain and offset of the tile taken out). Tiles that do not look like the reference, or disagree with the median, are
    an arm or an object and have no say. A shift beyond a pixel is first found to the pixel: by following the
    tiles, or else by phase correlation of overlapping quarters of the picture; an arm that fills a quarter can make the
    size of a shift beyond ten pixels or so wrong, not that there is one.
    """

    def __init__(self, reference: np.ndarray, noise: float) -> None:
        self._reference = _band(reference)
        self._x = 0.5 * cv2.Sobel(self._reference, cv2.CV_32F, 1, 0, ksize=1)
        self._y = 0.5 * cv2.Sobel(self._reference, cv2.CV_32F, 0, 1, ksize=1)
        self._xx, self._xy, self._yy = (
            _tiles(a * b) for a, b in ((self._x, self._x), (self._x, self._y), (self._y, self._y))
        )
        self._power = _tiles(np.square(self._reference))
        self._good = self._weaker_texture() > 1.0 + 0.5 * noise
        self._coarse = _quarter(reference)
        height, width = self._coarse.shape
        self._window = cv2.createHanningWindow((width * 5 // 8, height * 5 // 8), cv2.CV_32F)

    @property
    def possible(self) -> bool:
        """The reference has texture enough."""
        return bool(self._good.sum() >= 2 * _LEAST_TILES)

    def measure(self, grey: np.ndarray) -> tuple[float, float] | None:
        """The shift (x, y) of the background; None where it is not found."""
        picture = _band(grey)
        near = self._follow(picture, (0, 0))
        if near is not None:
            return near.shift
        far = [self._follow(picture, start) for start in self._far_starts(grey)]
        best = max((found for found in far if found is not None), key=lambda found: found.votes, default=None)
        return None if best is None else best.shift

    def _far_starts(self, grey: np.ndarray) -> list[tuple[int, int]]:
        """Where the quarters of the picture seem to have gone; whichever an arm fills may be wrong."""
        coarse = _quarter(grey)
        height, width = self._window.shape
        starts = set()
        for top in (0, coarse.shape[0] - height):
            for left in (0, coarse.shape[1] - width):
                part = np.s_[top : top + height, left : left + width]
                (x, y), _ = cv2.phaseCorrelate(self._coarse[part], coarse[part], self._window)
                starts.add((round(2 * x), round(2 * y)))
        return sorted(starts)

    def _follow(self, picture: np.ndarray, start: tuple[int, int]) -> _Found | None:
        whole = start
        for _ in range(_TURNS):
            rest = self._rest(np.roll(picture, (-whole[1], -whole[0]), (0, 1)))
            if rest is None:
                return None
            x, y = whole[0] + rest.shift[0], whole[1] + rest.shift[1]
            if max(map(abs, rest.shift)) <= 0.75:
                return _Found((x, y), rest.votes)
            whole = (round(x), round(y))
        return None

    def _rest(self, picture: np.ndarray) -> _Found | None:
        """The sub-pixel rest of the shift, by vote of the tiles."""
        product = _tiles(picture * self._reference)
        match = product / np.sqrt(self._power * _tiles(np.square(picture)) + 1e-6)
        found = self._good & (match > _LEAST_MATCH)
        if found.sum() < max(_LEAST_TILES, 0.25 * self._good.sum()):
            return None
        gain = product / (self._power + 1e-6)
        wide = cv2.resize(gain.astype(np.float32), picture.shape[::-1], interpolation=cv2.INTER_NEAREST)
        error = self._reference * wide - picture
        x, y = self._solve(_tiles(self._x * error), _tiles(self._y * error), gain, found)
        middle = float(np.median(x)), float(np.median(y))
        agree = np.hypot(x - middle[0], y - middle[1]) < _NEAR
        return _Found(middle, int(agree.sum())) if agree.mean() >= 0.5 else None

    def _solve(
        self, ex: np.ndarray, ey: np.ndarray, gain: np.ndarray, found: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        xx, xy, yy = self._xx[found], self._xy[found], self._yy[found]
        ex, ey = ex[found] / gain[found], ey[found] / gain[found]
        determinant = xx * yy - xy * xy
        return (yy * ex - xy * ey) / determinant, (xx * ey - xy * ex) / determinant

    def _weaker_texture(self) -> np.ndarray:
        """Per tile: gradient power along its weakest direction; none on a plain or a lone straight edge."""
        half = 0.5 * (self._xx + self._yy)
        return half - np.sqrt(np.square(0.5 * (self._xx - self._yy)) + np.square(self._xy))


def _tiles(values: np.ndarray) -> np.ndarray:
    """Means over the tiles."""
    return cv2.resize(values, _TILES, interpolation=cv2.INTER_AREA).astype(np.float64)


def _band(picture: np.ndarray) -> np.ndarray:
    """Without the light's slow changes, and without the finest detail, whose gradients are too rough to solve by."""
    return cv2.GaussianBlur(picture, (5, 5), 1.0) - cv2.blur(picture, (31, 31))


def _quarter(picture: np.ndarray) -> np.ndarray:
    """Half the size each way, without the light's slow changes."""
    return cv2.pyrDown(picture - cv2.blur(picture, (31, 31)))
