"""Verdicts: two cues that agree are sure, two that contradict each other are doubt, and nothing is passed over."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.collector.session.cues import Cue, Ended, eyes, fingers, verdict
from dynacollect.controllers.machine import Phase
from dynacollect.controllers.runner import Outcome
from dynacollect.rig.arms import arm
from dynacollect.rig.nouns import ArmState, ObjectState
from dynacollect.rig.objects import load

PANDA = arm("franka-panda")
TOOL = RigidTransform.from_translation([0.4, 0.0, 0.3])


def feeling(width: float, force: float) -> ArmState:
    zeros = np.zeros(7)
    return ArmState(zeros, zeros, zeros, TOOL, width, force, 0.0, 0.0)


def thing(x: float, y: float, z: float, health: float = 1.0, speed: float = 0.0) -> ObjectState:
    pose = RigidTransform.from_translation([x, y, z])
    return ObjectState("target0", pose, np.array([speed, 0, 0]), np.zeros(3), np.eye(12), 0.0, health)


def ended(state: ObjectState | None, width: float = 0.04, force: float = 30.0, *, shown: float | None = None) -> Ended:
    objects = {} if state is None else {"target0": state}
    return Ended(feeling(width, force), objects, "target0", thing(0.4, 0.0, 0.03), shown=shown)


def done(phase: Phase = Phase.DONE) -> Outcome:
    return Outcome(phase, "because", 1.0, 1.0, (), (), 0)


@pytest.mark.parametrize(("felt", "seen"), list(product((True, False, None), repeat=2)))
def test_together(felt: bool | None, seen: bool | None) -> None:
    found = verdict(done(), Cue(felt, "felt"), Cue(seen, "seen"))
    if felt is not None and felt == seen:
        assert found.success is felt
        assert found.confidence > 0.95
    if felt is not None and seen is not None and felt != seen:
        assert found.success is None
    if seen is None and felt:
        assert found.success is None
    assert "felt" in found.reason
    assert "seen" in found.reason


@pytest.mark.parametrize("phase", [Phase.FAILED, Phase.LIFT, Phase.HOVER])
def test_what_did_not_come_to_its_end_failed(phase: Phase) -> None:
    found = verdict(done(phase), Cue(True, ""), Cue(True, ""))
    assert found.success is False
    assert found.reason == "because"


@pytest.mark.parametrize(
    ("width", "force", "says"), [(0.04, 30.0, True), (0.0005, 30.0, False), (0.04, 0.0, False), (0.08, 0.0, False)]
)
def test_fingers_hold_what_they_press_on(width: float, force: float, says: bool) -> None:
    assert fingers("pick", ended(None, width, force), PANDA.gripper).says is says


def test_fingers_that_never_held_placed_nothing() -> None:
    open_hand = ended(None, 0.07, 0.0)
    assert fingers("place", open_hand, PANDA.gripper).says is False
    assert fingers("place", replace(open_hand, held=True), PANDA.gripper).says is True
    assert fingers("place", replace(ended(None), held=True), PANDA.gripper).says is False


def test_eyes_on_a_pick() -> None:
    assert eyes("pick", ended(thing(0.4, 0.02, 0.29))).says is True
    assert eyes("pick", ended(thing(0.4, 0.0, 0.03))).says is False
    assert eyes("pick", ended(thing(0.6, 0.2, 0.03))).says is False
    assert eyes("pick", ended(thing(0.6, 0.2, 0.03, health=0.1))).says is None
    assert eyes("pick", ended(None)).says is None


def test_what_shows_around_the_tool_counts_unless_it_is_seen_elsewhere() -> None:
    assert eyes("pick", ended(None, shown=1e-3)).says is True
    assert eyes("pick", ended(None, shown=0.0)).says is False
    assert eyes("pick", ended(thing(0.6, 0.2, 0.03), shown=1e-3)).says is False


def test_eyes_on_a_place() -> None:
    zone = load("bowl").zone
    box = thing(0.5, 0.1, 0.0)
    inside = thing(0.5, 0.1, 0.03)
    for state, says in ((inside, True), (replace(inside, velocity=np.array([0.3, 0, 0])), False),
                        (thing(0.5, 0.4, 0.03), False), (replace(inside, health=0.2), None)):  # fmt: skip
        one = replace(ended(state), objects={"target0": state, "container": box}, container="container", zone=zone)
        assert eyes("place", one).says is says
    assert eyes("place", replace(ended(inside), container="container", zone=zone)).says is None
