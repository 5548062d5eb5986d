"""Bringing a held object into the container: what is said of one that gets lost on the way down."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.controllers.intercept import Intercept
from dynacollect.controllers.intercept_state import InterceptState
from dynacollect.controllers.machine import Observation, Phase, Scene
from dynacollect.controllers.surroundings import Workspace
from dynacollect.controllers.tasks import TASKS
from dynacollect.rig.arms import ARMS, kinematics
from dynacollect.rig.nouns import ArmState, ObjectState
from dynacollect.rig.objects import catalogue

ARM = ARMS["franka-panda"]
NAMES = {"target": "tennis_ball", "bowl": "bowl"}
MODELS = {key: catalogue.load(name) for key, name in NAMES.items()}
SCENE = Scene(ARM, TASKS["place"], MODELS, ("target",))
PROFILE = Intercept(SCENE, 0.05, Workspace(ARM, (0.2, -0.6, 0.0), (0.8, 0.6, 0.6)))
EXPECTED = 0.065


def lying(key: str, place: np.ndarray) -> ObjectState:
    pose = RigidTransform.from_translation(place)
    return ObjectState(NAMES[key], pose, np.zeros(3), np.zeros(3), np.zeros((12, 12)), 1.0)


@pytest.mark.parametrize(
    ("away", "width", "reason"),
    [
        (0.0, EXPECTED, None),
        (0.0, 0.0, "on the way down: slipped out of the fingers"),
        (0.3, EXPECTED, "on the way down: dropped, 30 cm away"),
    ],
    ids=["held", "slipped", "dropped beside"],
)
def test_what_is_lost_on_the_way_down_is_not_said_to_be_in_the_container(
    away: float, width: float, reason: str | None
) -> None:
    still, tool = np.zeros(ARM.joints), kinematics.forward(ARM, ARM.home)
    place = np.asarray(tool.translation)
    arm = ArmState(ARM.home, still, still, tool, width, 0.0, 1.0, 1.0)
    bowl = lying("bowl", np.array([place[0], place[1], MODELS["bowl"].rest_height]))
    objects = {"target": lying("target", place + np.array([0.0, away, 0.0])), "bowl": bowl}
    state = InterceptState(Phase.APPROACH_TARGET, 1.0, "target", yaw=0.0, expected=EXPECTED)
    step = PROFILE.step(state, Observation(1.0, arm, objects, "target", "bowl"))
    said = [(one.after, one.reason) for one in step.transitions]
    assert said == ([] if reason is None else [(Phase.PLACE, reason)])
