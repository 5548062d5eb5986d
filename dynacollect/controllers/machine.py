"""The state machine's structure: phases, what a tick is decided from, and what a decision holds.

A profile is a pure function of (state, observation): it reads no clock, keeps nothing, and gives the same step for the
same inputs, so that a log replays to the last bit. Times are host-clock seconds, poses T_base_tool and T_base_object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Protocol

from ..rig.arms.model import ArmModel
from ..rig.nouns import ArmState, Command, ObjectState
from ..rig.objects.model import ObjectModel, Zone

TICK_S = 0.04
"""One step of the machine: 25 Hz."""

TaskName = Literal["pick", "place", "long-horizon"]


class Phase(StrEnum):
    """Where an attempt stands; both profiles name their phases from here."""

    INIT = "init"
    RESET = "reset"
    APPROACH_ABOVE = "approach-above"
    APPROACH = "approach"
    HOVER = "hover"
    """Waits over the table for a moment worth meeting the object at."""
    AHEAD = "ahead"
    """Low on the object's way, before it."""
    MEET = "meet"
    """On the way to the place and time where the object will be."""
    CLOSE = "close"
    """The fingers close while the tool moves with the object."""
    GRASP = "grasp"
    LIFT = "lift"
    APPROACH_ABOVE_TARGET = "approach-above-target"
    APPROACH_TARGET = "approach-target"
    PLACE = "place"
    TO_GOAL = "to-goal"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (Phase.DONE, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, with the released waits and time limit."""

    name: TaskName
    time_limit: float
    """Seconds from the start until the attempt counts as failed."""
    waits: Mapping[Phase, float]
    """Least seconds in a phase before its work counts as done."""

    @property
    def places(self) -> bool:
        """Whether objects go into a container."""
        return self.name != "pick"

    @property
    def gathers(self) -> bool:
        """Whether there are several objects to bring, one after the other."""
        return self.name == "long-horizon"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What does not change during an attempt, and a person would know of it."""

    arm: ArmModel
    task: Task
    models: Mapping[str, ObjectModel | None]
    """By the observation's object keys; `None` where no mesh is known."""
    targets: tuple[str, ...] = ()
    """The objects to bring, in order, for long-horizon tasks; empty for the one that the observation names."""

    def model(self, key: str) -> ObjectModel | None:
        return self.models.get(key)

    def zone(self, container: str) -> Zone | None:
        """What counts as in the container, in its object frame; `None` where it is not known."""
        model = self.model(container)
        return model.zone if model else None


@dataclass(frozen=True, slots=True)
class Observation:
    """What a tick is decided from."""

    time: float
    arm: ArmState
    objects: Mapping[str, ObjectState]
    """By key; an object that is lost is left out."""
    target: str
    container: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of phase and why it came."""

    time: float
    before: Phase
    after: Phase
    reason: str


class MachineState(Protocol):
    """What a profile remembers: a frozen dataclass of plain values, tuples, arrays, poses and such dataclasses."""

    @property
    def phase(self) -> Phase: ...


@dataclass(frozen=True, slots=True)
class Step[S: MachineState]:
    """A decision: what to remember, what to do, and the phases passed."""

    state: S
    command: Command
    transitions: tuple[Transition, ...] = ()


class Profile[S: MachineState](Protocol):
    """A way to do a task; made with a `Scene`."""

    @property
    def name(self) -> str: ...

    @property
    def state_type(self) -> type[S]:
        """The class of its states, to read them back from a log."""
        ...

    def start(self, observation: Observation) -> S:
        """The state before the first step; the same observation is stepped next."""
        ...

    def step(self, state: S, observation: Observation) -> Step[S]: ...


def ticks(seconds: float) -> int:
    """A duration in whole ticks, to the nearest: waits count ticks, so that jitter of a clock does not add one."""
    return round(seconds / TICK_S)
