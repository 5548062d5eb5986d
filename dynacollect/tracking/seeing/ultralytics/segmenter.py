"""The segmenters whose masks, or boxes, come from a network of the YOLO family."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from ....rig.nouns import Frame, FrameSet, Mask, Masks
from ..areas import Region
from ..segment import AppearanceSegmenter, Candidates, Hidden, Regions
from ..tones import Pixels
from .naming import Called
from .network import Detection, Network
from .sharing import assigned, box_around, disjoint, overlap, region_of

FOUND = 4
"""Of each object in each view, at most."""
SAME = 0.5
"""Overlap of the network's mask with what an object's colours say, above which they mean the same."""
ROOM_PX = 2
"""Around a box, in which pixels may be the object's too."""


class _Seeing(ABC):
    """Runs the network once on the frames of a tick, whatever is asked of them.

    What it is `confident` of may be an object wherever it is; less is enough where one is expected.
    """

    def __init__(self, network: Network, objects: Called, confident: float, by_colour: AppearanceSegmenter) -> None:
        self._network, self._objects, self._confident, self._by_colour = network, objects, confident, by_colour
        self._labels = frozenset[int]().union(*objects.values())
        self._frames: FrameSet | None = None
        self._found: dict[str, tuple[Detection, ...]] = {}

    def find(self, frames: FrameSet, names: Sequence[str], hidden: Hidden) -> Candidates:
        """Likeliest first."""
        return {
            camera: {name: tuple(self._masks(frames, camera, name, hidden)) for name in names}
            for camera in frames.frames
        }

    def learn(self, frames: FrameSet, confirmed: Masks) -> None:
        """The network knows how objects look; their colours are kept up to date beside it."""
        self._by_colour.learn(frames, confirmed)

    @abstractmethod
    def _masks(self, frames: FrameSet, camera: str, name: str, hidden: Hidden) -> list[Mask]:
        """Of what may be an object anywhere in a view, likeliest first."""

    def _in(self, frames: FrameSet) -> Mapping[str, tuple[Detection, ...]]:
        """Camera -> what it shows."""
        if frames is not self._frames:
            found = self._network([frame.image for frame in frames.frames.values()], self._labels)
            self._frames, self._found = frames, dict(zip(frames.frames, found, strict=True))
        return self._found

    def _like(self, frames: FrameSet, camera: str, name: str) -> list[Detection]:
        found, labels = self._in(frames)[camera], self._objects[name]
        return [one for one in found if one.label in labels and one.score >= self._confident][:FOUND]


class MaskSegmenter(_Seeing):
    """Takes the network's masks; where an object is expected says which of several alike ones it is.

    An object that is found anew gets the sharper outline that its colours give, where that is much the same.
    """

    def segment(self, frames: FrameSet, regions: Regions, hidden: Hidden) -> Masks:
        """A mask may go beyond its region: the network saw the whole object."""
        views = {}
        for camera, wanted in regions.items():
            if camera in frames.frames:
                chosen = assigned(self._in(frames)[camera], wanted, self._objects)
                claims = [(name, one.pixels, one.score) for name, one in chosen.items() if one.pixels is not None]
                views[camera] = disjoint(claims, hidden.get(camera))
        return Masks(views, frames.captured_at)

    def _masks(self, frames: FrameSet, camera: str, name: str, hidden: Hidden) -> list[Mask]:
        covered, masks = hidden.get(camera), []
        for one in self._like(frames, camera, name):
            if one.pixels is None:
                continue
            seen = one.pixels if covered is None else one.pixels & ~covered
            if seen.any():
                masks.append(Mask(self._outlined(frames, camera, name, seen, hidden), one.score))
        return masks

    def _outlined(self, frames: FrameSet, camera: str, name: str, seen: Pixels, hidden: Hidden) -> Pixels:
        told = self._by_colour.segment(frames, {camera: {name: region_of(seen)}}, hidden).views[camera]
        return told[name].pixels if name in told and overlap(told[name].pixels, seen) > SAME else seen


class BoxSegmenter(_Seeing):
    """For networks that give boxes only: which pixels inside are the object's, its colours say."""

    def segment(self, frames: FrameSet, regions: Regions, hidden: Hidden) -> Masks:
        """Each object in the box that lies best where it is expected."""
        boxes = {}
        for camera, wanted in regions.items():
            if camera in frames.frames:
                chosen = assigned(self._in(frames)[camera], wanted, self._objects)
                boxes[camera] = {name: _region(one, frames.frames[camera]) for name, one in chosen.items()}
        return self._by_colour.segment(frames, boxes, hidden)

    def _masks(self, frames: FrameSet, camera: str, name: str, hidden: Hidden) -> list[Mask]:
        masks = []
        for one in self._like(frames, camera, name):
            region = {camera: {name: _region(one, frames.frames[camera])}}
            masks += self._by_colour.segment(frames, region, hidden).views[camera].values()
        return masks


def _region(one: Detection, frame: Frame) -> Region:
    return Region(box_around(one, frame.image.shape, ROOM_PX))
