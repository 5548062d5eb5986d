"""The tracker that knows no meshes, on painted tables: it learns, follows, coasts, loses and finds again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet, Image, ObjectState, Vector
from dynacollect.tracking.forms.learnt import Known, known_from
from dynacollect.tracking.health import LOST_AFTER
from dynacollect.tracking.meshless import MeshlessTracker
from dynacollect.tracking.meshless_sequence import track_sequence
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.sequences.read import read_sequence
from dynacollect.tracking.tracked import HEALTHY, Tracked

from .made_sequences import write_data_set
from .painted import Thing, ball, block, cameras, empty, paint

TICK_S = 0.04
CAMERAS = {camera.name: camera for camera in cameras()}
TABLES = {name: empty(camera) for name, camera in CAMERAS.items()}
ORANGE, BLUE = np.array([220.0, 120.0, 30.0]), np.array([60.0, 90.0, 210.0])
SPOTS = ((0.35, -0.1), (0.45, 0.05), (0.55, 0.15))
HAND = (slice(100, 360), slice(150, 330))
FOUND_WITHIN = 5
"""Ticks, 200 ms."""
SIZE = np.array([0.07, 0.04, 0.05])


def yawed(yaw: float) -> Vector:
    return Rotation.from_rotvec([0.0, 0.0, yaw]).as_matrix()


BRICK = Thing(block((0.07, 0.04, 0.05)), np.array([0.45, -0.2, 0.025]), yawed(0.4), ORANGE)
BALL = Thing(ball(0.03, 2), np.array([0.53, 0.15, 0.03]), np.eye(3), BLUE)
SPEED = np.array([0.0, 0.2, 0.0])
MOVES, COVERED = 24, range(14, 19)
ELSEWHERE = replace(BRICK, place=np.array([0.35, 0.15, 0.025]), turn=yawed(-0.9))


def pictures(things: Sequence[Thing], seed: int) -> dict[str, Image]:
    return {name: paint(camera, TABLES[name], things, seed=seed) for name, camera in CAMERAS.items()}


def frames(tick: int, things: Sequence[Thing], covered: Collection[str] = ()) -> FrameSet:
    """Pictures of a tick; a covered camera sees a hand close by."""
    taken, time = {}, tick * TICK_S
    for name, image in pictures(things, tick).items():
        if name in covered:
            image[HAND] = (171, 126, 104)
        taken[name] = Frame(image, name, tick, time, time, time)
    return FrameSet(taken)


def clip_of(thing: Thing) -> list[dict[str, Image]]:
    moments = [replace(thing, place=np.array([x, y, thing.place[2]]), turn=yawed(9 * x)) for x, y in SPOTS]
    return [pictures([moment], 900 + number) for number, moment in enumerate(moments)]


def known(things: Mapping[str, Thing]) -> dict[str, Known]:
    plates = pictures([], 999)
    return {name: known_from(plates, clip_of(thing), CAMERAS, name) for name, thing in things.items()}


def tracker_of(things: Mapping[str, Thing]) -> MeshlessTracker:
    """Which has seen the empty table, and each thing alone at three places."""
    learnt = known(things)
    backgrounds = {name: Background(plate) for name, plate in pictures([], 999).items()}
    segmenter = AppearanceSegmenter(backgrounds, {name: one.appearance for name, one in learnt.items()})
    return MeshlessTracker(learnt, CAMERAS, backgrounds, segmenter)


def off_mm(state: ObjectState, thing: Thing) -> float:
    return 1e3 * float(np.linalg.norm(state.position - thing.place))


@dataclass(frozen=True, eq=False)
class Story:
    """A brick that slides by, is taken away, and stands somewhere else."""

    tracker: MeshlessTracker
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
    return Story(tracker, moved, gone, back)


@pytest.mark.slow
def test_a_clip_tells_how_large_a_thing_is() -> None:
    learnt = known({"brick": BRICK, "ball": BALL})
    assert learnt["brick"].size == pytest.approx(0.5 * float(np.exp(np.log(SIZE).mean())), rel=0.1)
    assert learnt["ball"].size == pytest.approx(0.03, rel=0.07)


def test_a_clip_of_one_camera_says_too_little() -> None:
    plates, clip = pictures([], 999), clip_of(BRICK)
    one = [{"cam0": moment["cam0"]} for moment in clip]
    with pytest.raises(DynacollectError, match="the brick was not seen whole by two cameras"):
        known_from({"cam0": plates["cam0"]}, one, CAMERAS, "the brick")


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
        assert off_mm(state, thing) < 3.0
        assert np.linalg.norm(state.velocity - SPEED) < 0.03
        yaw = float(np.arctan2(*state.T_base_object.as_matrix()[[1, 0], 0]))
        assert abs((yaw - 0.4 + np.pi / 2) % np.pi - np.pi / 2) < np.deg2rad(6)


@pytest.mark.slow
def test_a_covered_view_loses_nothing(story: Story) -> None:
    for tick in COVERED:
        thing, outcome = story.moved[tick]
        assert outcome.states["brick"].health > HEALTHY
        assert off_mm(outcome.states["brick"], thing) < 3.0


@pytest.mark.slow
def test_what_was_taken_away_is_doubted_at_once_and_then_lost(story: Story) -> None:
    healths = [outcome.states["brick"].health if outcome.states else 0.0 for outcome in story.gone]
    assert max(healths[FOUND_WITHIN + 3 :]) < HEALTHY
    assert story.gone[-1].states == {}


@pytest.mark.slow
def test_it_is_found_again_elsewhere(story: Story) -> None:
    states = story.back[FOUND_WITHIN].states
    assert states["brick"].health > HEALTHY
    assert off_mm(states["brick"], ELSEWHERE) < 3.0


@pytest.mark.slow
def test_its_form_is_measured_and_handed_on_as_a_model(story: Story) -> None:
    form = story.tracker.forms["brick"]
    np.testing.assert_allclose(2.0 * form.half, SIZE, atol=0.006)
    model = story.tracker.models["brick"]
    np.testing.assert_allclose(np.sort(model.extent), np.sort(2.0 * form.half), rtol=0.03)
    assert story.tracker.models["brick"] is model, "made once"
    assert list(story.tracker.models) == ["brick"]


@pytest.mark.slow
def test_a_thing_not_found_yet_has_the_form_that_it_was_shown_in() -> None:
    tracker = tracker_of({"ball": BALL})
    assert tracker.forms == {}
    np.testing.assert_allclose(tracker.models["ball"].extent, 0.06, rtol=0.1)


@pytest.mark.slow
def test_every_tick_says_what_it_took(story: Story) -> None:
    for outcome in (*story.gone, *story.back):
        stages = {name: seconds for name, seconds in outcome.seconds.items() if name != "tick"}
        assert set(stages) == {"background", "segment", "pose", "search", "form", "learn"}
        assert 0.0 < sum(stages.values()) <= outcome.seconds["tick"]


@pytest.mark.slow
def test_unlike_things_keep_their_names_when_they_pass() -> None:
    """The ball covers the brick on the way; neither drags the other along."""
    tracker = tracker_of({"brick": BRICK, "ball": BALL})
    for tick in range(16):
        way = tick * TICK_S * np.array([0.0, 0.5, 0.0])
        things = {"brick": replace(BRICK, place=BRICK.place + way), "ball": replace(BALL, place=BALL.place - way)}
        # The nearer one to the first camera is painted last.
        outcome = tracker.step(frames(tick, [things["brick"], things["ball"]]))
        if tick >= FOUND_WITHIN:
            for name, thing in things.items():
                assert outcome.states[name].health > HEALTHY, (tick, name)
                assert off_mm(outcome.states[name], thing) < 6.0, (tick, name)


@pytest.mark.slow
def test_a_recorded_sequence_is_tracked_from_its_clip(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write_data_set(tmp_path_factory.mktemp("data") / "ball", frames=12)
    sequence = read_sequence(folder / "000000")
    outcomes = list(track_sequence(sequence))
    for take, outcome in list(zip(sequence.takes, outcomes, strict=True))[FOUND_WITHIN:]:
        state = outcome.states["tennis_ball"]
        off = state.position - sequence.truth["tennis_ball"].at(take.time).translation
        assert np.linalg.norm(off) < 0.004
        assert state.health > HEALTHY


def test_without_a_clip_there_is_nothing_to_go_by(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = write_data_set(tmp_path_factory.mktemp("data") / "ball", frames=2)
    bare = replace(read_sequence(folder / "000000"), register=None)
    with pytest.raises(DynacollectError, match="has no clip register/ that shows tennis_ball alone"):
        list(track_sequence(bare))
