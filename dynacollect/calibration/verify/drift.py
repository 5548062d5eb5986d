"""Between episodes: whether a fixed camera still sees what it saw, with the arm parked in the same place.

The drivers compare every picture with a coarse shift (`rig.background_shift`); this takes a few milliseconds more, sees
a tenth of a pixel under another light, and a turn about the line of sight or a step along it as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform
from scipy.stats import chi2

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Image, Vector
from .landmarks import landmarks
from .motions import POSE, Motions, expected
from .patches import Shifts, contrast, measure
from .reference import ALIKE
from .start import LEVEL as COARSE
from .start import picture_shift, turn_seen
from .surfaces import TABLE, Bench

LEVEL = 1
STEPS = 3
PRIOR = np.array([0.1] * 3 + [0.05] * 3)
"""One sigma of a motion before anything is seen [rad, m]."""
FLOOR = np.array([np.deg2rad(0.02)] * 3 + [2e-4] * 3)
"""What another light and other objects do to what is found [rad, m], one sigma."""
FALSE_ALARMS = 1e-4
"""Of one look: there is one for every episode."""
LEAST_ALIKE = 0.35
"""Share of the textured patches that must show the same."""
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a camera's picture is from its reference."""

    moved: bool | None
    """None: cannot tell."""
    shift_px: float
    """Of what it sees of the table, root mean square; NaN where that cannot be told."""
    shift_mm: float
    """The same on the table, across the line of sight."""
    sentence: str


class DriftWatch:
    """Holds the reference picture of one fixed camera, taken with the arm parked at `joints`."""

    def __init__(self, bench: Bench, camera: CameraModel, joints: Vector, picture: Image) -> None:
        if camera.on_wrist:
            raise DynacollectError(f"{camera.name} is on the wrist; watch the fixed cameras, and verify it.")
        marks = landmarks(bench, joints, camera, camera.T_parent_camera, picture, 0, LEVEL)
        still = Motions({camera.name: camera.T_parent_camera}, RigidTransform.identity())
        self._slope = expected(marks, still, bench.arm, joints, joints).by_camera
        table = marks.surfaces.part == TABLE
        self._counted = table if table.any() else np.ones(len(table), bool)
        self._mm_per_px = 1e3 / (marks.surfaces.nearness[self._counted] * float(camera.K[0, 0]))
        self._camera, self._size, self._patches = camera, picture.shape, marks.patches
        self._coarse = contrast(picture, COARSE)

    def check(self, picture: Image) -> Drift:
        """Compare a picture, taken with the arm parked in the same place."""
        if picture.shape != self._size:
            raise DynacollectError(
                f"{self._camera.name}'s picture has another size than its reference; set it as it was."
            )
        step, square, now = self._start(picture), np.diag(PRIOR**-2), contrast(picture, LEVEL)
        slope = self._slope / 2**LEVEL
        for _ in range(STEPS):
            shifts = self._see(now, step)
            square, push = shifts.equations(slope, shifts.weights(np.ones(len(slope), bool)))
            square = np.diag(PRIOR**-2) + square
            step = step + np.linalg.solve(square, push - step / PRIOR**2)
        return self._judge(now, step, np.asarray(np.linalg.inv(square), np.float64))

    def _start(self, picture: Image) -> Vector:
        """A turn, where the whole picture has shifted far."""
        turn = turn_seen(self._camera, picture_shift(self._coarse, contrast(picture, COARSE)))
        return np.concatenate([turn.as_rotvec(), np.zeros(POSE - 3)])

    def _see(self, now: np.ndarray, step: Vector) -> Shifts:
        return measure(self._patches, now, self._patches.corners() + (self._slope @ step)[:, None])

    def _judge(self, now: np.ndarray, step: Vector, covariance: Vector) -> Drift:
        name, counts = self._camera.name, self._patches.textured
        alike = int((counts & (self._see(now, step).likeness > ALIKE)).sum())
        if alike < max(FEWEST, LEAST_ALIKE * int(counts.sum())):
            why = f"{name}: cannot tell whether it moved, for it does not show what it showed; look at it."
            return Drift(None, float("nan"), float("nan"), why)
        wide = covariance + np.diag(FLOOR**2)
        moved = bool(step @ np.linalg.solve(wide, step) > chi2.ppf(1 - FALSE_ALARMS, POSE))
        flow = np.linalg.norm(self._slope[self._counted] @ step, axis=1)
        pixels, millimetres = (float(np.sqrt((part**2).mean())) for part in (flow, flow * self._mm_per_px))
        sentence = f"{name} has not moved."
        if moved:
            sentence = f"{name}'s view of the table shifted by {millimetres:.1f} mm ({pixels:.1f} px); verify it."
        return Drift(moved, pixels, millimetres, sentence)
