"""Where an object is and how it is turned, from its masks alone: for the first look, and after it was lost.

Many orientations are compared with the masks by area and second moments, the best by their silhouettes, and what is
left by the outline itself. Things on a table mostly rest on one of their stable sides; those are tried first. What the
picture cuts off has neither area nor moments: such a mask is compared by silhouettes only.

All of this takes longer than a tick. While somebody waits for the tick, a few orientations are tried in each, in the
pictures of that tick, and others in the next.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from ..seeing.tones import Pixels, reaches_rim
from ..shape import Shape
from .colouring import colours_of
from .looks import Look
from .multiview import Fit, Guess, fit
from .silhouettes import facing, flat_slopes, overlap, silhouette
from .viewpoints import ViewpointModel

YAWS = 36
STABLE = 0.02
"""Least probability of a side that is tried."""
FREE = 1200
"""Orientations that are tried where no stable one fits."""
NEAR = np.deg2rad(20.0)
"""Orientations so near to each other lead to the same fit."""
NEAR_TRACE = 1.0 + 2.0 * np.cos(NEAR)
"""Trace of the turn between them."""
COMPARED, FITTED = 40, 7
"""Hypotheses whose silhouettes are compared, and whose outlines are."""
WORSE = 0.15
"""So much less overlap than the best has no outline to compare."""
FEW_COMPARED, FEW_FITTED = 12, 2
"""The same of what is tried in one tick."""
REMEMBERED = 8
"""Orientations that were tried in vain lately; they come again, as the pictures change."""
ANYHOW_EVERY = 4
"""Ticks of a search from one with any orientation to the next."""
GOOD = 0.75
"""Overlap of a silhouette with its mask from which a stable orientation is believed."""
MASKS, OUTLINE = 0.5, 2.0
"""What overlap and outline count against colours; a mask may lack what looks like the table."""
WEAK = np.diag(np.repeat([1 / 0.03**2, 1 / 0.5**2], 3))
"""Information of a hypothesis' place and turn."""
LEVEL = WEAK + np.diag([0.0, 0.0, 1 / 0.01**2, 0.0, 0.0, 0.0])
"""The same of what rests on a table."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A pose that masks and pictures agree with."""

    fit: Fit
    overlap: float
    """Of silhouettes with masks, the worst view's."""
    colours: float
    """How well the mesh's colours lie; the same for all poses of a mesh that has none."""

    @property
    def score(self) -> float:
        """The better the more of masks, outline and colours it explains."""
        return MASKS * self.overlap - OUTLINE * self.fit.cost + self.colours


@dataclass(frozen=True, slots=True, eq=False)
class Rests:
    """The ways in which a shape stands or lies stably on a level table, turned all ways."""

    turns: Vector
    """(n, 3, 3)."""
    heights: Vector
    """(n,) of the shape's middle above the table, m."""


def resting(shape: Shape) -> Rests:
    mesh = trimesh.Trimesh(shape.vertices, shape.faces, process=False).convex_hull
    # Centre of mass of things that are hollow or not: of the hull is near enough to find the sides.
    poses, odds = trimesh.poses.compute_stable_poses(mesh, n_samples=1, threshold=STABLE)
    sides = [pose[:3, :3] for pose in poses[:12]] if len(odds) else [np.eye(3)]
    yaws = Rotation.from_rotvec(np.outer(np.arange(YAWS) * 2 * np.pi / YAWS, [0.0, 0.0, 1.0])).as_matrix()
    turns = np.einsum("aij,bjk->baik", yaws, np.array([np.eye(3), *sides])).reshape(-1, 3, 3)
    upright = turns[:, 2]
    return Rests(turns, upright @ shape.middle - (upright @ shape.vertices.T).min(axis=1))


