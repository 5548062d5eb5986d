"""Who decides in an attempt: the expert, or a policy in its place."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...controllers.episode import Expert
from ...controllers.machine import TaskName
from ...controllers.safety import Safety
from ...controllers.streaming.process import InferenceProcess
from ...controllers.streaming.remote.client import RemoteInference
from ...controllers.streaming.remote.secret import token_from
from ...controllers.streaming.source import Inference, Request
from ...datasets.things import things_of
from ...rig.clock import SimClock
from ...rig.rig import Rig
from .sight import Seeing

if TYPE_CHECKING:
    from ...training.rollout.profile import PolicyProfile
    from ...training.rollout.rolled import Rolled
    from ...training.rollout.seen import Seen


class Driver(Protocol):
    """Has a say in every attempt."""

    def drive(self, expert: Expert, task: TaskName, names: Mapping[str, str]) -> Expert:
        """What to run, given what the expert would."""
        ...

    def said(self) -> Mapping[str, Any]:
        """Of the last attempt, for the journal."""
        ...

    def close(self) -> None: ...


class ByExpert:
    """Leaves all as it is."""

    def drive(self, expert: Expert, task: TaskName, names: Mapping[str, str]) -> Expert:  # noqa: ARG002
        return expert

    def said(self) -> Mapping[str, Any]:
        return {}

    def close(self) -> None:
        pass


class ByPolicy:
    """A policy's chunks by an executor: in simulated time, or from a process or server where time is real."""

    def __init__(self, rig: Rig, sight: Seeing, rolled: Rolled, seed: int, *, shadow: bool) -> None:
        # Torch is loaded only for those who run a policy.
        from ...training.rollout.rolled import executor_for, seen_by

        self._rig, self._rolled, self._shadow = rig, rolled, shadow
        self._seen = seen_by(rolled.facts, rig.config, lambda: sight.frames)
        self._elsewhere: InferenceProcess | RemoteInference | None = None
        self._executor = executor_for(rolled.facts, rolled.streaming.strategy, self._inference(seed))
        self._profile: PolicyProfile | None = None

    def drive(self, expert: Expert, task: TaskName, names: Mapping[str, str]) -> Expert:
        from ...training.rollout.rolled import profile_for

        self._mend()
        things = things_of(names)
        self._profile = profile_for(
            self._rig, self._rolled.facts, self._executor, self._seen, expert.motion, task, things
        )
        safety = expert.safety
        if self._shadow:
            safety = Safety(self._rig.config.safety, self._rig.arm.model, shadow=True)
        return replace(expert, profile=self._profile, safety=safety)

    def said(self) -> Mapping[str, Any]:
        return {} if self._profile is None else {"executor": asdict(self._profile.course.executed())}

    def close(self) -> None:
        if self._elsewhere is not None:
            self._elsewhere.close()

    def _inference(self, seed: int) -> Inference:
        from ...training.rollout.rolled import simulated
        from ...training.rollout.source import policy_source

        rolled = self._rolled
        clock = self._rig.clock
        if isinstance(clock, SimClock) and not clock.paced:
            return simulated(rolled.source, rolled.streaming, seed)
        if rolled.server is not None:
            self._elsewhere = RemoteInference(rolled.server, token_from(os.environ))
        else:
            self._elsewhere = InferenceProcess(
                partial(policy_source, rolled.checkpoint, rolled.device), self._seen.example()
            )
        self._elsewhere.warm_up(_first(self._seen), self._rig.clock)
        return self._elsewhere

    def _mend(self) -> None:
        """Before the next attempt a process that has died or frozen is replaced; a server is waited for."""
        elsewhere, clock = self._elsewhere, self._rig.clock
        if elsewhere is None or not elsewhere.trouble(clock.now()):
            return
        if isinstance(elsewhere, InferenceProcess):
            elsewhere.restart()
        elsewhere.warm_up(_first(self._seen), clock)


def _first(seen: Seen) -> Request:
    return Request(0, seen.example(), np.zeros(6), 0)


def driver_for(rig: Rig, sight: Seeing, rolled: Rolled | None, seed: int, *, shadow: bool) -> Driver:
    return ByExpert() if rolled is None else ByPolicy(rig, sight, rolled, seed, shadow=shadow)
