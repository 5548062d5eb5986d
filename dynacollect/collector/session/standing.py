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
    found = on_arm(rig)
    for name, camera in rig.cameras.items():
        faults = camera.health().faults
        found += [Standing(rule_of("camera", one.name), name, one.detail, one.needs_person) for one in faults]
    return found


def on_arm(rig: Rig) -> list[Standing]:
    return [_of_arm(fault) for fault in rig.arm.health().faults]


def arm_barred(rig: Rig) -> str:
    """Why the arm must not be commanded now; empty where it may. A hand that does not work bars nothing."""
    barring = (one for one in on_arm(rig) if one.device == "arm" and (one.rule.ends or one.needs_person))
    return next((f"{one.rule.meaning} ({one.detail})" for one in barring), "")


def _of_arm(fault: Fault) -> Standing:
    device = "gripper" if fault.name.startswith("gripper") else "arm"
    return Standing(rule_of(device, fault.name), device, fault.detail, fault.needs_person)
