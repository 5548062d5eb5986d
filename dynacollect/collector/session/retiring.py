"""After an attempt: lay down what the hand holds, open it, and go home."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...controllers.visiting import Visitor
from ...rig.nouns import Grip
from ...rig.rig import Rig
from .cues import holds
from .standing import arm_barred

ABOVE_M = 0.012
"""Over the height at which the fingers took it."""
HOME_RAD = 0.05
"""By which every joint may be off."""
OPENS_S = 0.3
"""Beside what the fingers take for their way."""


class Retiring:
    """For one rig, again and again."""

    def __init__(self, rig: Rig) -> None:
        gripper = rig.arm.model.gripper
        self._rig = rig
        self._carrying = self._visitor(None)
        self._opening = self._visitor(gripper.max_width)
        self._opens_s = gripper.delay + gripper.closing_time(gripper.max_width, 0.0) + OPENS_S
        self.took_at: float | None = None
        """Height of the tool when the hand took something, m."""

    def home(self) -> str:
        """Why the arm is not at home, with an open hand; empty where it is."""
        took_at, self.took_at = self.took_at, None
        # What was dropped, or left where it was to go, is not in the hand any more.
        if took_at is not None and holds(self._rig.feel(), self._rig.arm.model.gripper):
            self._lay_down(took_at)
        return self._opening.return_to(self._rig.arm.model.home)

    def is_home(self) -> bool:
        """Whether the arm stands there, whoever brought it."""
        return float(np.abs(self._rig.feel().joints - self._rig.arm.model.home).max()) < HOME_RAD

    def exercise(self) -> None:
        """Open and close the hand where the arm stands."""
        gripper = self._rig.arm.model.gripper
        closing = self._visitor(0.2 * gripper.max_width)
        for visitor in (self._opening, closing, self._opening):
            visitor.return_to(self._rig.feel().joints)
            self._wait()

    def _visitor(self, width: float | None) -> Visitor:
        grip = None if width is None else Grip(width, self._rig.arm.model.gripper.min_force)
        return Visitor(self._rig, grip=grip, halt=lambda: arm_barred(self._rig))

    def _lay_down(self, height: float) -> None:
        here = self._rig.feel().T_base_tool
        low = RigidTransform.from_components([*here.translation[:2], height + ABOVE_M], here.rotation)
        flange = low * self._rig.arm.model.T_flange_tool.inv()
        # Where that place cannot be reached, the hand opens where it is.
        self._carrying.visit(flange)
        self._opening.return_to(self._rig.feel().joints)
        self._wait()

    def _wait(self) -> None:
        clock = self._rig.clock
        clock.wait_until(clock.now() + self._opens_s)
