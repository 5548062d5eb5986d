"""Sequences recorded in the cell: what they tell agrees with their pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from dynacollect.collector.benches.tracking.record import Recording, record
from dynacollect.collector.benches.tracking.scenes import EVENT_S, KINDS, LAUNCH_S, draw_scene
from dynacollect.rig.arms import arm
from dynacollect.tracking.measures.motion import true_motion
from dynacollect.tracking.sequences.read import read_sequence
from dynacollect.tracking.sequences.sequence import Sequence


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Sequence:
    """A mug on the belt, and a second mug."""
    folder = tmp_path_factory.mktemp("sets") / "mug"
    record(Recording("alike", "mug", 4, 0.3, seconds=0.6, size=(200, 150), masks=True), folder)
    return read_sequence(folder / "000000")


@pytest.mark.slow
def test_masks_are_where_the_truth_is(recorded: Sequence) -> None:
    for take in recorded.takes[::4]:
        for number, (name, known) in enumerate(recorded.objects.items()):
            for camera, shot in take.shots.items():
                path = recorded.folder / f"mask_visib_{camera}/{take.index:06d}_{number:06d}.png"
                mask = np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)) > 0
                if mask.sum() < 30:
                    continue
                pose = recorded.truth[name].at(shot.time)
                pixels = shot.camera.project(pose.apply(known.shape.vertices))
                rows, columns = np.nonzero(mask)
                seen = np.array([columns.min(), rows.min(), columns.max(), rows.max()])
                true = np.array([*pixels.min(axis=0), *pixels.max(axis=0)])
                inside = np.clip(true, 0, [199, 149, 199, 149])
                assert np.abs(seen - inside).max() < 1.6
                share = recorded.truth[name].shares(shot.time)[camera]
                assert share > 0.85 or not np.array_equal(true, inside)


@pytest.mark.slow
def test_the_target_moves_when_it_is_launched(recorded: Sequence) -> None:
    motion = true_motion(recorded.truth["mug"])
    assert motion.events[0].kind == "start"
    assert LAUNCH_S - 0.02 < motion.events[0].begin < LAUNCH_S + 0.06
    assert np.linalg.norm(motion.velocity(0.55)) == pytest.approx(0.3, abs=0.02)
    assert np.linalg.norm(true_motion(recorded.truth["mug_2"]).velocity(0.6)) < 0.01


@pytest.mark.slow
def test_pictures_bring_their_times_and_the_arm_its_joints(recorded: Sequence) -> None:
    assert len(recorded.takes) in (15, 16)
    skews = [take.frames().skew for take in recorded.takes if not take.missing]
    assert max(skews) - min(skews) < 1e-5
    assert recorded.arm == "franka-panda"
    assert all(take.arm is not None for take in recorded.takes)


@pytest.mark.slow
def test_the_clip_shows_one_object_on_the_clear_table(recorded: Sequence) -> None:
    clip = recorded.register
    assert clip is not None
    assert len(clip.takes) == 20
    assert all(take.shown == ("mug",) for take in clip.takes)
    for sequence in (recorded, clip):
        assert set(sequence.plates) == {"cam1", "cam2"}
    plate, picture = clip.plate("cam1"), clip.takes[0].shots["cam1"]
    assert plate is not None
    pose = clip.truth["mug"].at(picture.time)
    (u, v) = picture.camera.project(np.asarray(pose.translation)[None])[0].round().astype(int)
    off = np.abs(picture.image().astype(int) - plate).max(axis=2)
    assert off[v - 3 : v + 4, u - 3 : u + 4].mean() > 4 * off.mean()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_scene_can_be_drawn(kind: str) -> None:
    rolling = kind in ("rolling", "curved", "bounced")
    speed = 0.0 if kind in ("still", "pushed") else 0.3
    target = "tennis_ball" if rolling else "jar"
    scenes = [draw_scene(kind, target, 5, speed, arm("franka-panda")) for _ in range(2)]  # pyright: ignore[reportArgumentType]
    plan = scenes[0].plan
    assert plan.targets[0].object == target
    assert plan.speed == pytest.approx(speed)
    assert [placed.object for placed in plan.placed] == [placed.object for placed in scenes[1].plan.placed]
    assert (scenes[0].learnt_in != plan.scenery) == (kind == "light")
    assert bool(plan.pushes) == (kind == "pushed")
    assert (scenes[0].roller is not None) == (kind == "passed")
    if plan.pushes:
        assert plan.pushes[0].after == pytest.approx(EVENT_S - LAUNCH_S)
