"""What a short clip teaches of an object without a mesh: how it looks, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Frame, Image
from ..pose.looks import Floats, Look
from ..seeing.appearance import Appearance
from ..seeing.registration import learn
from ..seeing.tones import Box, Pixels
from .form import Form
from .measure import chosen, measure

MEASURED = 5
"""Moments of a clip in which a form is measured."""
GOOD = 0.6
"""Least share of a form and its masks that must be common."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """An object by its looks."""

    appearance: Appearance
    forms: tuple[Form, ...]
    """As it was shown, perhaps on several sides."""

    @property
    def size(self) -> float:
        """Mean half length, m: about the same on whichever side it lies."""
        return float(np.median([form.size for form in self.forms]))


def known_from(
    plates: Mapping[str, Image], clip: Sequence[Mapping[str, Image]], cameras: Mapping[str, CameraModel],
    name: str = "the object", hidden: Mapping[str, Pixels] | None = None,
) -> Known:  # fmt: skip
    """From pictures of it alone on the table whose plates these are; `hidden` are the arm's pixels."""
    learnt = learn(plates, clip, hidden, name=name)
    seen = [masks for masks in learnt.masks if len(masks) >= 2]
    some = seen[:: max(1, len(seen) // MEASURED)][:MEASURED]
    forms = tuple(form for masks in some if (form := _form(masks, cameras)) is not None)
    if not forms:
        raise DynacollectError(
            f"{name} was not seen whole by two cameras at once in its clip, which an object without a mesh needs; show "
            "it anew where both see it"
        )
    return Known(learnt.appearance, forms)


def _form(masks: Mapping[str, Pixels], cameras: Mapping[str, CameraModel]) -> Form | None:
    looks = [_look(cameras[name], mask) for name, mask in masks.items() if name in cameras]
    found = measure(looks, masks, 0.0)
    best = chosen({kind: one.score for kind, one in found.items()})
    return found[best].posed.form if best is not None and found[best].covered > GOOD else None


class _Dark:
    """A scene of which only masks are known."""

    def within(self, box: Box) -> tuple[Floats, Floats]:
        size = (box[3] - box[1], box[2] - box[0], 3)
        return np.zeros(size, np.float32), np.ones(size, np.float32)


def _look(camera: CameraModel, mask: Pixels) -> Look:
    T = camera.T_parent_camera.as_matrix()
    blank = np.broadcast_to(np.uint8(0), (*mask.shape, 3))
    return Look(Frame(blank, camera.name, 0, 0.0, 0.0, 0.0), camera, T[:3, :3].T, T[:3, 3], _Dark())
