"""Where all objects are foreseen in all views, so that each is looked for there and none is mistaken for another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from ..rig.nouns import ObjectState
from .pose.follow import guess_from
from .pose.looks import Look
from .pose.silhouettes import silhouette
from .pose.viewpoints import ViewpointModel
from .seeing.areas import Region, meet
from .seeing.tones import Box, Pixels

ROOM_PX = 10
"""Around a silhouette, where its object is looked for."""
COVERED = 0.4
"""Share of a silhouette that is hidden where a view does not show its object well."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One object in one view: its silhouette in a box with room around it, and how far away it is, m."""

    box: Box
    silhouette: Pixels
    depth: float

    def onto(self, pixels: Pixels) -> None:
        """Add the silhouette, and a pixel around it, to those of the whole picture."""
        x0, y0, x1, y1 = self.box
        pixels[y0:y1, x0:x1] |= cv2.dilate(self.silhouette.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)

    def core(self, shape: tuple[int, ...]) -> Pixels:
        """Of the whole picture, the pixels that show nothing but the object."""
        x0, y0, x1, y1 = self.box
        pixels = np.zeros(shape[:2], bool)
        pixels[y0:y1, x0:x1] = cv2.erode(self.silhouette.view(np.uint8), np.ones((3, 3), np.uint8)).view(bool)
        return pixels


Views = Mapping[str, Mapping[str, Shown]]
"""Camera -> object -> where it is foreseen; views that it is not in are left out."""


def foresee(models: Mapping[str, ViewpointModel], states: Mapping[str, ObjectState], looks: Sequence[Look]) -> Views:
    """The silhouettes of states in looks, each at the time of its look."""
    views: dict[str, dict[str, Shown]] = {look.camera.name: {} for look in looks}
    for name, state in states.items():
        guess = guess_from(state)
        for look in looks:
            place, turn = guess.at(look.captured_at)
            found = silhouette(models[name], look, place, turn, ROOM_PX)
            if found is not None:
                views[look.camera.name][name] = Shown(*found, float(look.local(place[None])[0, 2]))
    return views


def regions(views: Views) -> dict[str, dict[str, Region]]:
    """Where a segmenter shall look."""
    return {
        camera: {name: Region(shown.box, shown.silhouette) for name, shown in found.items()}
        for camera, found in views.items()
    }


def unobstructed(looks: Sequence[Look], views: Views, name: str) -> list[Look]:
    """The looks with what nearer objects cover added to what the arm hides."""
    return [_behind(look, views[look.camera.name], name) for look in looks]


def open_views(looks: Sequence[Look], views: Views, name: str) -> int:
    """How many views should show most of an object."""
    count = 0
    for look in unobstructed(looks, views, name):
        shown = views[look.camera.name].get(name)
        if shown is None:
            continue
        x0, y0, x1, y1 = shown.box
        hidden = 0 if look.hidden is None else np.count_nonzero(shown.silhouette & look.hidden[y0:y1, x0:x1])
        count += hidden < COVERED * np.count_nonzero(shown.silhouette)
    return count


def taken(looks: Sequence[Look], views: Views) -> dict[str, Pixels]:
    """Camera -> pixels that objects explain."""
    pixels = {look.camera.name: np.zeros(look.frame.image.shape[:2], bool) for look in looks}
    for camera, found in views.items():
        for shown in found.values():
            shown.onto(pixels[camera])
    return pixels


def _behind(look: Look, found: Mapping[str, Shown], name: str) -> Look:
    own = found.get(name)
    nearer = [
        shown for other, shown in found.items()
        if own is not None and other != name and shown.depth < own.depth and meet(shown.box, own.box)
    ]  # fmt: skip
    if not nearer:
        return look
    hidden = np.zeros(look.frame.image.shape[:2], bool) if look.hidden is None else look.hidden.copy()
    for shown in nearer:
        shown.onto(hidden)
    return look.behind(hidden)
