"""Objects that are nowhere yet: which pieces of the views may be one of them, and where that would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import numpy as np

from .pose.follow import Seen, found_anew
from .pose.looks import Look
from .pose.multiview import Guess
from .pose.search import Quest, Rests
from .pose.viewpoints import ViewpointModel
from .seeing.gates import ray_distance
from .seeing.tones import Pixels, reaches_rim

PAIRS = 2
"""Pairs of masks that one search tries."""
APART, CUT_APART = 0.6, 3.0
"""Rays through an object's middle pass each other by at most this share of its radius; the same where the picture cuts
one of the masks off."""
ALONE = 0.85
"""Share of mask and outline that must be explained where one view alone shows the object."""


def first_found(
    model: ViewpointModel, rests: Rests, looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], time: float,
    least: float, table_z: float | None, even_cut: bool,
) -> tuple[Seen, Mapping[str, Pixels]] | None:  # fmt: skip
    """The object in the best pieces that explains at least so much of them; with those pieces.

    A piece that the picture cuts off must go with a whole one, unless `even_cut`.
    """
    for masks in matched(looks, pieces, model.radius, even_cut)[:PAIRS]:
        seen = found_anew(model, rests, looks, masks, time, least, table_z)
        if seen is not None:
            return seen, masks
    for masks in _single(looks, pieces):
        seen = found_anew(model, rests, looks, masks, time, max(least, ALONE), table_z)
        if seen is not None and not _seen_elsewhere(model, looks, masks, seen.fit.guess):
            return seen, masks
    return None


def found_soon(
    model: ViewpointModel, rests: Rests, looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], time: float,
    least: float, table_z: float | None, even_cut: bool, quest: Quest,
) -> tuple[Seen, Mapping[str, Pixels]] | None:  # fmt: skip
    """As `first_found`, but only as much of it as a tick has time for; another part each time."""
    likely = matched(looks, pieces, model.radius, even_cut)[:PAIRS]
    masks = _chosen([*likely, *_single(looks, pieces)], quest.ticks)
    quest.ticks, quest.hopeful = quest.ticks + 1, masks is not None
    if masks is None:
        return None
    alone = len(masks) == 1
    seen = found_anew(model, rests, looks, masks, time, max(least, ALONE) if alone else least, table_z, quest)
    if seen is None or (alone and _seen_elsewhere(model, looks, masks, seen.fit.guess)):
        return None
    return seen, masks


def _chosen(ways: Sequence[dict[str, Pixels]], tick: int) -> dict[str, Pixels] | None:
    """The likeliest every other time, the others in between."""
    if not ways:
        return None
    return ways[0 if tick % 2 == 0 or len(ways) == 1 else 1 + tick // 2 % (len(ways) - 1)]


def matched(
    looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]], radius: float, even_cut: bool = False
) -> list[dict[str, Pixels]]:
    """One piece of each view such that the rays through their middles meet; likely ones first."""
    seeing = [look for look in looks if pieces.get(look.camera.name)]
    if len(seeing) < 2:
        return []
    cut = {look.camera.name: [reaches_rim(piece) for piece in pieces[look.camera.name]] for look in seeing}
    fitting = []
    for choice in product(*(range(len(cut[look.camera.name])) for look in seeing)):
        numbers = {look.camera.name: number for look, number in zip(seeing, choice, strict=True)}
        cuts = [cut[camera][number] for camera, number in numbers.items()]
        if all(cuts) and not even_cut:
            continue
        masks = {camera: pieces[camera][number] for camera, number in numbers.items()}
        if _gap(seeing, masks) < (CUT_APART if any(cuts) else APART) * radius:
            fitting.append((sum(choice), masks))
    return [masks for _, masks in sorted(fitting, key=lambda each: each[0])]


def free(pieces: Sequence[Pixels], taken: Pixels) -> list[Pixels]:
    """Those that are not mostly what other objects explain."""
    return [piece for piece in pieces if np.count_nonzero(piece & taken) <= 0.5 * np.count_nonzero(piece)]


def _single(looks: Sequence[Look], pieces: Mapping[str, Sequence[Pixels]]) -> Iterator[dict[str, Pixels]]:
    """The best piece of each view, if it is whole."""
    for look in looks:
        own = pieces.get(look.camera.name)
        if own and not reaches_rim(own[0]):
            yield {look.camera.name: own[0]}


def _seen_elsewhere(model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess) -> bool:
    """Whether a view that has no mask of it should have one: its middle is in the picture, and nothing before it."""
    for look in looks:
        if look.camera.name in masks:
            continue
        place, turn = guess.at(look.captured_at)
        local = look.local((place + turn @ model.middle)[None])
        if local[0, 2] < 0.05:
            continue
        x, y = np.floor(look.pixels(local)[0]).astype(int)
        height, width = look.frame.image.shape[:2]
        if 0 <= x < width and 0 <= y < height and not (look.hidden is not None and look.hidden[y, x]):
            return True
    return False


def _gap(looks: Sequence[Look], masks: Mapping[str, Pixels]) -> float:
    """How far the rays through the middles of the first two masks pass each other, m."""
    two = [look.camera for look in looks[:2]]
    return ray_distance(two, [np.argwhere(masks[camera.name])[:, ::-1].mean(axis=0) for camera in two])
