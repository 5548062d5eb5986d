"""One picture of one camera, asked where objects are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ...rig.nouns import Image
from .appearance import Appearance, anything, index_of
from .areas import STRAY, Area, Region, meet
from .background import Background
from .evidence import Difference, colours, difference, of_scene
from .outlining import SURE, odds, sharpened, smooth, whole
from .tones import Box, Pixels, Values, part

_FOREIGN, _FOREIGN_TO_UNKNOWN = 0.03, 0.004
"""Of what is not the object: how much is something else than the empty scene; where the object's looks are not known
yet, something else is the object."""
_MOST = 160
"""Pixels to the side of the largest box that is looked at in full."""
_ANYWHERE, _UNKNOWN_ANYWHERE = 0.08, 0.5
"""How likely a pixel shows an object that is searched for in the whole picture; and one that is not known yet, and of
which nothing but what no shadow explains can be found."""
_CLEARLY_EMPTY = 2000.0
"""Density of the empty scene beyond which no object's colours matter."""
_SEARCHED = 45_000
"""Pixels looked at in a search, at most."""
_LEAST = 3
"""Looked-at pixels of the smallest piece."""


@dataclass(frozen=True, slots=True, eq=False)
class Outlined:
    """What was found of one object in its box."""

    box: Box
    mask: Pixels
    chance: Values
    """How likely each pixel shows the object."""

    def full(self, shape: tuple[int, ...], own: Pixels | None = None) -> Pixels:
        """The mask, or a part of it, in a picture of this shape."""
        pixels = np.zeros(shape[:2], bool)
        pixels[part(self.box)] = self.mask if own is None else own
        return pixels


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Connected pixels that may be an object."""

    box: Box
    pixels: Pixels
    """Of the box, roughly."""
    score: float
    """How much better than anything else the object explains them, 0 to 1."""

    @property
    def region(self) -> Region:
        """The piece as an expectation, with a third of its size around it."""
        x0, y0, x1, y1 = self.box
        room = 4 + max(x1 - x0, y1 - y0) // 3
        return Region((x0 - room, y0 - room, x1 + room, y1 + room), np.pad(self.pixels, room))


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """`scene` has looked at the picture; `hidden` are pixels that the arm covers."""

    scene: Background
    image: Image
    hidden: Pixels | None = None
    closely: bool = True
    """Look anew at light and shadows around each object, rather than take those of the scene."""

    def outlines(self, areas: Mapping[str, Area], looks: Mapping[str, Appearance]) -> dict[str, Outlined]:
        """Of each object in its area; several may claim a pixel."""
        found = {}
        for name, area in areas.items():
            rivals = {other: there for other, there in areas.items() if other != name and meet(area.box, there.box)}
            found[name] = self._outline(name, area, rivals, looks)
        return found

    def pieces(self, names: Sequence[str], looks: Mapping[str, Appearance], most: int) -> dict[str, list[Piece]]:
        """Where in the picture each object may be, best first."""
        height, width = self.image.shape[:2]
        step = max(1, int(np.ceil((height * width / _SEARCHED) ** 0.5)))
        seen = difference(self.scene, self.image, (0, 0, width, height), step=step)
        empty = of_scene(self.scene, seen)
        doubtful = empty < _CLEARLY_EMPTY
        if self.hidden is not None:
            doubtful &= ~self.hidden[::step, ::step]
        index = index_of(colours(self.scene, seen)[doubtful])
        densities = {name: look.density(index) for name, look in looks.items()}
        total = sum(densities.values()) + anything()[index]
        found = {}
        for name in names:
            own, known = densities[name], looks[name].known
            foreign, often = (_FOREIGN, _ANYWHERE) if known else (_FOREIGN_TO_UNKNOWN, _UNKNOWN_ANYWHERE)
            pixel_odds, fits = np.full(empty.shape, -SURE, np.float32), np.zeros(empty.shape, np.float32)
            rest = (1 - foreign) * empty[doubtful] + foreign * (total - own)
            pixel_odds[doubtful] = odds(often * own, rest)
            fits[doubtful] = own / total
            found[name] = _pieces(smooth(pixel_odds), fits, step, most)
        return found

    def colours(self, mask: Pixels) -> Values:
        """(n, 3) opponent tones, in the light of the plate, of the pixels of a mask that show nothing else as well."""
        box = _around(mask)
        rows, columns = part(box)
        inner = mask[rows, columns].astype(np.uint8)
        core = cv2.erode(inner, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
        # Of thin parts nothing would be left.
        thin = (inner > 0) & (cv2.dilate(core, np.ones((5, 5), np.uint8)) == 0)
        return colours(self.scene, difference(self.scene, self.image, box))[(core > 0) | thin]

    def _outline(self, name: str, area: Area, rivals: Mapping[str, Area], looks: Mapping[str, Appearance]) -> Outlined:
        box = area.box
        blind = None if self.hidden is None else self.hidden[part(box)]
        if blind is not None and not blind.any():
            blind = None
        step = max(1, -(-max(area.prior.shape) // _MOST))
        seen = difference(self.scene, self.image, box, step=step)
        chance, pixel_odds = self._beliefs(seen, name, area, rivals, looks, blind, np.s_[::step, ::step])
        if step > 1:
            chance, pixel_odds = (_spread(values, step, area.prior.shape) for values in (chance, pixel_odds))
            seen = difference(self.scene, self.image, box)
        mask = whole(sharpened(chance, seen, blind), chance, pixel_odds, blind)
        return Outlined(box, mask if blind is None else mask & ~blind, chance)

    def _beliefs(
        self, seen: Difference, name: str, area: Area, rivals: Mapping[str, Area], looks: Mapping[str, Appearance],
        blind: Pixels | None, every: tuple[slice, slice],
    ) -> tuple[Values, Values]:  # fmt: skip
        """How likely each looked-at pixel shows the object, and the log odds that it alone speaks for."""
        prior, blind = area.prior[every], None if blind is None else blind[every]
        free = None
        if area.expects and self.closely:
            free = prior < 2 * STRAY if blind is None else (prior < 2 * STRAY) & ~blind
        index = index_of(colours(self.scene, seen))
        foreign = _FOREIGN if looks[name].known else _FOREIGN_TO_UNKNOWN
        # Something else may well stand where the object is expected.
        rest = (1 - prior) * (1 - foreign) * of_scene(self.scene, seen, free)
        rest += foreign * anything()[index].reshape(prior.shape)
        for other, there in rivals.items():
            rest += there.prior_in(area.box)[every] * looks[other].density(index).reshape(prior.shape)
        pixel_odds = odds(prior * looks[name].density(index).reshape(prior.shape), rest)
        if blind is not None:
            pixel_odds[blind] = 0
        return smooth(pixel_odds), pixel_odds


def _pieces(chance: Values, fits: Values, step: int, most: int) -> list[Piece]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats((chance > 0.5).astype(np.uint8), connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA]
    score = np.bincount(labels.ravel(), (chance * fits).ravel(), count) / area
    worth = score * area / (area + 4 * _LEAST)
    worth[0] = -1
    found = []
    for label in np.argsort(-worth)[:most]:
        if label == 0 or area[label] < _LEAST:
            continue
        x, y, w, h = (int(value) for value in stats[label, :4])
        there = (labels[y : y + h, x : x + w] == label).astype(np.uint8)
        pixels = np.kron(there, np.ones((step, step), np.uint8)).astype(bool)
        found.append(Piece((x * step, y * step, (x + w) * step, (y + h) * step), pixels, float(worth[label])))
    return found


def _around(mask: Pixels) -> Box:
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    return x, y, x + w, y + h


def _spread(values: Values, step: int, shape: tuple[int, ...]) -> Values:
    """From looked-at pixels to all."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    where = np.diag([1 / step, 1 / step, 1.0])[:2]
    spread = cv2.warpAffine(values, where, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(spread, np.float32)
