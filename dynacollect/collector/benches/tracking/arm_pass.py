"""The arm passes between an object and a camera."""

from __future__ import annotations

import numpy as np

from ....controllers.closing import down
from ....controllers.ik import InverseKinematics
from ....rig.arms.model import ArmModel
from ....rig.camera_model import CameraModel
from ....rig.nouns import SetPoints, Vector

HEIGHT_M = 0.17
"""Of the line of sight where the hand crosses it; the finger tips hang a little lower."""
TIPS_BELOW_M = 0.05
SIDEWAYS_M = (-0.25, -0.12, 0.0, 0.12, 0.25, 0.12, 0.0, -0.12)
FIRST_S, STEP_S = 0.7, 0.2


def arm_pass(arm: ArmModel, joints: Vector, place: Vector, camera: CameraModel, now: float) -> SetPoints:
    """From where the arm is, across the line of sight and back, hand down."""
    lens = np.asarray(camera.T_base_camera().translation)
    share = HEIGHT_M / lens[2]
    crossing = place + share * (lens - place)
    across = np.cross(lens - place, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    solver, seed, found = InverseKinematics(arm), joints, [joints]
    for offset in SIDEWAYS_M:
        tool = crossing + offset * across - [0.0, 0.0, TIPS_BELOW_M]
        seed = solver.solve(seed, down(tool, 0.0).as_matrix()).joints
        found.append(seed)
    times = now + np.concatenate([[0.0], FIRST_S + STEP_S * np.arange(len(SIDEWAYS_M))])
    return SetPoints(times, np.array(found))