@dataclass(slots=True, eq=False)
class Quest:
    """A search that goes on from tick to tick."""

    turn: Vector | None = None
    """(3, 3) how the object was turned when it was last seen."""
    ticks: int = 0
    hopeful: bool = True
    """Whether there was a piece of a picture to try last time."""
    tried: deque[Vector] = field(default_factory=lambda: deque[Vector](maxlen=REMEMBERED))

    @property
    def anyhow(self) -> bool:
        """Whether it is the turn of orientations that are no rests."""
        return self.ticks % ANYHOW_EVERY == ANYHOW_EVERY - 1


@cache
def anyhow() -> Vector:
    """(n, 3, 3) orientations spread over all there are."""
    return Rotation.random(FREE, rng=np.random.default_rng(0)).as_matrix()


def search(
    model: ViewpointModel, rests: Rests, looks: Sequence[Look], masks: Mapping[str, Pixels], time: float,
    table_z: float | None = None, quest: Quest | None = None,
) -> Found | None:  # fmt: skip
    """The best pose for these masks; rests first, and anything if none of them fits.

    One view alone tells the place only of what rests on a table whose height is known. In a `quest`, only the best of
    the few that are tried this time.
    """
    views = [_View.of(look, masks[look.camera.name]) for look in looks if look.camera.name in masks]
    views = [view for view in views if view.area >= 12]
    whole = [view for view in views if not view.cut] or views
    heights = None if len(whole) > 1 or table_z is None else rests.heights + table_z
    if not whole or (len(whole) < 2 and heights is None):
        return None
    if quest is not None:
        turns = anyhow() if quest.anyhow and heights is None else rests.turns
        return _best(model, turns, views, whole, looks, time, heights, quest)
    best = _best(model, rests.turns, views, whole, looks, time, heights)
    if heights is None and (best is None or best.overlap < GOOD):
        other = _best(model, anyhow(), views, whole, looks, time, None)
        if other is not None and (best is None or other.overlap > best.overlap + 0.05):
            best = other
    return best


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    look: Look
    mask: Pixels
    open: Pixels | None
    area: float
    centre: Vector
    """(2,) px."""
    spread: Vector
    """(2, 2) px2."""
    cut: bool
    """The picture ends before the object does."""

    @classmethod
    def of(cls, look: Look, mask: Pixels) -> _View:
        m = cv2.moments(mask.astype(np.uint8), binaryImage=True)
        area = max(m["m00"], 1e-9)
        spread = np.array([[m["mu20"], m["mu11"]], [m["mu11"], m["mu02"]]]) / area
        free = None if look.hidden is None or not look.hidden.any() else ~look.hidden
        return cls(look, mask, free, m["m00"], np.array([m["m10"], m["m01"]]) / area, spread, reaches_rim(mask))


def _best(
    model: ViewpointModel, turns: Vector, views: Sequence[_View], whole: Sequence[_View], looks: Sequence[Look],
    time: float, heights: Vector | None, quest: Quest | None = None,
) -> Found | None:  # fmt: skip
    """The best of these turns; `heights` (n,) of the middle in the base frame, where one view has to do."""
    compared, fitted = (COMPARED, FITTED) if quest is None else (FEW_COMPARED, FEW_FITTED)
    known = deque[Vector](maxlen=FITTED) if quest is None else quest.tried
    found: list[Found] = []
    scored = _scored(model, turns, views, whole, heights, compared, list(known))
    if quest is not None and quest.turn is not None and heights is None:
        scored = sorted(scored + _scored(model, quest.turn[None], views, whole, None, 1, ()), key=lambda each: -each[0])
    for share, place, turn in scored:
        if len(found) == fitted or share < scored[0][0] - WORSE:
            break
        if any(_near(turn, other.fit.guess.turn) for other in found):
            continue
        known.append(turn)
        hold = WEAK if heights is None else LEVEL
        lies = fit(model, looks, Guess(time, place, turn, hold, np.zeros(3), np.zeros(3)))
        if lies is not None:
            guess = lies.guess
            overlapping = _overlap(model, views, guess.place, guess.turn)
            found.append(Found(lies, overlapping, colours_of(model, looks, guess) or 0.0))
    return max(found, key=lambda each: each.score, default=None)


