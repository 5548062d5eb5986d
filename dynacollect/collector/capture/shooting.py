"""Pictures of a rig that stands: the newest of each camera, with the one before it and where the robot was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scipy.spatial.transform import RigidTransform

from ...rig.nouns import ArmState, Frame
from ...rig.rig import Rig

STEP_S, LONGEST_S = 0.01, 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Stand:
    """What was seen from one pose of the arm."""

    pictures: Mapping[str, tuple[Frame, Frame]]
    """By camera: two frames in a row, both exposed after the arm stood."""
    arm: ArmState
    T_base_flange: RigidTransform


def seen_standing(rig: Rig, cameras: Sequence[str]) -> Stand:
    """Wait for two new frames of each camera; one that sends none is left out."""
    begin = rig.clock.now()
    frames: dict[str, list[Frame]] = {name: [] for name in cameras}
    while rig.clock.now() < begin + LONGEST_S and any(len(taken) < 2 for taken in frames.values()):
        for name, taken in frames.items():
            frame = rig.cameras[name].latest() if len(taken) < 2 else None
            if frame is not None and frame.captured_at > begin and (not taken or frame.sequence > taken[-1].sequence):
                taken.append(frame)
        rig.clock.wait_until(rig.clock.now() + STEP_S)
    state = rig.feel()
    pictures = {name: (taken[-2], taken[-1]) for name, taken in frames.items() if len(taken) >= 2}
    return Stand(pictures, state, state.T_base_tool * rig.arm.model.T_flange_tool.inv())


def put_away(rig: Rig) -> None:
    """Take all boards away; every camera is read before, so that none still waits to hand out what it saw of them."""
    rig.see()
    rig.stage.present()
