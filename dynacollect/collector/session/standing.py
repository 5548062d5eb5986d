"""Which faults stand on a rig now."""

from __future__ import annotations

from dataclasses import dataclass

from ...rig.nouns import Fault
from ...rig.rig import Rig
from .fault_table import Rule, rule_of


@dataclass(frozen=True, slots=True)
class Standing:
    """A fault with what is to be done against it."""

    rule: Rule
    device: str
    """The camera's name, arm, gripper, an object's name, session."""
    detail: str
    needs_person: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.device, self.rule.name


def standing_on(rig: Rig) -> list[Standing]:
    """Faults of all devices, the arm's first."""
    found = [_of_arm(fault) for fault in rig.arm.health().faults]
    for name, camera in rig.cameras.items():
        faults = camera.health().faults
        found += [Standing(rule_of("camera", one.name), name, one.detail, one.needs_person) for one in faults]
    return found


def _of_arm(fault: Fault) -> Standing:
    device = "gripper" if fault.name.startswith("gripper") else "arm"
    return Standing(rule_of(device, fault.name), device, fault.detail, fault.needs_person)
