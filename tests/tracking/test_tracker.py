"""The tracker from pictures to states, on painted tables, and when it believes itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.nouns import Frame, FrameSet, ObjectState, Vector
from dynacollect.tracking.health import LOST_AFTER, NEW_LOST_AFTER, SURE_M, Health
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.registration import register
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.shape import Shape
from dynacollect.tracking.tracked import HEALTHY, Tracked
from dynacollect.tracking.tracker import Tracker

from .painted import Thing, ball, block, cameras, empty, paint

TICK_S = 0.04
CAMERAS = cameras()
TABLES = [empty(camera) for camera in CAMERAS]
ORANGE, BLUE = np.array([220.0, 120.0, 30.0]), np.array([60.0, 90.0, 210.0])
SPOTS = ((0.35, -0.1), (0.45, 0.05), (0.55, 0.15))
HAND = (slice(100, 360), slice(150, 330))
FOUND_WITHIN = 5
"""Ticks, 200 ms."""


def frames(tick: int, things: Sequence[Thing], covered: Collection[str] = ()) -> FrameSet:
    """Pictures of a tick; a covered camera sees a hand close by."""
    taken = {}
    for camera, table in zip(CAMERAS, TABLES, strict=True):
        image = paint(camera, table, things, seed=tick)
        if camera.name in covered:
            image[HAND] = (171, 126, 104)
        time = tick * TICK_S
        taken[camera.name] = Frame(image, camera.name, tick, time, time, time)
    return FrameSet(taken)


def tracker_of(kinds: Mapping[str, Thing]) -> Tracker:
    """Which has seen the empty table, and each thing alone at three places."""
    plates = {name: frame.image for name, frame in frames(999, []).frames.items()}
    clips = {}
    for name, thing in kinds.items():
        moments = [replace(thing, place=np.array([x, y, thing.place[2]]), turn=yawed(9 * x)) for x, y in SPOTS]
        taken = [frames(900 + number, [moment]) for number, moment in enumerate(moments)]
        clips[name] = [{camera: frame.image for camera, frame in each.frames.items()} for each in taken]
    backgrounds = {name: Background(plate) for name, plate in plates.items()}
    segmenter = AppearanceSegmenter(backgrounds, register(plates, clips))
    shapes: dict[str, Shape] = {name: thing.shape for name, thing in kinds.items()}
    return Tracker(shapes, {camera.name: camera for camera in CAMERAS}, backgrounds, segmenter)


def yawed(yaw: float) -> Vector:
    return Rotation.from_rotvec([0.0, 0.0, yaw]).as_matrix()


def off_mm(state: ObjectState, thing: Thing) -> float:
    return 1e3 * float(np.linalg.norm(state.position - thing.place))


def is_same(turn: Vector, other: Vector) -> bool:
    """Whether a plain brick looks the same in both: half a turn about any of its axes is none."""
    halves = [np.diag(signs) for signs in ([1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1])]
    return max(float(np.trace(turn.T @ other @ half)) for half in halves) > 1.0 + 2.0 * np.cos(np.deg2rad(6))


BRICK = Thing(block((0.06, 0.04, 0.05)), np.array([0.45, -0.2, 0.025]), yawed(0.4), ORANGE)
BALL = Thing(ball(0.03, 1), np.array([0.53, 0.15, 0.03]), np.eye(3), BLUE)
SPEED = np.array([0.0, 0.2, 0.0])
MOVES, COVERED = 22, range(14, 19)
ELSEWHERE = replace(BRICK, place=np.array([0.35, 0.15, 0.025]), turn=yawed(-0.9))


@dataclass(frozen=True, eq=False)
class Story:
    """A brick that slides by, is taken away, and stands somewhere else."""

    moved: list[tuple[Thing, Tracked]]
    gone: list[Tracked]
    back: list[Tracked]


@pytest.fixture(scope="module")
def story() -> Story:
    tracker = tracker_of({"brick": BRICK})
    moved = []
    for tick in range(MOVES):
        thing = replace(BRICK, place=BRICK.place + tick * TICK_S * SPEED)
        covered = ("cam0",) if tick in COVERED else ()
        moved.append((thing, tracker.step(frames(tick, [thing], covered))))
    gone = [tracker.step(frames(MOVES + tick, [])) for tick in range(LOST_AFTER + 2)]
    begin = MOVES + len(gone)
    back = [tracker.step(frames(begin + tick, [ELSEWHERE])) for tick in range(FOUND_WITHIN + 1)]
    return Story(moved, gone, back)


@pytest.mark.slow
def test_it_starts_by_itself(story: Story) -> None:
    thing, first = story.moved[0]
    assert off_mm(first.states["brick"], thing) < 3.0
    assert first.states["brick"].health < HEALTHY, "one look is not enough to act on"
    assert story.moved[FOUND_WITHIN][1].states["brick"].health > HEALTHY


@pytest.mark.slow
def test_it_follows_a_moving_thing(story: Story) -> None:
    for thing, outcome in story.moved[FOUND_WITHIN:]:
        state = outcome.states["brick"]
        assert off_mm(state, thing) < 2.0
        assert np.linalg.norm(state.velocity - SPEED) < 0.02
        assert is_same(state.T_base_object.rotation.as_matrix(), thing.turn)
    turns = [outcome.states["brick"].T_base_object.rotation for _, outcome in story.moved[FOUND_WITHIN:]]
    jumps = [(one.inv() * other).magnitude() for one, other in pairwise(turns)]
    assert max(jumps) < np.deg2rad(4)


@pytest.mark.slow
def test_a_covered_view_loses_nothing(story: Story) -> None:
    for tick in COVERED:
        thing, outcome = story.moved[tick]
        assert outcome.states["brick"].health > HEALTHY
        assert off_mm(outcome.states["brick"], thing) < 2.0


@pytest.mark.slow
def test_what_was_taken_away_is_doubted_at_once_and_then_lost(story: Story) -> None:
    healths = [outcome.states["brick"].health if outcome.states else 0.0 for outcome in story.gone]
    assert max(healths[FOUND_WITHIN + 3 :]) < HEALTHY
    assert story.gone[-1].states == {}


@pytest.mark.slow
def test_it_is_found_again_elsewhere(story: Story) -> None:
    states = story.back[FOUND_WITHIN].states
    assert states["brick"].health > HEALTHY
    assert off_mm(states["brick"], ELSEWHERE) < 2.0


@pytest.mark.slow
def test_every_tick_says_what_it_took(story: Story) -> None:
    for outcome in (*story.gone, *story.back):
        stages = {name: seconds for name, seconds in outcome.seconds.items() if name != "tick"}
        assert set(stages) >= {"background", "segment", "pose", "search"}
        assert 0.0 < sum(stages.values()) <= outcome.seconds["tick"]


@pytest.mark.slow
def test_unlike_things_keep_their_names_when_they_pass() -> None:
    tracker = tracker_of({"brick": BRICK, "ball": BALL})
    for tick in range(16):
        way = tick * TICK_S * np.array([0.0, 0.4, 0.0])
        things = {"brick": replace(BRICK, place=BRICK.place + way), "ball": replace(BALL, place=BALL.place - way)}
        # The nearer one to the first camera is painted last.
        outcome = tracker.step(frames(tick, [things["brick"], things["ball"]]))
        if tick >= FOUND_WITHIN:
            for name, thing in things.items():
                assert outcome.states[name].health > HEALTHY, (tick, name)
                assert off_mm(outcome.states[name], thing) < 6.0, (tick, name)


def state_of(sigma: float = 0.001) -> ObjectState:
    """Somewhere, so sure of its place (m)."""
    return ObjectState("it", RigidTransform.identity(), np.zeros(3), np.zeros(3), sigma**2 * np.eye(12), 0.0)


def test_one_good_look_is_not_believed_but_two_in_a_row_are() -> None:
    health = Health.new()
    health.saw(1.0, taken=True)
    assert health.put_on(state_of()).health < HEALTHY
    health.missed()
    health.saw(1.0, taken=True)
    assert health.put_on(state_of()).health < HEALTHY
    health.saw(1.0, taken=True)
    assert health.put_on(state_of()).health > HEALTHY


@pytest.mark.parametrize(("looks", "patience"), [(1, NEW_LOST_AFTER), (5, LOST_AFTER)], ids=["new", "known"])
def test_a_track_is_given_up_after_so_many_misses(looks: int, patience: int) -> None:
    health = Health.new()
    for _ in range(looks):
        health.saw(0.9, taken=True)
    for _ in range(patience):
        health.missed()
        assert health.followed
    health.missed()
    assert not health.followed
    assert not health.confirmed
    assert health.level == 0.0


def test_a_pose_that_does_not_fit_the_motion_is_a_miss() -> None:
    health = Health.new()
    for _ in range(LOST_AFTER + 1):
        assert health.followed
        health.saw(1.0, taken=False)
        if not health.followed:
            break
    assert not health.followed


@pytest.mark.parametrize("unseen", [0, 1])
def test_a_thing_is_as_healthy_as_its_place_is_sure(unseen: int) -> None:
    health = Health.new()
    for _ in range(5):
        health.saw(1.0, taken=True)
    for _ in range(unseen):
        health.missed()
    sure, edge, lost = (health.put_on(state_of(sigma)).health for sigma in (0.2 * SURE_M, SURE_M, 3 * SURE_M))
    assert sure > 0.95
    assert edge == pytest.approx(0.5)
    assert lost < 0.05


def test_health_goes_the_way_of_what_is_explained() -> None:
    health = Health.new()
    levels = []
    for share in (1.0, 1.0, 0.5, 0.5, 0.5, 1.0):
        health.saw(share, taken=True)
        levels.append(health.put_on(state_of()).health)
    assert levels[1] > levels[2] > levels[3] > levels[4] > 0.5
    assert levels[5] > levels[4]
