"""Where a form is and how large it must be to look as masks do: Gauss-Newton on the moments of its outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector
from ..pose.looks import Look
from ..seeing.tones import Box, Pixels
from .form import Form, Kind
from .outlines import Moments, Posed, box_around, filled, moments_of, moments_within, outline

EDGE_PX = 0.3
"""How far an edge of a mask is off, one sigma."""
STEPS = np.array([0.002, 0.002, 0.002, 0.05, 0.05, 0.05, 0.05])
"""Differences that slopes are taken from, by number."""
ENOUGH, TURNS = 1e-3, 12
"""Share by which a step must lower the cost for another to follow, and how many there are at most."""
ALL = np.eye(7)
"""Ways (7, k) in which numbers may change: all by themselves."""
POSE = np.column_stack([np.eye(7)[:, :4], [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]])
"""The place, the yaw, and by how much all lengths look longer than they are."""
_NEAR_PX = 2

Numbers = Vector
"""(7,): place (3,), yaw, and the logarithms of the half lengths (3,) of a form."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One object in one view."""

    look: Look
    seen: Moments
    drift: Vector
    """(3,) how far it had moved on when the picture was taken, m."""
    free: Pixels | None = None
    """Of the whole picture, where nothing hides it; None: nowhere is anything hidden."""
    sigma: float = EDGE_PX

    def misfit(self, posed: Posed) -> Moments | None:
        """By how many sigmas of an edge the moments of a form's outline differ from those that were seen."""
        polygon = outline(self.look, posed.corners(self.drift))
        if polygon is None:
            return None
        found = self._visible(polygon)
        return None if found is None else _edges_apart(found, self.seen) / self.sigma

    def _visible(self, polygon: NDArray[np.float32]) -> Moments | None:
        if self.free is None:
            return moments_within(polygon)
        box = box_around(polygon, _NEAR_PX, self.free.shape)
        return moments_of(shown(polygon, box, self.free), box)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What is known before looking: rows (n, 7) that times the numbers give these values (n,), to one sigma each."""

    rows: Vector
    values: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """What looking gave."""

    posed: Posed
    cost: float
    """Sum of squares, in sigmas."""
    information: Vector
    """(k, k) of the ways in which the numbers were free, from the pictures alone."""


def shown(polygon: NDArray[np.float32], box: Box, free: Pixels | None) -> Pixels:
    """The pixels of a box in which an outline's inside can be seen."""
    inside = filled(polygon, box)
    return inside if free is None else inside & free[box[1] : box[3], box[0] : box[2]]


def numbers_of(posed: Posed) -> Numbers:
    return np.array([*posed.place, posed.yaw, *np.log(posed.form.half)])


def solve(
    kind: Kind, sightings: Sequence[Sighting], start: Numbers, ways: Vector, held: Held, turns: int = TURNS
) -> Solved | None:
    """The numbers that explain the sightings best, off the start along `ways`; None where it leaves the views."""
    best, damping = _cost(kind, sightings, start, held), 1e-2
    if best is None:
        return None
    p, total = start, float(best @ best)
    slopes = _slopes(kind, sightings, p, ways, held)
    for _ in range(turns):
        if slopes is None:
            return None
        normal, right = slopes.T @ slopes, slopes.T @ best
        while True:
            step = ways @ np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-9), -right)
            tried = _cost(kind, sightings, p + step, held)
            if tried is not None and float(tried @ tried) < total:
                break
            damping *= 8.0
            if damping > 1e4:
                return _solved(kind, p, best, slopes, held)
        before, p, best, damping = total, p + step, tried, damping / 8.0
        total = float(best @ best)
        if before - total < ENOUGH * before:
            break
        slopes = _slopes(kind, sightings, p, ways, held)
    return None if slopes is None else _solved(kind, p, best, slopes, held)


def _solved(kind: Kind, p: Numbers, best: Vector, slopes: Vector, held: Held) -> Solved:
    pictures = slopes[: len(slopes) - len(held.values)]
    return Solved(_posed(kind, p), float(best @ best), pictures.T @ pictures)


def _slopes(kind: Kind, sightings: Sequence[Sighting], p: Numbers, ways: Vector, held: Held) -> Vector | None:
    columns = []
    for way in ways.T:
        size = float(STEPS[way != 0.0].max())
        up, down = (_cost(kind, sightings, p + sign * size * way, held) for sign in (1.0, -1.0))
        if up is None or down is None:
            return None
        columns.append((up - down) / (2.0 * size))
    return np.column_stack(columns)


def _cost(kind: Kind, sightings: Sequence[Sighting], p: Numbers, held: Held) -> Vector | None:
    posed = _posed(kind, p)
    parts = [sighting.misfit(posed) for sighting in sightings]
    if any(part is None for part in parts):
        return None
    return np.concatenate([*(part for part in parts if part is not None), held.rows @ p - held.values])


def _posed(kind: Kind, p: Numbers) -> Posed:
    return Posed(Form(kind, np.exp(p[4:])), p[:3], float(p[3]))


def _edges_apart(found: Moments, seen: Moments) -> Moments:
    """Differences of moments as those of edges, px: an outline that lies a pixel further out all around has about 1."""
    around = 2.0 * np.sqrt(np.pi * seen[0])
    breadth = np.sqrt(seen[3] + seen[5])
    return (found - seen) / np.array([around, 1.0, 1.0, breadth, breadth / np.sqrt(2.0), breadth])
