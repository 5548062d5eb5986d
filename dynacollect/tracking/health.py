"""Whether a track is to be believed: confirmed after some good looks, doubted while unseen, given up after too many."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..rig.nouns import ObjectState

CONFIRMED_AFTER = 2
"""Good looks in a row."""
LOST_AFTER, NEW_LOST_AFTER = 40, 2
"""Ticks unseen."""
DOUBTED_AFTER = 5
"""Ticks unseen after which it is looked for elsewhere as well."""
UNSURE_AFTER, LEFT_ALONE = 8, 25
"""Ticks for which it is seen in the open and its place is not sure all the same, after which it is looked for
elsewhere as well; and ticks for which it is left alone if it was there after all."""
SURE_M = 0.008
"""A place must be about this certain (one sigma) to be acted on: one view alone may not tell how far away it is."""
GAIN = 0.4


@dataclass(slots=True)
class Health:
    """Of one object; not followed until it is found."""

    followed: bool = False
    confirmed: bool = False
    level: float = 0.0
    """Smoothed share of what could be seen that was explained."""
    hits: int = 0
    misses: int = 0
    unsure: int = 0
    """Ticks in a row in which more should have been known of it."""
    tries: int = 0
    """Searches since it was lost."""

    @classmethod
    def new(cls) -> Health:
        return cls(followed=True)

    def saw(self, health: float, taken: bool) -> None:
        """A pose was found; `taken` where it fits the motion."""
        if not taken:
            self.missed()
            return
        self.level = health if self.hits == 0 else self.level + GAIN * (health - self.level)
        self.hits, self.misses = self.hits + 1, 0
        self.confirmed |= self.hits >= CONFIRMED_AFTER

    def missed(self) -> None:
        """No pose was found."""
        self.misses += 1
        if not self.confirmed:
            self.hits = 0
        if self.misses > (LOST_AFTER if self.confirmed else NEW_LOST_AFTER):
            self.followed = self.confirmed = False
            self.hits, self.level = 0, 0.0

    @property
    def doubted(self) -> bool:
        """Whether it may well be somewhere else by now."""
        return not self.followed or self.misses > DOUBTED_AFTER or self.unsure > UNSURE_AFTER

    def judged(self, enough: bool) -> None:
        """Whether as much is known of its place as there is to see."""
        self.unsure = min(self.unsure, 0) if enough else self.unsure + 1

    def is_there(self) -> None:
        """It was looked for elsewhere, and found where it was thought to be."""
        self.unsure = -LEFT_ALONE

    def put_on(self, state: ObjectState) -> ObjectState:
        """The state with its health: above 0.5 where it may be acted on."""
        sigma = float(np.sqrt(np.linalg.eigvalsh(state.covariance[:3, :3])[-1]))
        sure = 1.0 / (1.0 + (sigma / SURE_M) ** 4)
        level = self.level * sure
        return replace(state, health=float(level if self.confirmed else min(level, 0.45)))
