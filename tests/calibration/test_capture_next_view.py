"""What a view is worth: never less than nothing, as much as a solve with it finds, and more than one by chance."""

from __future__ import annotations

import sys
from functools import cache

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.capture.candidates import Reach, candidates
from dynacollect.calibration.capture.first_poses import Around, first_poses
from dynacollect.calibration.capture.next_view import Belief, NextView, belief_of, next_view, planned, ranked
from dynacollect.calibration.capture.stakes import Uncertainty, Wanted
from dynacollect.calibration.capture.stop import Enough, why_stop
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.sightings import Mounting
from dynacollect.calibration.solve import solve
from dynacollect.calibration.workspace import located
from dynacollect.rig.nouns import Vector

from .projector import POINTS, SIZE
from .taken_views import BOX, Rig, everywhere, pivot, shown

MOUNTINGS: tuple[Mounting, ...] = ("held", "table")


def started(mounting: Mounting, seed: int, count: int = 10) -> Rig:
    rig, rng = Rig(np.random.default_rng(100 + seed)), np.random.default_rng(seed)
    for asked in first_poses(shown(mounting), Around(pivot(mounting)), everywhere, count, rng):
        rig.take(mounting, asked)
    return rig


@cache
def solved(mounting: Mounting) -> Calibration:
    return solve(started(mounting, 0, 12).data, box=BOX)


def believed(mounting: Mounting) -> Belief:
    return belief_of(solved(mounting), POINTS, mounting)


def drawn(
    calibration: Calibration, mounting: Mounting, count: int, seed: int, rig: Rig | None = None
) -> RigidTransform:
    tried = [] if rig is None else [told.T_base_flange for told in rig.poses]
    rng = np.random.default_rng(seed)
    poses = candidates(calibration, POINTS, mounting, Reach(BOX), everywhere, count, rng, tried)
    return RigidTransform.concatenate(poses)


def size_of(found: Uncertainty) -> float:
    return found.workspace_mm if found.workspace_mm is not None else found.shift_mm or 0.0


@pytest.mark.parametrize("mounting", MOUNTINGS)
@pytest.mark.slow
def test_no_view_takes_knowledge_away(mounting: Mounting) -> None:
    belief = believed(mounting)
    views = ranked(belief, drawn(solved(mounting), mounting, 60, 1))
    assert len(views) == 60
    gains = [view.gain for view in views]
    assert min(gains) >= 0
    assert max(gains) > 0.05
    assert gains == sorted(gains, reverse=True)
    size = np.sqrt(np.diag(belief.known))
    for view in views[::10]:
        added = belief.with_view(view.T_base_flange).known - belief.known
        assert np.linalg.eigvalsh(added / np.outer(size, size))[0] > -1e-9
        assert view.after == belief.with_view(view.T_base_flange).uncertainty


@pytest.mark.slow
def test_the_belief_is_the_solve() -> None:
    calibration = solved("held")
    assert calibration.quality.workspace is not None
    assert believed("held").uncertainty.workspace_mm == pytest.approx(calibration.quality.workspace.rms_mm, rel=1e-6)
    wrist = solved("table").cameras["wrist"].pose_std
    assert believed("table").uncertainty.shift_mm == pytest.approx(np.linalg.norm(wrist.shift_mm), rel=1e-6)
    assert believed("table").uncertainty.turn_deg == pytest.approx(np.linalg.norm(wrist.turn_deg), rel=1e-6)


@pytest.mark.parametrize("mounting", MOUNTINGS)
@pytest.mark.slow
def test_views_are_worth_what_a_solve_with_them_finds(mounting: Mounting) -> None:
    promised, found = [], []
    for seed in range(2):
        rig = started(mounting, seed)
        calibration = solve(rig.data, box=BOX)
        belief = belief_of(calibration, POINTS, mounting)
        before = size_of(belief.uncertainty)
        views = list(planned(belief, drawn(calibration, mounting, 60, seed, rig), 3))
        for view in views:
            rig.take(mounting, view.T_base_flange)
        again = size_of(belief_of(solve(rig.data, box=BOX), POINTS, mounting).uncertainty)
        promised.append(1 - size_of(views[-1].after) / before)
        found.append(1 - again / before)
    assert min(promised) > 0.2
    assert promised == pytest.approx(found, rel=0.05)