def _scored(
    model: ViewpointModel, turns: Vector, views: Sequence[_View], whole: Sequence[_View], heights: Vector | None,
    most: int, but: Sequence[Vector],
) -> list[tuple[float, Vector, Vector]]:  # fmt: skip
    """Overlap, place and turn of at most so many turns that fit best by moments; none near to those of `but`."""
    middle = _crossing(whole, [view.centre[None] for view in whole], None if heights is None else heights.mean()[None])
    if not np.isfinite(middle).all():
        return []
    costs, offsets = np.zeros(len(turns)), []
    for view in whole:
        cost, offset = _compare(model, turns, view, middle[0])
        costs += cost
        offsets.append(offset)
    for turn in but:
        costs[np.einsum("nij,ij->n", turns, turn) > NEAR_TRACE] = np.inf
    numbers = np.argsort(costs)[:most]
    numbers = numbers[np.isfinite(costs[numbers])]
    if not len(numbers):
        return []
    pixels = [view.centre - offset[numbers] for view, offset in zip(whole, offsets, strict=True)]
    places = _crossing(whole, pixels, None if heights is None else heights[numbers]) - turns[numbers] @ model.middle
    # Pixels far outside of a picture have no ray.
    usable = np.isfinite(places).all(axis=1)
    pairs = zip(places[usable], turns[numbers][usable], strict=True)
    scored = [(_overlap(model, views, place, turn), place, turn) for place, turn in pairs]
    return sorted(scored, key=lambda each: -each[0])


def _near(turn: Vector, other: Vector) -> bool:
    return float(np.trace(turn.T @ other)) > NEAR_TRACE


def _crossing(views: Sequence[_View], pixels: Sequence[Vector], heights: Vector | None) -> Vector:
    """The points (n, 3) nearest to the rays of n pixels in each view, or at these heights on the first; else NaN."""
    normal, right = np.zeros((len(pixels[0]), 3, 3)), np.zeros((len(pixels[0]), 3))
    for view, each in zip(views, pixels, strict=True):
        eye, ways = view.look.eye, view.look.camera.rays(each)[1]
        if heights is not None:
            far = (heights - eye[2]) / ways[:, 2]
            return eye + np.where(far > 0.0, far, np.nan)[:, None] * ways
        across = np.eye(3) - ways[:, :, None] * ways[:, None]
        normal += across
        right += across @ eye
    return np.linalg.solve(normal, right[:, :, None])[:, :, 0].astype(float)


def _compare(model: ViewpointModel, turns: Vector, view: _View, middle: Vector) -> tuple[Vector, Vector]:
    """(n,) how badly each orientation fits a mask, and (n, 2) the mask's centre from the object's middle, px."""
    look = view.look
    local = look.local(middle[None])[0]
    toward = facing(local)
    away = (look.eye - middle) / np.linalg.norm(look.eye - middle)
    nearest = np.argmax((away @ turns) @ model.directions.T, axis=1)
    roll = (toward @ look.turn) @ turns @ model.cameras[nearest].transpose(0, 2, 1)
    flat = flat_slopes(look, local, toward) @ roll[:, :2, :2]
    area, x, y, xx, xy, yy = model.moments[nearest].T
    areas = area * np.abs(np.linalg.det(flat))
    spread = flat @ np.array([[xx, xy], [xy, yy]]).transpose(2, 0, 1) @ flat.transpose(0, 2, 1)
    offset = np.einsum("nij,nj->ni", flat, np.stack([x, y], axis=1))
    size = np.trace(view.spread) + 1.0
    cost = (np.log(areas / view.area) / 0.15) ** 2
    cost += (((spread - view.spread) / size / 0.08) ** 2).sum(axis=(1, 2))
    return cost, offset


def _overlap(model: ViewpointModel, views: Sequence[_View], place: Vector, turn: Vector) -> float:
    """The least overlap of silhouette and mask over the views."""
    shares = []
    for view in views:
        shown = silhouette(model, view.look, place, turn)
        shares.append(0.0 if shown is None else overlap(*shown, view.mask, view.open))
    return min(shares)
