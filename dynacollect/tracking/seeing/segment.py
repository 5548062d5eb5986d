"""Which pixels show which object: the protocol of all segmenters, and the one that needs no trained network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from ...rig.nouns import Frame, FrameSet, Mask, Masks
from .appearance import Appearance
from .areas import Region, area_of
from .background import Background
from .tones import Pixels, part
from .view import Outlined, Piece, View

__all__ = ["AppearanceSegmenter", "Candidates", "Region", "Segmenter"]

Regions = Mapping[str, Mapping[str, Region]]
"""Camera -> object -> where."""
Hidden = Mapping[str, Pixels]
"""Camera -> pixels that the arm covers: undecided, never in a mask. Cameras may be left out."""
Candidates = Mapping[str, Mapping[str, tuple[Mask, ...]]]
"""Camera -> object -> where it may be, best first; like objects share theirs."""


class Segmenter(Protocol):
    """Masks of all wanted objects in all views, in one call. What is not found is left out."""

    def segment(self, frames: FrameSet, regions: Regions, hidden: Hidden) -> Masks:
        """Each object in its region; a pixel belongs to one object at most."""
        ...

    def find(self, frames: FrameSet, names: Sequence[str], hidden: Hidden) -> Candidates:
        """Each object anywhere in the pictures."""
        ...

    def learn(self, frames: FrameSet, confirmed: Masks) -> None:
        """Take in pixels that are sure to be the objects'; a segmenter may have no use for them."""
        ...


class AppearanceSegmenter:
    """Tells objects by their difference from the empty scene, their colours and where they are expected.

    The backgrounds must have looked at the pictures before.
    """

    def __init__(self, backgrounds: Mapping[str, Background], appearances: Mapping[str, Appearance]) -> None:
        self.backgrounds, self.appearances = backgrounds, appearances

    def segment(self, frames: FrameSet, regions: Regions, hidden: Hidden) -> Masks:
        views: dict[str, dict[str, Mask]] = {}
        for camera, wanted in regions.items():
            frame = frames.frames.get(camera)
            if frame is None:
                continue
            shape = frame.image.shape[:2]
            areas = {name: area for name, region in wanted.items() if (area := area_of(region, shape)) is not None}
            views[camera] = _settled(self._view(frame, hidden).outlines(areas, self.appearances), shape)
        return Masks(views, frames.captured_at)

    def find(self, frames: FrameSet, names: Sequence[str], hidden: Hidden, most: int = 4) -> Candidates:
        """At most so many of each object in each view."""
        found: dict[str, dict[str, tuple[Mask, ...]]] = {}
        for camera, frame in frames.frames.items():
            view = self._view(frame, hidden)
            pieces = view.pieces(names, self.appearances, most)
            found[camera] = {name: tuple(self._refined(view, name, pieces[name])) for name in names}
        return found

    def learn(self, frames: FrameSet, confirmed: Masks, share: float = 0.1) -> None:
        """Follow how objects look: take in the pixels of masks that are sure to be theirs."""
        for camera, masks in confirmed.views.items():
            view = self._view(frames.frames[camera], {})
            for name, mask in masks.items():
                self.appearances[name].update(view.colours(mask.pixels), share)

    def fits(self, frame: Frame, pixels: Pixels) -> dict[str, float]:
        """How well the pixels of a mask fit each object's colours: mean log densities, to be compared."""
        colour = self._view(frame, {}).colours(pixels)
        return {name: look.fit(colour) for name, look in self.appearances.items()}

    def _view(self, frame: Frame, hidden: Hidden) -> View:
        return View(self.backgrounds[frame.camera], frame.image, hidden.get(frame.camera))

    def _refined(self, view: View, name: str, pieces: Sequence[Piece]) -> list[Mask]:
        """Full-size masks of pieces, without those that turn out to be another's."""
        shape = view.image.shape[:2]
        taken = np.zeros(shape, bool)
        masks = []
        for piece in pieces:
            area = area_of(piece.region, shape)
            if area is None:
                continue
            outlined = view.outlines({name: area}, self.appearances)[name]
            own = outlined.mask & ~taken[part(outlined.box)]
            if own.any():
                taken[part(outlined.box)] |= own
                masks.append(_full(outlined, own, shape, piece.score))
        return masks


def _full(outlined: Outlined, own: Pixels, shape: tuple[int, ...], weight: float = 1.0) -> Mask:
    return Mask(outlined.full(shape, own), weight * float(outlined.chance[own].mean()))


def _settled(found: Mapping[str, Outlined], shape: tuple[int, ...]) -> dict[str, Mask]:
    """Full-size masks; a pixel that two objects claim goes to the likelier."""
    if len(found) == 1:
        return {name: _full(each, each.mask, shape) for name, each in found.items() if each.mask.any()}
    best = np.zeros(shape, np.float32)
    if found:
        for each in found.values():
            window = best[part(each.box)]
            np.maximum(window, np.where(each.mask, each.chance, 0), out=window)
    masks = {}
    for name, each in found.items():
        own = each.mask & (each.chance >= best[part(each.box)])
        if own.any():
            masks[name] = _full(each, own, shape)
    return masks
