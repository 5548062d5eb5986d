"""What every arm driver offers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .arms.model import ArmModel
from .nouns import ArmState, Fault, SetPoints


@dataclass(frozen=True, slots=True)
class ArmInfo:
    """What an arm says of itself on connecting."""

    driver: str
    serial: str
    firmware: str
    rate_hz: float


@dataclass(frozen=True, slots=True)
class ArmHealth:
    """A driver's own account of its arm since it was connected."""

    age_s: float = float("inf")
    """Since the newest feedback was measured."""
    rate_hz: float = float("nan")
    tracking_error: float = float("nan")
    """Largest joint distance between set-point and feedback, delay taken out, radians."""
    external_torque: float = float("nan")
    """Largest share of a joint's rated torque that its motion does not explain."""
    temperature_c: float = float("nan")
    recoveries: int = 0
    faults: tuple[Fault, ...] = field(default=())
    """What is wrong right now, worst first."""


@runtime_checkable
class Arm(Protocol):
    """An arm with a gripper. It follows set-points and always ends in a hold, never in a fall."""

    @property
    def model(self) -> ArmModel: ...

    def connect(self) -> ArmInfo: ...

    def read(self) -> ArmState:
        """The newest feedback."""
        ...

    def command(self, setpoints: SetPoints) -> None:
        """Follow these from now on, in place of what was left of the last ones; refused while a fault stands."""
        ...

    def stop(self) -> None:
        """Come to rest within the limits and hold, fingers as they are."""
        ...

    def recover(self) -> bool:
        """Clear a fault that software may clear; False if a person is needed."""
        ...

    def verified(self) -> None:
        """The arm was seen from outside to be where its feedback says."""
        ...

    def health(self) -> ArmHealth: ...

    def close(self) -> None: ...
