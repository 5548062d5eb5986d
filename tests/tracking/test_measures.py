"""Errors, delays, losses and mix-ups of states whose faults are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import ObjectState, Vector
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.measures.figures import Figures, measure, spread, summed
from dynacollect.tracking.measures.motion import true_motion
from dynacollect.tracking.measures.pose_errors import rotation_error, shape_errors
from dynacollect.tracking.sequences.sequence import Sequence
from dynacollect.tracking.sequences.trajectory import Trajectory, trajectory_of
from dynacollect.tracking.shape import shape_of
from dynacollect.tracking.tracked import Tracked

from .made_sequences import CAMERAS, TARGET, bare_sequence, said, state

NAMES = ["mug", "cuboid", "cube", "bottle", "roll", "tennis_ball"]
"""No symmetry, two kinds of discrete, an axis, an axis with a flip, a sphere."""
SPEED = 0.4


def alike(name: str, rng: np.random.Generator) -> Rotation:
    """A turn that leaves the shape as it is."""
    symmetry = catalogue.load(name).symmetry
    if symmetry.kind == "sphere":
        return Rotation.random(rng=rng)
    if symmetry.axis is not None:
        across = np.cross(symmetry.axis, np.eye(3)[int(np.argmin(np.abs(symmetry.axis)))])
        flip = np.pi * float(rng.integers(2)) * across / np.linalg.norm(across)
        spin = Rotation.from_rotvec(rng.uniform(-np.pi, np.pi) * symmetry.axis)
        return spin * Rotation.from_rotvec(flip if symmetry.flip else 0 * flip)
    every = (Rotation.identity(), *symmetry.rotations)
    return every[int(rng.integers(len(every)))]


@pytest.mark.parametrize("name", NAMES)
def test_errors_do_not_see_what_a_symmetry_hides(name: str) -> None:
    rng, shape = np.random.default_rng(1), shape_of(catalogue.load(name))
    errors = shape_errors(shape)
    for _ in range(8):
        true = RigidTransform.from_components(TARGET + rng.normal(0, 0.1, 3), Rotation.random(rng=rng))
        seen = RigidTransform.from_components(true.translation, true.rotation * alike(name, rng))
        off = rotation_error(shape.symmetry, seen.rotation, true.rotation)
        assert np.isnan(off) if name == "tennis_ball" else off < 1e-6
        # A hull of triangles is round to a part of a millimetre only.
        assert errors.mssd(seen, true) < 1e-9 + (6e-4 if shape.symmetry.kind == "sphere" else 0)
        assert errors.mspd(seen, true, CAMERAS.values()) < 0.5


def test_a_turn_counts_by_its_angle_and_a_shift_by_its_length() -> None:
    shape = shape_of(catalogue.load("mug"))
    errors, true = shape_errors(shape), RigidTransform.from_translation(TARGET)
    turned = RigidTransform.from_components(TARGET, Rotation.from_rotvec([0.0, 0.0, 0.2]))
    assert rotation_error(shape.symmetry, turned.rotation, true.rotation) == pytest.approx(0.2)
    reach = np.linalg.norm(shape.vertices[:, :2], axis=1).max()
    assert errors.mssd(turned, true) == pytest.approx(2 * reach * np.sin(0.1), rel=1e-3)
    shifted = RigidTransform.from_translation(TARGET + np.array([0.003, 0.0, 0.004]))
    assert errors.mssd(shifted, true) == pytest.approx(0.005)
    assert 0 < errors.add_s(shifted, true) <= 0.005


def test_a_bottle_is_turned_by_its_lean_alone() -> None:
    shape, rng = shape_of(catalogue.load("bottle")), np.random.default_rng(2)
    errors, true = shape_errors(shape), RigidTransform.from_components(TARGET, Rotation.random(rng=rng))
    lean = Rotation.from_rotvec(0.1 * np.array([1.0, 0.0, 0.0]))
    spun = Rotation.from_rotvec(np.array([0.0, 0.0, 2.0]))
    seen = RigidTransform.from_components(TARGET, true.rotation * lean * spun)
    assert rotation_error(shape.symmetry, seen.rotation, true.rotation) == pytest.approx(0.1)
    turns = Rotation.from_rotvec(np.outer(np.linspace(0, 2 * np.pi, 721), [0.0, 0.0, 1.0]))
    tried = [RigidTransform.from_components(TARGET, true.rotation * turn) for turn in turns]
    best = min(np.linalg.norm(seen.apply(errors.hull) - one.apply(errors.hull), axis=1).max() for one in tried)
    assert errors.mssd(seen, true) == pytest.approx(best, rel=0.02)


def test_mspd_is_in_pixels() -> None:
    shape = shape_of(catalogue.load("tennis_ball"))
    camera = CAMERAS["cam1"]
    right = camera.T_parent_camera.rotation.apply([1.0, 0.0, 0.0])
    true, seen = RigidTransform.from_translation(TARGET), RigidTransform.from_translation(TARGET + 0.01 * right)
    depth = camera.T_parent_camera.inv().apply(TARGET)[2]
    assert shape_errors(shape).mspd(seen, true, [camera]) == pytest.approx(2.6 / depth, rel=0.1)


def trajectory(way: Callable[[float], Vector], noise: float = 0.0, seconds: float = 2.0) -> Trajectory:
    """As two cameras at 25 Hz tell it, the second 3 ms late."""
    rng = np.random.default_rng(3)
    times = [0.04 * index + lag for index in range(round(25 * seconds)) for lag in (0.0, 0.003)]
    return trajectory_of([(t, RigidTransform.from_translation(way(t) + noise * rng.normal(size=3))) for t in times], {})


def bouncing(time: float) -> Vector:
    """Along x, and back at half the speed from 1 s on."""
    return np.array([SPEED * time if time < 1.0 else SPEED - 0.5 * SPEED * (time - 1.0), 0.0, 0.03])


def starting(time: float) -> Vector:
    """At rest, then along y from 0.8 s on, and at rest again from 1.4 s on."""
    return np.array([0.4, SPEED * (np.clip(time, 0.8, 1.4) - 0.8), 0.03])


@pytest.mark.parametrize(("noise", "limit"), [(0.0, 0.002), (1e-4, 0.02)])
def test_true_velocity_does_not_smear_over_a_bounce(noise: float, limit: float) -> None:
    motion = true_motion(trajectory(bouncing, noise))
    for time in np.arange(0.1, 1.9, 0.01):
        if abs(time - 1.0) > 0.045:
            wanted = SPEED if time < 1.0 else -0.5 * SPEED
            assert motion.velocity(float(time))[0] == pytest.approx(wanted, abs=limit)


def test_events_are_found_where_they_are() -> None:
    (turn,) = true_motion(trajectory(bouncing, 5e-5)).events
    assert turn.kind == "turn"
    assert turn.begin - 0.03 < 1.0 < turn.end + 0.03
    start, stop = true_motion(trajectory(starting)).events
    assert (start.kind, stop.kind) == ("start", "stop")
    assert start.begin == pytest.approx(0.8, abs=0.04)
    assert stop.end == pytest.approx(1.4, abs=0.04)


def test_slowing_down_while_rolling_is_no_event() -> None:
    motion = true_motion(trajectory(lambda t: np.array([0.5 * t - 0.5 * 0.15 * t**2, 0.0, 0.03]), 1e-4))
    assert motion.events == ()
    assert motion.velocity(1.0)[0] == pytest.approx(0.35, abs=0.01)


def ball(way: Callable[[float], Vector] = bouncing, frames: int = 50, **more: object) -> Sequence:
    return bare_sequence({"ball": way}, {"ball": "tennis_ball"}, frames, **more)  # pyright: ignore[reportArgumentType]


def slope(way: Callable[[float], Vector], time: float) -> Vector:
    return (way(time) - way(time - 1e-4)) / 1e-4


def figures(sequence: Sequence, outcomes: list[Tracked]) -> Figures:
    return summed([measure(sequence, outcomes)])


def test_a_tracker_that_tells_the_truth_has_no_errors() -> None:
    def tell(name: str, time: float) -> ObjectState:
        return state(name, bouncing(time), slope(bouncing, time), time)

    found = figures(ball(), said(ball(), tell))
    assert found.position_mm.p95 < 0.01
    assert found.steady.velocity_mm_s.p95 < 1.0
    assert found.steady.direction_deg.p95 < 0.1
    assert found.predict_steady_mm.p95 < 0.5
    assert (found.lost, found.false_healthy, found.switches) == (0.0, 0.0, 0)
    assert found.delay_ms.median <= 40.0
    assert found.found_ms.median == 0.0
    assert found.stage_ms["tick"].median == pytest.approx(4.0)


def test_a_steady_offset_is_measured_as_it_is() -> None:
    def tell(name: str, time: float) -> ObjectState:
        return state(
            name,
            bouncing(time) + np.array([0.0, 0.003, 0.004]),
            slope(bouncing, time) + np.array([0.0, 0.05, 0.0]),
            time,
        )

    found = figures(ball(), said(ball(), tell))
    assert found.position_mm.median == pytest.approx(5.0, abs=1e-3)
    assert found.mssd_mm.median == pytest.approx(5.0, abs=1e-3)
    assert found.steady.velocity_mm_s.rms == pytest.approx(50.0, abs=0.5)
    ahead = np.hypot(4.0, 3.0 + 0.23 * 50)
    assert found.predict_steady_mm.median == pytest.approx(ahead, abs=0.1)


@pytest.mark.parametrize("late", [0.0, 0.08, 0.16])
def test_a_velocity_that_lags_has_that_delay(late: float) -> None:
    def tell(name: str, time: float) -> ObjectState:
        return state(name, bouncing(time), slope(bouncing, max(time - late, 0.01)), time)

    found = figures(ball(), said(ball(), tell))
    assert found.delay_ms.median == pytest.approx(1e3 * late, abs=45.0)


def test_lost_are_takes_without_a_healthy_state_of_what_can_be_seen() -> None:
    def hidden(name: str, camera: str, time: float) -> float:
        return 0.0 if 0.99 < time < 1.39 else 1.0

    def tell(name: str, time: float) -> ObjectState | None:
        if 0.99 < time < 1.39 or 0.19 < time < 0.37:
            return None
        return state(name, bouncing(time), slope(bouncing, time), time, 0.2 if 0.37 < time < 0.41 else 1.0)

    sequence = ball(visible=hidden)
    found = figures(sequence, said(sequence, tell))
    # A fifth of a second at the start and after it was hidden does not count; of what does, six takes are without.
    due = 50 - 10 - 2 * 5
    assert found.lost == pytest.approx(6 / due)
    assert found.false_healthy == 0.0


def test_what_comes_into_sight_is_found_after_a_while() -> None:
    def hidden(name: str, camera: str, time: float) -> float:
        return 0.0 if 0.99 < time < 1.39 else 1.0

    def tell(name: str, time: float) -> ObjectState | None:
        return None if 0.99 < time < 1.55 else state(name, bouncing(time), slope(bouncing, time), time)

    sequence = ball(visible=hidden)
    found = measure(sequence, said(sequence, tell)).found
    assert found == pytest.approx((0.0, 0.16))
    assert figures(sequence, said(sequence, tell)).lost == 0.0


def test_false_healthy_are_sure_states_far_off() -> None:
    def tell(name: str, time: float) -> ObjectState:
        far = [0.0, 0.03, 0.0] if time > 1.59 else [0.0, 0.01, 0.0]
        return state(name, bouncing(time) + far, slope(bouncing, time), time, 0.2 if time > 1.79 else 1.0)

    assert figures(ball(), said(ball(), tell)).false_healthy == pytest.approx(5 / 50)


def two(first: str, second: str) -> Sequence:
    """One goes by, one stands."""
    ways = {"a": bouncing, "b": lambda _: np.array([0.2, 0.1, 0.03])}
    return bare_sequence(ways, {"a": first, "b": second})


def swapping(sequence: Sequence, since: float, until: float) -> list[Tracked]:
    """States that change names in between."""

    def tell(name: str, time: float) -> ObjectState:
        other = {"a": "b", "b": "a"}[name] if since < time < until else name
        true = sequence.truth[other].at(time)
        return state(name, np.asarray(true.translation), np.zeros(3), time)

    return said(sequence, tell)


@pytest.mark.slow
def test_names_of_alike_objects_are_free_but_must_stay() -> None:
    sequence = two("can", "can")
    assert figures(sequence, swapping(sequence, -1.0, 9.0)).switches == 0
    found = figures(sequence, swapping(sequence, 1.19, 1.59))
    assert found.switches == 2
    assert found.mixed_up == pytest.approx(10 / 50)


def test_names_of_unlike_objects_are_not_free() -> None:
    sequence = two("can", "jar")
    found = figures(sequence, swapping(sequence, -1.0, 9.0))
    assert found.switches == 2
    assert found.mixed_up == 1.0
    assert found.false_healthy == 1.0


def test_one_view_is_told_apart() -> None:
    def seen(name: str, camera: str, time: float) -> float:
        return 0.05 if camera == "cam2" and time > 0.99 else 0.9

    def tell(name: str, time: float) -> ObjectState:
        return state(
            name, bouncing(time) + np.array([0.002 if time > 0.99 else 0.001, 0, 0]), slope(bouncing, time), time
        )

    sequence = ball(visible=seen)
    found = figures(sequence, said(sequence, tell))
    assert found.one_view.n == 25
    assert found.one_view.position_mm.median == pytest.approx(2.0, abs=0.01)


def test_without_anything_to_compare_figures_are_no_numbers() -> None:
    found = summed([])
    assert found.frames == 0
    assert np.isnan([found.lost, found.position_mm.median, found.steady.velocity_mm_s.rms]).all()


def test_a_spread_passes_over_what_is_no_number() -> None:
    found = spread([3.0, float("nan"), 4.0])
    assert (found.median, found.rms) == (3.5, pytest.approx(np.sqrt(12.5)))
