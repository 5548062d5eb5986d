"""How late one signal is against another, from motion there and back along one way.

Whatever a camera sees of it is then a function of how far along the way the arm is: at the right lag the way there and
the way back show the same, at any other they do not. No calibration and no model of the arm is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.polynomial.chebyshev import chebvander
from scipy.interpolate import CubicSpline
from scipy.optimize import OptimizeResult, minimize_scalar

from ..rig.nouns import Image, Vector

SMALL = (80, 60)
"""Pictures are made this small, px."""
PARTS = 6
"""Principal parts of a picture that are looked at."""
TERMS = 10
"""Of the function from the place on the way to each of them."""
LONGEST_S, STEP_S = 0.25, 0.01
"""Lags are looked for up to so much, at first in such steps."""
LEAST = 60
BLOCKS = 5
"""The spread of so many estimates, each without one block of time, says how sure the whole is."""


@dataclass(frozen=True, slots=True)
class Lag:
    """Positive: what is seen at a time happened so much before the time that it is said to be of."""

    seconds: float
    std: float
    """Of the estimate."""


def small(image: Image) -> Vector:
    """A picture as it is kept for `lag_of_pictures`."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, SMALL, interpolation=cv2.INTER_AREA).astype(float).ravel()


def lag_of_pictures(times: Vector, pictures: Sequence[Vector], way: CubicSpline) -> Lag | None:
    """Of a camera's times, against those of the way; None where it sees too little of the motion."""
    P = np.array(pictures)
    if len(P) < LEAST:
        return None
    left, sizes, _ = np.linalg.svd(P - P.mean(axis=0), full_matrices=False)
    return _lag(times, left[:, :PARTS] * sizes[:PARTS], lambda at: _basis(way(at), way))


def lag_of_follower(times: Vector, followed: Vector, way: CubicSpline) -> Lag | None:
    """Of something measured that goes the same way, up to a constant and a scale."""
    if len(times) < LEAST:
        return None
    return _lag(times, followed[:, None], lambda at: np.stack([np.ones(len(at)), way(at)], axis=1))


def _basis(place: Vector, way: CubicSpline) -> Vector:
    values = way(way.x)
    low, high = float(values.min()), float(values.max())
    return np.asarray(chebvander(np.clip(2 * (place - low) / (high - low) - 1, -1, 1), TERMS), float)


def _lag(times: Vector, seen: Vector, basis: Callable[[Vector], Vector]) -> Lag | None:
    begin, length = times[0], np.ptp(times)
    block = np.minimum((BLOCKS * (times - begin) / length).astype(int), BLOCKS - 1)
    whole = _best(times, seen, basis)
    if whole is None:
        return None
    without = [_best(times[block != one], seen[block != one], basis) for one in range(BLOCKS)]
    if any(one is None for one in without):
        return None
    # The jackknife's spread.
    spread = np.array(without, float)
    return Lag(whole, float(np.sqrt((BLOCKS - 1) * np.mean((spread - spread.mean()) ** 2))))


def _best(times: Vector, seen: Vector, basis: Callable[[Vector], Vector]) -> float | None:
    """The lag with the least residual; None at the end of the range, where it is no minimum."""

    def residual(lag: float) -> float:
        terms = basis(times - lag)
        found, *_ = np.linalg.lstsq(terms, seen, rcond=None)
        return float(np.sum((seen - terms @ found) ** 2))

    steps = np.arange(-LONGEST_S, LONGEST_S + STEP_S / 2, STEP_S)
    rough = [residual(float(step)) for step in steps]
    least = int(np.argmin(rough))
    if least in (0, len(steps) - 1):
        return None
    bounds = (float(steps[least - 1]), float(steps[least + 1]))
    found: OptimizeResult = minimize_scalar(residual, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(found["x"])
