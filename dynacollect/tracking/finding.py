"""Objects that are nowhere yet: which pieces of the views may be one of them, and where that would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from ..rig.nouns import Vector
from .pose.follow import Seen, found_anew
from .pose.looks import Look
from .pose.viewpoints import ViewpointModel
from .seeing.gates import ray_distance
from .seeing.tones import Pixels

PAIRS = 2
"""Pairs of masks that one search tries."""
APART = 0.6
"""Rays through an object's middle pass each other by at most this share of its radius."""


def first_found(
    model: ViewpointModel, rests: Vector, looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], time: float,
    least: float,
) -> tuple[Seen, Mapping[str, Pixels]] | None:  # fmt: skip
    """The object in the best pieces of all views that explains at least so much of them; with those pieces."""
    for masks in matched(looks, pieces, APART * model.radius)[:PAIRS]:
        seen = found_anew(model, rests, looks, masks, time, least)
        if seen is not None:
            return seen, masks
    return None


def matched(looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], apart: float) -> list[dict[str, Pixels]]:
    """One piece of each view such that the rays through their middles meet within `apart` m; likely ones first."""
    seeing = [look for look in looks if pieces.get(look.camera.name)]
    if len(seeing) < 2:
        return []
    fitting = [(sum(choice), masks) for choice, masks in _choices(seeing, pieces) if _gap(seeing, masks) < apart]
    return [masks for _, masks in sorted(fitting, key=lambda each: each[0])]


def free(pieces: Sequence[Pixels], taken: Pixels, whole: bool) -> list[Pixels]:
    """Those that are not mostly what other objects explain; if `whole`, without those that the picture cuts off."""
    return [
        piece
        for piece in pieces
        if np.count_nonzero(piece & taken) <= 0.5 * np.count_nonzero(piece) and not (whole and _is_cut(piece))
    ]


def _is_cut(piece: Pixels) -> bool:
    return bool(piece[0].any() or piece[-1].any() or piece[:, 0].any() or piece[:, -1].any())


def _choices(
    looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]]
) -> Iterator[tuple[tuple[int, ...], dict[str, Pixels]]]:
    names = [look.camera.name for look in looks]
    for choice in product(*(range(len(pieces[name])) for name in names)):
        yield choice, {name: pieces[name][number] for name, number in zip(names, choice, strict=True)}


def _gap(looks: Sequence[Look], masks: Mapping[str, Pixels]) -> float:
    """How far the rays through the middles of the first two masks pass each other, m."""
    two = [look.camera for look in looks[:2]]
    return ray_distance(two, [np.argwhere(masks[camera.name])[:, ::-1].mean(axis=0) for camera in two])
