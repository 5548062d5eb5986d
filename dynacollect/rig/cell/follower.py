"""The set-point follower inside a simulated arm: delayed, and limited in speed and acceleration."""

from __future__ import annotations

from collections import deque

import numpy as np

from ..nouns import SetPoints, Vector


class Follower:
    """Turns timed set-points into the servo's reference, one physics step at a time.

    Set-points inside the limits are followed exactly, `delay` late; others as well as the limits allow. When the
    set-points end, or `halt` is called, the reference comes to rest at the acceleration limit and stays.
    """

    def __init__(self, joints: Vector, max_velocity: Vector, max_acceleration: Vector, delay: float) -> None:
        self.position = joints.copy()
        self.velocity = np.zeros_like(joints)
        self.max_velocity, self.max_acceleration, self.delay = max_velocity, max_acceleration, delay
        self._queue: deque[tuple[float, SetPoints]] = deque()
        self._active: SetPoints | None = None

    def take(self, now: float, setpoints: SetPoints) -> None:
        self._queue.append((now + self.delay, setpoints))

    def halt(self) -> None:
        self._queue.clear()
        self._active = None

    def rest_at(self, joints: Vector) -> None:
        """Start anew from where the joints are, as an arm's controller does when a fault is cleared."""
        self.halt()
        self.position, self.velocity = joints.copy(), np.zeros_like(joints)

    def step(self, now: float, dt: float) -> Vector:
        """The reference for the step that ends `dt` after `now`."""
        while self._queue and self._queue[0][0] <= now:
            self._active = self._queue.popleft()[1]
        if self._active is None:
            wanted = np.zeros_like(self.velocity)
        else:
            wanted = self._wanted(self._active, now - self.delay, dt)
        wanted = np.clip(wanted, -self.max_velocity, self.max_velocity)
        change = np.clip(wanted - self.velocity, -self.max_acceleration * dt, self.max_acceleration * dt)
        self.velocity = self.velocity + change
        self.position = self.position + self.velocity * dt
        return self.position

    def _wanted(self, active: SetPoints, time: float, dt: float) -> Vector:
        """The set-points' own velocity, plus what closes the gap to them and can still brake."""
        here, there = self._sample(active, time), self._sample(active, time + dt)
        gap = here - self.position
        closing = np.minimum(np.abs(gap) / dt, np.sqrt(2.0 * self.max_acceleration * np.abs(gap)))
        return (there - here) / dt + np.sign(gap) * closing

    @staticmethod
    def _sample(setpoints: SetPoints, time: float) -> Vector:
        times = setpoints.times
        if time >= times[-1]:
            return setpoints.joints[-1]
        if time <= times[0]:
            return setpoints.joints[0]
        after = int(np.searchsorted(times, time))
        share = (time - times[after - 1]) / (times[after] - times[after - 1])
        return setpoints.joints[after - 1] * (1 - share) + setpoints.joints[after] * share