def test_what_no_camera_sees_is_not_proposed() -> None:
    away = shown("held") * RigidTransform.from_rotation(Rotation.from_euler("x", 180, degrees=True))
    assert next_view(believed("held"), RigidTransform.concatenate([away])) is None
    both = RigidTransform.concatenate([away, shown("held")])
    best = next_view(believed("held"), both)
    assert best is not None
    assert best.cameras == ("front", "side")
    assert np.allclose(best.T_base_flange.as_matrix(), shown("held").as_matrix())
    assert len(list(planned(believed("held"), both, 5))) == 1


def test_it_stops_when_it_is_told_to() -> None:
    rule = Enough(Wanted(workspace_mm=0.2, turn_deg=0.05, shift_mm=0.3), least_views=12, most_views=40)
    fair, good = Uncertainty(0.5, None, None), Uncertainty(0.15, None, None)

    def said(now: Uncertainty, views: int, gain: float | None) -> str | None:
        best = None if gain is None else NextView(shown("held"), ("front",), gain, now)
        return why_stop(now, views, best, rule)

    assert said(fair, 20, 0.1) is None
    assert said(good, 8, 0.1) is None
    assert said(fair, 8, 0.001) is None
    for now, views, gain, words in [
        (good, 12, 0.1, "Enough after 12 views: points in the workspace are sure to 0.15 mm"),
        (fair, 20, 0.012, "1.2 %"),
        (fair, 40, 0.1, "40 views, the most"),
        (fair, 5, None, "from no other allowed pose"),
        (Uncertainty(None, 0.04, 0.2), 15, 0.1, "0.040 deg and 0.20 mm"),
    ]:
        sentence = said(now, views, gain)
        assert sentence is not None
        assert words in sentence
    assert said(Uncertainty(None, 0.04, 0.4), 15, 0.1) is None
    assert said(Uncertainty(None, 0.06, 0.2), 15, 0.1) is None


def true_error(rig: Rig, calibration: Calibration, mounting: Mounting) -> float:
    """RMS over the workspace [mm]; of a wrist camera, its place's error in units of what is wanted."""
    if mounting == "table":
        true, found = rig.cameras["wrist"].place, calibration.cameras["wrist"].pose
        turn = np.rad2deg((true.rotation.inv() * found.rotation).magnitude()) / Wanted().turn_deg
        shift = 1e3 * np.linalg.norm(true.translation - found.translation) / Wanted().shift_mm
        return float(np.hypot(turn, shift))
    names = ("front", "side")
    points = np.random.default_rng(0).uniform(BOX[0], BOX[1], (400, 3))
    pixels = np.array([rig.cameras[name].pixels(rig.cameras[name].place.inv().apply(points)) for name in names])
    seen = ((pixels > 0) & (pixels < np.array(SIZE) - 1)).all(axis=(0, 2))
    lenses = np.array([lens(calibration, name) for name in names])
    places = np.array([calibration.cameras[name].pose.as_matrix() for name in names])
    found = located(pixels[:, seen], lenses, places, points[seen])
    return 1e3 * float(np.sqrt(((found - points[seen]) ** 2).sum(axis=1).mean()))


def lens(calibration: Calibration, name: str) -> Vector:
    K = calibration.cameras[name].K
    return np.array([K[0, 0], K[1, 1], K[0, 2], K[1, 2], *calibration.cameras[name].distortion])


def grown(mounting: Mounting, seed: int, greedy: bool, counts: tuple[int, ...]) -> list[float]:
    """The true error after so many frames; those chosen, four at a time, come each from a new solve."""
    rig, errors = started(mounting, seed, 9), list[float]()
    calibration = solve(rig.data, box=BOX)
    for count in counts:
        while (left := count - len(rig.poses)) > 0:
            poses = drawn(calibration, mounting, 80, 1000 * seed + len(rig.poses), rig)
            belief = belief_of(calibration, POINTS, mounting)
            chosen = (view.T_base_flange for view in planned(belief, poses, min(left, 4)))
            for asked in chosen if greedy else [*poses][:left]:
                rig.take(mounting, asked)
            calibration = solve(rig.data, box=BOX)
        errors.append(true_error(rig, calibration, mounting))
    return errors


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(("mounting", "seeds"), [("held", 2)])
def test_chosen_views_beat_views_by_chance(mounting: Mounting, seeds: int, capsys: pytest.CaptureFixture[str]) -> None:
    counts = (12, 16)
    chosen, chance = (
        np.median([grown(mounting, seed, greedy, counts) for seed in range(seeds)], axis=0) for greedy in (True, False)
    )
    with capsys.disabled():
        sys.stdout.write(f"\n{mounting}: {np.round(chosen, 3)} chosen, {np.round(chance, 3)} by chance {counts}\n")
    assert (chosen / chance).mean() < 0.95
    assert chosen[0] < chance[0]
