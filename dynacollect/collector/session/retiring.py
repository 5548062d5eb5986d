"""After an attempt: lay down what the hand holds, open it, and go home."""

from __future__ import annotations

from scipy.spatial.transform import RigidTransform

from ...controllers.visiting import Visitor
from ...rig.nouns import Grip
from ...rig.rig import Rig

ABOVE_M = 0.012
"""Over the height at which the fingers took it."""
OPENS_S = 0.3
"""Beside what the fingers take for their way."""


class Retiring:
    """For one rig, again and again."""

    def __init__(self, rig: Rig) -> None:
        gripper = rig.arm.model.gripper
        self._rig = rig
        self._carrying = Visitor(rig)
        self._opening = Visitor(rig, grip=Grip(gripper.max_width, gripper.min_force))
        self._opens_s = gripper.delay + gripper.closing_time(gripper.max_width, 0.0) + OPENS_S

    def home(self, took_at: float | None) -> str:
        """Why the arm is not at home, with an open hand; empty where it is. `took_at`: height of the tool, m."""
        if took_at is not None:
            self._lay_down(took_at)
        return self._opening.return_to(self._rig.arm.model.home)

    def exercise(self) -> None:
        """Open and close the hand where the arm stands."""
        gripper = self._rig.arm.model.gripper
        closing = Visitor(self._rig, grip=Grip(0.2 * gripper.max_width, gripper.min_force))
        for visitor in (self._opening, closing, self._opening):
            visitor.return_to(self._rig.feel().joints)
            self._wait()

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
