"""One object without a mesh: what was measured of it, what is believed of it, and what others may ask of that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from ...rig.nouns import ObjectState, Vector
from ...rig.objects import ObjectModel
from ..foreseen import Views
from ..health import Health
from ..kalman import ObjectFilter
from ..pose.looks import Look
from .follow import Followed
from .form import Form, model_of
from .learnt import Known
from .measure import Looks

FORGETS = 1.3
"""By how much the variance that good looks left grows with each worse one."""
STEADY = 0.3
"""How quickly the height follows what is seen."""
RIM_PX = 2
"""Nearer to the picture's rim, an outline may be cut off."""


@dataclass(slots=True, eq=False)
class Thing:
    """One object: what was measured of its form, and what is believed of its motion."""

    known: Known
    form: Form | None = None
    looks: Looks = field(default_factory=Looks)
    belief: ObjectFilter | None = None
    health: Health = field(default_factory=Health)
    lasting: Vector = field(default_factory=lambda: np.zeros((6, 6)))
    """Covariance of what no filter takes away."""
    height: float | None = None
    """Of its middle as two views had it last, m."""
    doubts: int = 0

    def lasts(self, covariance: Vector) -> None:
        """Note what a new look leaves; one that tells less than those before takes little of what they told."""
        grown = FORGETS * self.lasting
        self.lasting = grown if 0.0 < np.trace(grown[:3, :3]) < np.trace(covariance[:3, :3]) else covariance

    def rests(self, seen: Followed) -> None:
        """Note how high it is, while that can be seen."""
        if seen.views > 1:
            z = float(seen.posed.place[2])
            self.height = z if self.height is None else self.height + STEADY * (z - self.height)

    def told(self, state: ObjectState) -> ObjectState:
        """A state of the filter as others are to see it."""
        covariance = state.covariance.copy()
        covariance[:6, :6] += self.lasting
        return self.health.put_on(replace(state, covariance=covariance))


class Models(Mapping[str, ObjectModel]):
    """Of every object the form that was measured last; of one that was not found yet, as it was shown."""

    def __init__(self, things: Mapping[str, Thing]) -> None:
        self._things, self._made = things, dict[str, tuple[Form, ObjectModel]]()

    def __getitem__(self, name: str) -> ObjectModel:
        thing = self._things[name]
        form = thing.form or thing.known.forms[0]
        if name not in self._made or self._made[name][0] is not form:
            self._made[name] = (form, model_of(form, name))
        return self._made[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)


def is_whole(look: Look, views: Views, name: str) -> bool:
    """Whether a view shows all of an object."""
    own = views[look.camera.name].get(name)
    if own is None:
        return False
    x0, y0, x1, y1 = own.box
    height, width = look.frame.image.shape[:2]
    x, y, w, h = cv2.boundingRect(own.silhouette.view(np.uint8))
    if x0 + x < RIM_PX or y0 + y < RIM_PX or x0 + x + w > width - RIM_PX or y0 + y + h > height - RIM_PX:
        return False
    return look.hidden is None or not (look.hidden[y0:y1, x0:x1] & own.silhouette).any()
