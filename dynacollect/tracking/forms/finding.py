"""Objects without a mesh that are nowhere yet: which pieces of the views may be one of them, and which form it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import cv2
import numpy as np

from ...rig.nouns import Mask, Vector
from ..centroid import meet, sight_of
from ..pose.looks import Look
from ..seeing.tones import Pixels
from .follow import Followed, settle
from .form import Kind
from .learnt import Known
from .measure import Measured, chosen, measure
from .outlines import Posed

PAIRS = 3
"""Pairs of masks that one search tries."""
MEETS = 0.05
"""Least health of two views whose rays meet."""
START = 0.7
"""Share of form and masks that must be common."""
CUT_OFF_AFTER = 2
"""Searches after which an object of which a part is hidden is looked for by the forms that it was shown in."""
SIZES = 0.45
"""How far the logarithm of a size may be off the one that was measured before."""
HEIGHTS_M = (-0.02, 0.35)
"""Between which the middle of an object on the table may be, from the base."""
FOUND = np.diag([0.004**2] * 3 + [0.2**2])
"""Variance of a place and yaw that only masks have told."""
ANYWHERE = np.array([0.04, 0.04, 0.04, 0.5])
"""How far an object of which a part is hidden may be off the middle of what is seen, m, and turned, rad; one sigma."""
YAWS = np.pi * np.arange(4) / 4
NEAR_PX = 3
_STILL = np.zeros(3)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """An object that was nowhere, and the masks that it was found in."""

    seen: Followed
    masks: Mapping[str, Pixels]
    kinds: Mapping[Kind, Measured]
    """Every form that it may have; none where a part is hidden."""


@dataclass(frozen=True, slots=True, eq=False)
class _Pair:
    """Pieces of two views whose rays meet."""

    masks: Mapping[str, Pixels]
    place: Vector
    worth: float
    whole: bool


def find(
    name: str, known: Known, looks: Sequence[Look], pieces: Mapping[str, Sequence[Mask]], others: Mapping[str, Pixels],
    time: float, tries: int,
) -> Found | None:  # fmt: skip
    """The object in the pieces of the views that are most likely it; `others` are the pixels of other objects."""
    free = {
        camera: [mask for mask in pieces.get(camera, ()) if _is_free(mask.pixels, taken)]
        for camera, taken in others.items()
    }
    pairs = sorted(_pairs(name, looks, free, time), key=lambda pair: -pair.worth)
    for pair in [pair for pair in pairs if pair.whole][:PAIRS]:
        found = _measured(known, looks, pair, time)
        if found is not None:
            return found
    if tries < CUT_OFF_AFTER:
        return None
    for pair in [pair for pair in pairs if not pair.whole][:1]:
        found = _completed(known, looks, pair, time)
        if found is not None:
            return found
    return None


def _measured(known: Known, looks: Sequence[Look], pair: _Pair, time: float) -> Found | None:
    """As a form of its own."""
    kinds = measure(looks, pair.masks, time, size=known.size)
    best = chosen({kind: one.score for kind, one in kinds.items()})
    if best is None:
        return None
    one = kinds[best]
    if one.covered < START or abs(np.log(one.posed.form.size / known.size)) > SIZES:
        return None
    return Found(Followed(one.posed, FOUND, one.covered, time), pair.masks, kinds)


def _completed(known: Known, looks: Sequence[Look], pair: _Pair, time: float) -> Found | None:
    """As one of the forms that it was shown in, of which a part cannot be seen."""
    best: Followed | None = None
    for form, yaw in product(known.forms, YAWS):
        seen = settle(Posed(form, pair.place, float(yaw)), ANYWHERE, looks, pair.masks, time, _STILL)
        # What is visible changes with the place.
        seen = seen and settle(seen.posed, ANYWHERE, looks, pair.masks, time, _STILL)
        if seen is not None and seen.views > 1 and (best is None or seen.covered > best.covered):
            best = seen
    return None if best is None or best.covered < START else Found(best, pair.masks, {})


def _pairs(name: str, looks: Sequence[Look], pieces: Mapping[str, Sequence[Mask]], time: float) -> list[_Pair]:
    """Pieces of two views whose rays meet over the table."""
    found = []
    for first, second in combinations(looks, 2):
        sights = [
            [
                (mask, sight_of(mask, look.camera), _is_whole(mask.pixels, look.hidden))
                for mask in pieces[look.camera.name]
            ]
            for look in (first, second)
        ]
        for (one, one_sight, one_whole), (other, other_sight, other_whole) in product(*sights):
            blob = meet(name, (one_sight, other_sight), time)
            if blob is None or blob.pose.health < MEETS:
                continue
            place = np.asarray(blob.pose.T_base_object.translation)
            if HEIGHTS_M[0] < place[2] < HEIGHTS_M[1]:
                masks = {first.camera.name: one.pixels, second.camera.name: other.pixels}
                found.append(_Pair(masks, place, blob.pose.health, one_whole and other_whole))
    return found


def _is_free(piece: Pixels, others: Pixels) -> bool:
    """Whether it is not mostly what other objects explain."""
    return np.count_nonzero(piece & others) <= 0.5 * np.count_nonzero(piece)


def _is_whole(piece: Pixels, hidden: Pixels | None) -> bool:
    """Whether the object ends where the piece does, not the picture or what hides it."""
    if piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any():
        return False
    if hidden is None:
        return True
    x, y, w, h = cv2.boundingRect(piece.view(np.uint8))
    rows, columns = slice(max(y - NEAR_PX, 0), y + h + NEAR_PX), slice(max(x - NEAR_PX, 0), x + w + NEAR_PX)
    near = cv2.dilate(np.ascontiguousarray(piece[rows, columns]).view(np.uint8), np.ones((3, 3), np.uint8))
    return not (near.view(bool) & hidden[rows, columns]).any()
