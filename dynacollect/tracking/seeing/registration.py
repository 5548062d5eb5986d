"""Learning how objects look from a short clip, in which one at a time is on the clear table; nobody clicks anything.

What differs from the plate and is no shadow is the object. The first guess finds the parts that no shadow can explain;
the colours learnt from those find the rest. Things that reach in over the picture's border are hands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from .appearance import Appearance
from .areas import area_of
from .background import Background
from .shade import ANYTHING, UNSEEN
from .tones import Pixels, Values
from .view import Piece, View

Views = Mapping[str, Image]
"""Camera -> picture, of one moment."""

_TURNS = 4
"""Rounds of finding and learning."""
_PIECES = 4
"""Pieces of a picture that are compared."""
_LEAST_FOUND = 0.3
"""Share of the pictures in which the object must have been found."""
_NO_SHADE = 1e-4
"""How often shade is expected, for want of any other explanation of an object."""
_SAMPLED = 400
"""Pixels taken from one picture, at most, so that near views do not outvote far ones."""


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """What a clip taught of one object."""

    appearance: Appearance
    masks: tuple[Mapping[str, Pixels], ...]
    """Of each moment, camera -> its pixels; views in which it was not found are left out."""
    with_shadow: bool
    """It looks like the table in shade, as white on white: its shadow was learnt with it, for want of better."""


def register(
    plates: Mapping[str, Image], clips: Mapping[str, Sequence[Views]], hidden: Mapping[str, Pixels] | None = None
) -> dict[str, Appearance]:
    """Appearances by the names of `clips`, each the pictures of one object; `hidden` are the arm's pixels."""
    return {name: learn(plates, clip, hidden, name=name).appearance for name, clip in clips.items()}


def learn(
    plates: Mapping[str, Image],
    clip: Sequence[Views],
    hidden: Mapping[str, Pixels] | None = None,
    *,
    start: Appearance | None = None,
    name: str = "the object",
) -> Learnt:
    """The appearance of the one object that the clip shows, and where it was.

    `start` is what is known of it before, as from its mesh.
    """
    shots = [
        _shot(camera, moment, image, plates[camera], (hidden or {}).get(camera))
        for moment, views in enumerate(clip)
        for camera, image in views.items()
    ]
    found, appearance = _rounds(shots, start or Appearance())
    with_shadow = _count(found) < _LEAST_FOUND * len(shots)
    if with_shadow:
        shots = [replace(shot, view=_shadeless(shot.view)) for shot in shots]
        found, appearance = _rounds(shots, Appearance(), 1)
    if _count(found) < max(1, _LEAST_FOUND * len(shots)):
        raise DynacollectError(
            f"{name} was found in only {_count(found)} of the {len(shots)} pictures of its clip; put it alone on the "
            "clear table, well lit and apart from the arm, and take plate and clip anew"
        )
    masks: list[dict[str, Pixels]] = [{} for _ in clip]
    for shot, mask in zip(shots, found, strict=True):
        if mask is not None:
            masks[shot.moment][shot.camera] = mask
    return Learnt(appearance, tuple(masks), with_shadow)


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """One picture of the clip."""

    camera: str
    moment: int
    view: View


def _shot(camera: str, moment: int, image: Image, plate: Image, hidden: Pixels | None) -> _Shot:
    scene = Background(plate)
    scene.look(image, hidden)
    return _Shot(camera, moment, View(scene, image, hidden))


def _rounds(
    shots: Sequence[_Shot], appearance: Appearance, turns: int = _TURNS
) -> tuple[list[Pixels | None], Appearance]:
    """Find, learn, find better."""
    found: list[Pixels | None] = []
    for _ in range(turns):
        found = [_object_in(shot.view, appearance) for shot in shots]
        colours = [
            _sample(shot.view.colours(mask)) for shot, mask in zip(shots, found, strict=True) if mask is not None
        ]
        if not colours:
            break
        appearance = Appearance(np.concatenate(colours))
    return found, appearance


def _shadeless(view: View) -> View:
    """In which whatever is not lit is an object."""
    scene = view.scene
    scene.light = replace(scene.light, shades=replace(UNSEEN, density=_NO_SHADE * ANYTHING))
    return replace(view, closely=False)


def _count(found: Sequence[Pixels | None]) -> int:
    return sum(mask is not None for mask in found)


def _object_in(view: View, appearance: Appearance) -> Pixels | None:
    """The pixels of the piece that is most likely the object."""
    height, width = view.image.shape[:2]
    pieces = view.pieces(["it"], {"it": appearance}, _PIECES)["it"]
    inside = [piece for piece in pieces if not _reaches_out(piece, width, height)]
    area = area_of(inside[0].region, (height, width)) if inside else None
    if area is None:
        return None
    pixels = view.outlines({"it": area}, {"it": appearance})["it"].full((height, width))
    return pixels if pixels.any() else None


def _reaches_out(piece: Piece, width: int, height: int) -> bool:
    x0, y0, x1, y1 = piece.box
    return x0 <= 1 or y0 <= 1 or x1 >= width - 1 or y1 >= height - 1


def _sample(colours: Values) -> Values:
    return colours[:: max(1, len(colours) // _SAMPLED)]
