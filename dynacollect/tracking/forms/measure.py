"""Which form an object has, from its masks in two views and more: every kind is tried, the best cover wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ...rig.nouns import Vector
from ..pose.looks import Look
from ..pose.silhouettes import overlap
from ..seeing.tones import Pixels
from .fitting import ALL, Held, Sighting, Solved, solve
from .form import UNIT, Form, Kind
from .outlines import Moments, Posed, box_around, filled, moments_of, outline, parted

SIZE_SIGMA, ANY_SIZE = 0.25, 1.0
"""Of the logarithm of a size that was measured before, and of one that is only roughly as the masks say."""
PROPORTION = 0.8
"""Of the logarithm of one half length over the others."""
ALIKE: dict[Kind, tuple[tuple[int, int], float]] = {
    "ball": ((0, 1), 0.5), "column": ((0, 1), 0.1), "roll": ((1, 2), 0.05), "box": ((0, 1), 0.5),
}  # fmt: skip
"""The half lengths that are about the same, and the sigma of the logarithm of one over the other."""
COSTS, MOST_COST = 0.002, 40.0
"""What a squared sigma of misfit counts against a share of overlap, and how many count."""
SIMPLER = 0.012
"""By so much a kind must be better than one that stands before it."""
SPREADS = 2.0
"""Half length of an ellipse, in standard deviations along it."""
LEAST_M, MOST_M = 0.004, 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One kind of form, fitted to masks."""

    posed: Posed
    score: float
    covered: float
    """Share of form and masks that is common, edges forgiven."""


@dataclass(slots=True, eq=False)
class Looks:
    """What several measurements of one object have in common."""

    taken: dict[Kind, list[Measured]] = field(default_factory=dict)

    def take(self, found: Mapping[Kind, Measured]) -> None:
        for kind, measured in found.items():
            self.taken.setdefault(kind, []).append(measured)

    @property
    def count(self) -> int:
        return max((len(some) for some in self.taken.values()), default=0)

    @property
    def form(self) -> Form | None:
        """The kind that explains most of them, and its lengths."""
        scores: dict[Kind, float] = {
            kind: float(np.mean([one.score for one in some])) for kind, some in self.taken.items()
        }
        kind = chosen(scores)
        if kind is None:
            return None
        return Form(kind, np.median([one.posed.form.half for one in self.taken[kind]], axis=0))


def measure(
    looks: Sequence[Look], masks: Mapping[str, Pixels], time: float, velocity: Vector | None = None,
    size: float | None = None,
) -> dict[Kind, Measured]:  # fmt: skip
    """Every kind of form as it explains the masks of views that nothing hides; `size` as known from before, m."""
    moves = np.zeros(3) if velocity is None else velocity
    sightings, seen = [], []
    for look in looks:
        mask = masks.get(look.camera.name)
        moments = None if mask is None else whole_moments(mask)
        if mask is not None and moments is not None:
            sightings.append(Sighting(look, moments, (look.captured_at - time) * moves))
            seen.append(mask)
    if len(sightings) < 2:
        return {}
    start = _start(sightings)
    if start is None:
        return {}
    found = {}
    for kind in UNIT:
        solved = solve(kind, sightings, start, ALL, _held(kind, start, size))
        if solved is not None and _is_possible(solved.posed.form):
            exact, forgiving = _overlaps(solved.posed, sightings, seen)
            found[kind] = Measured(solved.posed, exact - COSTS * min(solved.cost, MOST_COST), forgiving)
    return found


def chosen(scores: Mapping[Kind, float]) -> Kind | None:
    """The best kind; of those that are as good, the first."""
    best = max(scores.values(), default=0.0)
    return next((kind for kind in UNIT if kind in scores and scores[kind] > best - SIMPLER), None)


def whole_moments(mask: Pixels) -> Moments | None:
    """Of a mask of the whole picture."""
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    box = (x, y, x + width, y + height)
    return moments_of(parted(mask, box), box) if width else None


def _start(sightings: Sequence[Sighting]) -> Vector | None:
    """Rough numbers: the ellipsoid whose outlines have these moments, which is a linear question."""
    place = _crossing(sightings)
    rows, values, sizes = [], [], []
    for sighting in sightings:
        look, seen = sighting.look, sighting.seen
        local = look.local(place[None])
        if local[0, 2] <= 0.05:
            return None
        (a, b) = look.slopes(local)[0] @ look.turn
        total = seen[3] + seen[5]
        for (left, right), spread in zip(((a, a), (a, b), (b, b)), seen[3:], strict=True):
            both = 0.5 * (np.outer(left, right) + np.outer(right, left))
            rows.append(np.array([both[0, 0], 2.0 * both[0, 1], both[1, 1], both[2, 2]]) / total)
            values.append(SPREADS**2 * spread / total)
        sizes.append(np.sqrt(seen[0] / np.pi) * local[0, 2] / look.camera.K[0, 0])
    xx, xy, yy, zz = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    squares, axes = np.linalg.eigh(np.array([[xx, xy], [xy, yy]]))
    size = float(np.exp(np.mean(np.log(sizes))))
    half = np.clip(np.sqrt(np.maximum([squares[1], squares[0], zz], 0.0)), 0.4 * size, 3.0 * size)
    return np.array([*place, np.arctan2(axes[1, 1], axes[0, 1]), *np.log(half)])


def _crossing(sightings: Sequence[Sighting]) -> Vector:
    """Where the rays through the middles of the masks come nearest to each other."""
    normal, right = np.zeros((3, 3)), np.zeros(3)
    for sighting in sightings:
        eye, ways = sighting.look.camera.rays(sighting.seen[None, 1:3])
        across = np.eye(3) - np.outer(ways[0], ways[0])
        normal += across
        right += across @ (eye - sighting.drift)
    return np.linalg.solve(normal, right).astype(float)


def _held(kind: Kind, start: Vector, size: float | None) -> Held:
    (first, second), sigma = ALIKE[kind]
    alike = np.zeros(7)
    alike[4 + first], alike[4 + second] = 1.0, -1.0
    mean = np.array([0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]) / 3.0
    size_sigma = ANY_SIZE if size is None else SIZE_SIGMA
    log_size = float(mean @ start) if size is None else float(np.log(size))
    proportions = (np.eye(7)[4:] - mean) / PROPORTION
    return Held(
        np.vstack([alike / sigma, mean / size_sigma, proportions]), np.array([0.0, log_size / size_sigma, 0, 0, 0])
    )


def _is_possible(form: Form) -> bool:
    return bool(form.half.min() > LEAST_M / 2 and form.half.max() < MOST_M / 2)


def _overlaps(posed: Posed, sightings: Sequence[Sighting], masks: Sequence[Pixels]) -> tuple[float, float]:
    """Intersection over union, to the pixel and with edges forgiven; means over the views."""
    exact, forgiving = [], []
    for sighting, mask in zip(sightings, masks, strict=True):
        polygon = outline(sighting.look, posed.corners(sighting.drift))
        if polygon is None:
            return 0.0, 0.0
        box = box_around(polygon, 2, mask.shape)
        inside, own = filled(polygon, box), parted(mask, box)
        either = np.count_nonzero(inside | own) + np.count_nonzero(mask) - np.count_nonzero(own)
        exact.append(np.count_nonzero(inside & own) / max(either, 1))
        forgiving.append(overlap(box, inside, mask, None))
    return float(np.mean(exact)), float(np.mean(forgiving))


__all__ = ["Looks", "Measured", "Solved", "chosen", "measure", "whole_moments"]
