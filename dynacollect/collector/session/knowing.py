"""For benches: the objects' states from the cell itself. Nothing else of the session may know the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...rig.arms.kinematics import forward
from ...rig.camera_model import CameraModel
from ...rig.cell.truth import Truth
from ...rig.nouns import FrameSet, ObjectState
from ...rig.rig import Rig
from ...rig.stage import Request, Staged
from .sight import SEEN_S

GONE_M = -1.0
"""What is further behind the robot is not on the table."""


def camera_models(rig: Rig) -> Mapping[str, CameraModel]:
    """As the cell has put them, where nobody has calibrated."""
    return Truth(rig).camera_models


class Knowing:
    """Follows the `Sight` protocol."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._truth = rig, Truth(rig)
        self.frames, self.work_s = FrameSet({}), 0.0

    def prepare(self, seed: int, request: Request) -> Staged:
        return self._rig.stage.prepare(seed, request)

    def found(self) -> frozenset[str]:
        clock = self._rig.clock
        clock.wait_until(clock.now() + SEEN_S)
        return frozenset(key for key, state in self._truth.objects().items() if state.position[0] < GONE_M)

    def __call__(self, now: float) -> Mapping[str, ObjectState]:  # noqa: ARG002
        self.frames = self._rig.see()
        return self.raw()

    def raw(self) -> Mapping[str, ObjectState]:
        return self._truth.objects()

    def in_hand(self, key: str) -> float | None:  # noqa: ARG002
        return None

    def know_arm(self) -> None:
        pass

    def arm_off(self) -> float | None:
        """Of the tool."""
        said = forward(self._rig.arm.model, self._rig.feel().joints)
        return float(np.linalg.norm(self._truth.tool_pose().translation - said.translation))

    def look_anew(self) -> None:
        for camera in self._rig.cameras.values():
            camera.rebase()
