"""Whether a gripper's zero is where it was set: told to open, it must say that it is open."""

from __future__ import annotations

from ..arms.model import GripperModel

NEAR_M = 0.005
SETTLE_S = 0.5


class GripperZero:
    """A zero that is off by less than nothing shows when the fingers stop at their end too early.

    One that is off the other way cannot be seen here: fingers that close on air then seem to hold something.
    """

    def __init__(self, model: GripperModel) -> None:
        self._model = model
        self._asked, self._judge_at = float("nan"), float("inf")
        self.lacking_m = 0.0
        """By how much it reports less than it should; 0 where that is well."""

    def told(self, width: float, now: float) -> None:
        """The fingers shall be this far apart."""
        if width != self._asked:
            self._asked = width
            self._judge_at = now + self._model.closing_time(self._model.max_width) + SETTLE_S

    def saw(self, width: float, now: float) -> None:
        if now >= self._judge_at:
            lacks = self._model.max_width - width if self._asked >= self._model.max_width else 0.0
            self.lacking_m = lacks if lacks > NEAR_M else 0.0
