"""An arm's controller outside of the cell, which moves the cell's arm."""

from __future__ import annotations

from typing import Protocol

from .arm_device import Feedback


class OutsideArm(Protocol):
    """Has its turn in every one of its periods.

    It leads the cell's arm through `world.follower` and `world.fingers`: by handing them set-points, or by putting its
    own in their place, which are asked for the reference of every step of the physics. What the joints and fingers
    really do it reads from `world.joints()` and `world.gripper()`.
    """

    @property
    def next_sample(self) -> float:
        """When its next turn is due; the cell lets time pass until then."""
        ...

    @property
    def feedback(self) -> Feedback:
        """What it last reported."""
        ...

    def sample(self) -> None:
        """The turn that was due."""
        ...

    def put_right(self) -> None:
        """A person has brought the arm back to where its feedback says that it is."""
        ...
