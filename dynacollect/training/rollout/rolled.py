"""A policy with its executor, made for a rig and an episode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...controllers.episode import lag_of
from ...controllers.machine import TaskName
from ...controllers.motion import Motion
from ...controllers.streaming.coverage import StartPoses
from ...controllers.streaming.executor import Executor
from ...controllers.streaming.simulated import Simulated
from ...controllers.streaming.source import Inference, refuse_unsupported
from ...controllers.streaming.stream import Strategy
from ...controllers.tasks import TASKS
from ...datasets.raw import Thing
from ...datasets.things import said
from ...rig.config import RigConfig
from ...rig.rig import Rig
from ..chunked import Streaming
from .facts import Facts, device_of, facts_of
from .profile import PolicyProfile
from .seen import Look, Seen, refuse_other_cameras
from .source import PolicySource, policy_source


@dataclass(frozen=True, slots=True)
class Rolled:
    """Which policy is run, and how."""

    checkpoint: str
    """Folder or Hub id."""
    streaming: Streaming
    device: str = "auto"
    server: str | None = None
    """HOST:PORT of `policy serve` that runs it, in place of this machine."""

    @property
    def facts(self) -> Facts:
        return facts_of(self.checkpoint)

    @property
    def source(self) -> PolicySource:
        return policy_source(self.checkpoint, self.device)

    def rig(self, config: RigConfig) -> RigConfig:
        """The rig with the cameras that the policy looks through; what does not fit is refused."""
        device_of(self.device)
        refuse_unsupported(self.streaming.strategy, self.facts)
        cameras = self.facts.cameras
        refuse_other_cameras(cameras, tuple(config.cameras), config.name)
        return config.model_copy(update={"cameras": {name: config.cameras[name] for name in cameras}})


def seen_by(facts: Facts, config: RigConfig, look: Look) -> Seen:
    """Pictures in the size that the policy learnt from, where it is known."""
    refuse_other_cameras(facts.cameras, tuple(config.cameras), config.name)
    cameras = {name: config.cameras[name] for name in facts.cameras}
    sizes = {name: facts.trained_on.size or (camera.width, camera.height) for name, camera in cameras.items()}
    return Seen(look, sizes, facts.moments)


def profile_for(
    rig: Rig, facts: Facts, executor: Executor, seen: Seen, motion: Motion, task: TaskName, things: Sequence[Thing],
    instruction: str | None = None,
) -> PolicyProfile:  # fmt: skip
    """Of one episode, with these things on the table; it is told in the plainest words unless in others."""
    targets = sum(thing.role == "target" for thing in things)
    lag = lag_of(rig.config, motion.arm.command_delay)
    words = instruction or said(things)
    return PolicyProfile(executor, motion, lag, facts.trained_on.ahead, seen, TASKS[task], words, targets)


def executor_for(facts: Facts, strategy: Strategy, inference: Inference) -> Executor:
    known = facts.trained_on
    starts = StartPoses(np.array(known.starts)) if known.starts else None
    return Executor(strategy, inference, ahead=known.ahead, starts=starts)


def simulated(source: PolicySource, streaming: Streaming, seed: int) -> Simulated:
    """Inference in simulated time: as late as was stated, or as it was measured."""
    return Simulated(source, streaming.latency.draws(seed) if streaming.latency else None)
