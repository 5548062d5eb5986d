"""Whether a gripper does what it was told. That it closed on nothing is a verdict, not a fault."""

from __future__ import annotations

from .alarm import Sustained
from .arms.model import GripperModel
from .nouns import ArmState, Grip

_ORDER = 0.001
_FAR = 0.010
_STUCK_SHARE = 0.25
_OPENED = 0.005
_GRACE = 0.5
_BEYOND = 0.005


class GripperMonitor:
    """Judges each order once its closing time and half a second are over.

    "gripper_jammed": told to move by more than 10 mm, the width has changed by less than a quarter of that, and when
    closing no force says that something is held. "gripper_opened_itself": the width grew by more than 5 mm with no
    order to. "gripper_range": the width is 5 mm above the largest or below zero, whatever the order.
    """

    def __init__(self, model: GripperModel) -> None:
        self._model = model
        self._order: Grip | None = None
        self._start = float("nan")
        self._travelled = 0.0
        self._judge_at = float("-inf")
        self._narrowest = float("inf")
        self._opened = Sustained(0.1)
        self.jammed = False
        self.opened_itself = False
        self._beyond = Sustained(0.1)
        self.out_of_range = False

    def commanded(self, grip: Grip | None, time: float, width: float) -> None:
        """An order takes effect at `time`, with the fingers `width` apart; the same order again is no new one."""
        if grip is None or (self._order is not None and abs(grip.width - self._order.width) < _ORDER):
            return
        self._order, self._start, self._travelled = grip, width, 0.0
        wide, narrow = max(width, grip.width), min(width, grip.width)
        self._judge_at = time + self._model.closing_time(wide, narrow) + _GRACE
        self._narrowest = float("inf")
        self.jammed = self.opened_itself = False

    def saw(self, state: ArmState) -> None:
        width = state.gripper_width
        beyond = not -_BEYOND <= width <= self._model.max_width + _BEYOND
        self.out_of_range = self._beyond.update(beyond, state.measured_at)
        self._travelled = max(self._travelled, abs(width - self._start))
        if state.measured_at < self._judge_at:
            return
        self.jammed = self._is_jammed(state)
        self._narrowest = min(self._narrowest, width)
        grown = width - self._narrowest > _OPENED
        self.opened_itself = self.opened_itself or self._opened.update(grown, state.measured_at)

    def _is_jammed(self, state: ArmState) -> bool:
        order = self._order
        if (
            order is None
            or abs(order.width - self._start) <= _FAR
            or self._travelled >= _STUCK_SHARE * abs(order.width - self._start)
        ):
            return False
        closing = order.width < self._start
        holding = 0.5 * min(max(order.force, self._model.min_force), self._model.max_force)
        return not (closing and abs(state.gripper_force) >= holding)
