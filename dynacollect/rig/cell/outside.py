"""An arm's controller outside of the cell, which moves the cell's arm."""

from __future__ import annotations

from typing import Protocol

from .arm_device import Feedback
from .world import World


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


class StandingIn:
    """What all stand-ins share: turns at the arm's rate, and feedback that is what the cell's arm does."""

    def __init__(self, world: World) -> None:
        self._world, self._period, self._count = world, 1.0 / world.arm.rate_hz, 0

    @property
    def next_sample(self) -> float:
        return self._count * self._period

    @property
    def feedback(self) -> Feedback:
        position, velocity, torque = self._world.joints()
        width, force = self._world.gripper()
        return Feedback(position, velocity, torque, width, force, self._world.time, None)

    def turn(self) -> float:
        """The time of the turn that is due, after which the next one is."""
        self._count += 1
        return (self._count - 1) * self._period
