"""The verdict on an attempt, from two cues that do not know of each other: what the fingers feel, and what is seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...controllers.machine import Phase, TaskName
from ...controllers.runner import Outcome
from ...rig.arms.model import GripperModel
from ...rig.nouns import ArmState, ObjectState, Verdict
from ...rig.objects.model import Zone
from ...tracking.tracked import HEALTHY

PRESSES = 0.5
"""Share of their least force with which fingers press that hold something."""
BETWEEN_M = 0.002
"""Fingers with something between them stay so far apart."""
OPEN_SHARE = 0.5
"""Of their greatest width: fingers further apart have let go."""
LIFTED_M = 0.025
"""Above where it stood."""
NEAR_M = 0.10
"""What is nearer to the tool is with the hand."""
SHOWS_M2, SHOWS_NOT_M2 = 2.0e-4, 0.5e-4
"""An object in the hand shows more than the first; where less than the second shows, it is not there."""
AT_REST = 0.06
"""m/s."""
SURE, LIKELY = 0.99, 0.9


@dataclass(frozen=True, slots=True)
class Cue:
    """One witness; None is that it cannot tell."""

    says: bool | None
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """What is known when the arm has come to rest."""

    arm: ArmState
    objects: Mapping[str, ObjectState]
    """The newest states of all objects, with their health."""
    target: str
    stood: ObjectState | None
    """The target before the launch."""
    container: str | None = None
    zone: Zone | None = None
    held: bool = False
    """Whether the fingers ever pressed on something for long."""
    shown: float | None = None
    """How much of it the pictures show around the tool, m2."""


def holds(arm: ArmState, gripper: GripperModel) -> bool:
    """Whether the fingers press on something between them."""
    return arm.gripper_force >= PRESSES * gripper.min_force and arm.gripper_width > BETWEEN_M


def fingers(task: TaskName, ended: Ended, gripper: GripperModel) -> Cue:
    """What width and force say."""
    width, holding = ended.arm.gripper_width, holds(ended.arm, gripper)
    said = f"{1e3 * width:.0f} mm apart, {ended.arm.gripper_force:.1f} N"
    if task == "pick":
        return Cue(holding, said)
    if not ended.held:
        return Cue(False, f"{said}, never held anything")
    return Cue(not holding and width > OPEN_SHARE * gripper.max_width, f"{said}, held something before")


def eyes(task: TaskName, ended: Ended) -> Cue:
    """What the tracked object says."""
    state = ended.objects.get(ended.target)
    if task == "pick":
        return _in_hand(state, ended)
    return _in_zone(state, ended)


def verdict(outcome: Outcome, felt: Cue, seen: Cue) -> Verdict:
    """Together: success and failure where they agree or one alone is sure; None where they contradict each other."""
    if outcome.phase != Phase.DONE:
        return Verdict(False, SURE, outcome.reason)
    said = f"fingers: {felt.detail}; seen: {seen.detail}"
    if felt.says is None or (seen.says is None and felt.says):
        return Verdict(None, 0.5, f"not sure. {said}")
    if seen.says is None or felt.says == seen.says:
        return Verdict(felt.says, LIKELY if seen.says is None else SURE, said)
    return Verdict(None, 0.5, f"fingers and eyes disagree. {said}")


def _in_hand(state: ObjectState | None, ended: Ended) -> Cue:
    if ended.shown is not None:
        return _by_picture(state, ended, ended.shown)
    if state is None:
        return Cue(None, "not seen")
    gap = float(np.linalg.norm(state.position - ended.arm.T_base_tool.translation))
    height = float(state.position[2] - ended.stood.position[2]) if ended.stood is not None else np.nan
    said = f"{1e3 * gap:.0f} mm from the tool, lifted by {1e3 * height:.0f} mm, health {state.health:.2f}"
    if gap < NEAR_M and not height < LIFTED_M:
        return Cue(True, said)
    return Cue(False if state.health >= HEALTHY else None, said)


def _by_picture(state: ObjectState | None, ended: Ended, shown: float) -> Cue:
    """Its colours around the tool, or itself somewhere else."""
    said = f"{1e4 * shown:.1f} cm2 of it around the tool"
    if state is not None and state.health >= HEALTHY:
        gap = float(np.linalg.norm(state.position - ended.arm.T_base_tool.translation))
        said = f"{said}, {1e3 * gap:.0f} mm from it, health {state.health:.2f}"
        if gap > NEAR_M:
            return Cue(False, said)
    return Cue(True if shown > SHOWS_M2 else False if shown < SHOWS_NOT_M2 else None, said)


def _in_zone(state: ObjectState | None, ended: Ended) -> Cue:
    box = ended.objects.get(ended.container or "")
    if state is None or box is None or ended.zone is None:
        return Cue(None, "object or container not seen")
    inside = bool(ended.zone.contains(box.T_base_object.inv().apply(state.position)))
    slow = float(np.linalg.norm(state.velocity)) < AT_REST
    said = f"{'in' if inside else 'outside'} the container, {'at rest' if slow else 'moving'}, {state.health:.2f}"
    if state.health < HEALTHY:
        return Cue(None, said)
    return Cue(inside and slow, said)
