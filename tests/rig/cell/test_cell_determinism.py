"""One seed, one run: every frame and every state, bit for bit."""

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Request

Exercise = Callable[..., Iterator[float]]
FAULTS = ("opst_cam.gap@0.2+0.3", "side_cam.late@0.3", "arm.reflex@0.9", "light.flicker@0.2", "arm.torn@0.4")


def take_in(digest: "hashlib._Hash", rig: Rig, truth: Truth) -> None:
    for frame in rig.see().frames.values():
        digest.update(frame.image.tobytes())
        digest.update(np.array([frame.sequence, frame.captured_at, frame.arrived_at, frame.device_time]).tobytes())
    state = rig.feel()
    arm = [state.joints, state.joint_velocity, state.joint_torque, [state.gripper_width, state.gripper_force]]
    digest.update(np.concatenate(arm).tobytes())
    digest.update(repr(rig.arm.health().faults).encode())
    for thing in truth.objects().values():
        digest.update(
            np.concatenate([thing.position, thing.T_base_object.rotation.as_quat(), thing.velocity]).tobytes()
        )


def run_hash(
    opened: Callable[..., Rig], exercise: Exercise, seed: int, faults: tuple[str, ...] = (), restage: bool = False
) -> str:
    digest = hashlib.sha256()
    with opened(seed=seed, faults=faults, size=96, episodes={"still_share": 0.0, "perturbation_m_s": 0.2}) as rig:
        truth = Truth(rig)
        for part in range(2):
            rig.stage.launch()
            for _ in exercise(rig, 0.5, see=False):
                take_in(digest, rig, truth)
            if restage and part == 0:
                rig.stage.prepare(seed + 100, Request(place=True))
    return digest.hexdigest()


@pytest.mark.slow
def test_the_same_seed_is_the_same_run_and_another_seed_another(opened: Callable[..., Rig], exercise: Exercise) -> None:
    first = run_hash(opened, exercise, 3)
    assert first == run_hash(opened, exercise, 3)
    assert first != run_hash(opened, exercise, 0)


@pytest.mark.slow
def test_also_with_faults_and_a_new_table_in_the_middle(opened: Callable[..., Rig], exercise: Exercise) -> None:
    first = run_hash(opened, exercise, 4, FAULTS, restage=True)
    assert first == run_hash(opened, exercise, 4, FAULTS, restage=True)
    assert first != run_hash(opened, exercise, 4, (), restage=True)


@pytest.mark.slow
def test_looking_changes_nothing(opened: Callable[..., Rig], exercise: Exercise) -> None:
    """Pictures are rendered when they are read; who reads fewer lives in the same world."""

    def ends(see: bool) -> np.ndarray:
        with opened(seed=5, size=96, episodes={"still_share": 0.0}) as rig:
            rig.stage.launch()
            list(exercise(rig, 1.2, see=see))
            return Truth(rig).objects()["target0"].position

    assert np.array_equal(ends(True), ends(False))
