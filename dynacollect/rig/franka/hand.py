"""A Franka hand: its commands take a second and block, so they have a thread of their own."""

from __future__ import annotations

from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any

from ..arms.model import GripperModel
from ..clock import HostClock
from ..errors import DynacollectError
from ..nouns import Fault, Grip
from .vendor import in_one_sentence

LOOK_S = 0.005
"""Between two looks at the hand and at the orders."""
SAME_M = 0.001
"""An order that differs by less is no new one."""
HELD_M = 0.002
"""Fingers that were stopped farther than this from where they were sent hold something."""
ANY_M = 0.1
"""More than the fingers can be apart."""
PAUSE_S = 0.2
"""After a failing, before the hand is asked again."""
PATIENCE_S = 1.0
"""For a command to end after it was told to."""


class Hand:
    """Takes the newest order; looks at the fingers all the time."""

    def __init__(self, gripper: Any, model: GripperModel, host: str) -> None:
        self._gripper, self._model, self._host = gripper, model, host
        self._lock, self._over = Lock(), Event()
        self._clock = HostClock()
        self._order: Grip | None = None
        self._done: Grip | None = None
        """The order that the hand was given last."""
        self._under_way: Any = None
        self.fault: Fault | None = None
        """Why the hand has not done what it was told last."""
        self.width, self.grasped = self._look()
        self._thread = Thread(target=self._run, name="franka-hand", daemon=True)
        self._thread.start()

    @property
    def force(self) -> float:
        """What the fingers were told to press with, where they press on something; the hand has no sensor for it."""
        done = self._done
        held = done is not None and self.grasped and self.width > done.width + HELD_M
        return self.told_force if held else 0.0

    @property
    def told_force(self) -> float:
        """What the fingers were last told to press with, within what they can."""
        least, most = self._model.min_force, self._model.max_force
        return least if self._done is None else min(max(self._done.force, least), most)

    def order(self, grip: Grip) -> None:
        """Returns at once; one like the last is none."""
        with self._lock:
            last = self._order
            if last is None or abs(last.width - grip.width) > SAME_M or last.force != grip.force:
                self._order = grip

    def close(self) -> None:
        """The fingers stay as they are."""
        self._over.set()
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with in_one_sentence(self._host):
                    self._turn()
            except DynacollectError as error:
                refused = type(error.__cause__).__name__ == "CommandException"
                self.fault = Fault("gripper_jammed" if refused else "communication", str(error))
                self._over.wait(PAUSE_S)

    def _turn(self) -> None:
        self.width, self.grasped = self._look()
        with self._lock:
            order = self._order
        if self._under_way is not None and self._under_way.wait(0.0):
            ended, self._under_way = self._under_way, None
            ended.get()
        if order is not None and order is not self._done:
            self._give(order)
        self._clock.wait_until(self._clock.now() + LOOK_S)

    def _give(self, order: Grip) -> None:
        if self._under_way is not None:
            self._cut_short()
        self._done, self.fault = order, None
        width = min(max(order.width, 0.0), self._model.max_width)
        speed = self._model.speed
        if width < self.width - SAME_M:
            # Any width counts as grasped: a hand that misses the one it was told to grasp opens again.
            self._under_way = self._gripper.grasp_async(width, speed, self.told_force, ANY_M, ANY_M)
        elif width > self.width + SAME_M:
            self._under_way = self._gripper.move_async(width, speed)

    def _cut_short(self) -> None:
        """A command that is under way ends as not done; the hand takes no other before."""
        self._gripper.stop()
        if not self._under_way.wait(PATIENCE_S):
            raise DynacollectError(f"the hand at {self._host} does not end its last command; power it anew")
        cut, self._under_way = self._under_way, None
        with suppress(Exception):  # because the command was told to fail
            cut.get()

    def _look(self) -> tuple[float, bool]:
        with in_one_sentence(self._host):
            state = self._gripper.state
            return float(state.width), bool(state.is_grasped)
