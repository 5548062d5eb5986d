"""What was there at the start of the motion is read off the track."""

from typing import Any

import numpy as np

from dynacollect.datasets.raw import Thing
from dynacollect.datasets.raw.reader import Signals
from dynacollect.datasets.scene import RUNNING, extent_of, motion_start, scene_at_motion, speeds

THINGS = (
    Thing(key="target0", name="mug", role="target", words=("mug",), colour="blue"),
    Thing(key="other0", name="no such thing", role="distractor"),
    Thing(key="other1", name="egg", role="distractor"),
)


def state(x: float, speed: float, health: float = 1.0) -> dict[str, Any]:
    return {"pose": [x, 0.1, 0.03, 0, 0, 0, 1], "velocity": [0.0, speed, 0.7], "health": health}


def track(start: int, ticks: int = 30) -> Signals:
    """The target waits, is pushed, and moves at 0.3 m/s; the other is seen in part only."""
    rows = []
    for tick in range(ticks):
        moving = tick >= start
        rows.append({"target0": state(0.5 + tick / 100, 0.3 if moving else 0.01), "other0": state(0.4, 0.0)})
    return Signals([], [], rows, [])


def test_the_motion_starts_where_it_starts() -> None:
    for start in (0, 1, 7, 20):
        assert motion_start(track(start), "target0") == start
    assert motion_start(track(30), "target0") == 0


def test_a_jump_of_the_tracker_is_no_motion() -> None:
    signals = track(20)
    for tick in range(5, 5 + RUNNING - 1):
        signals.objects[tick]["target0"]["velocity"] = [2.0, 0.0, 0.0]
    assert motion_start(signals, "target0") == 20


def test_what_is_not_known_well_is_not_looked_at() -> None:
    signals = track(10)
    for tick in range(4, 9):
        signals.objects[tick]["target0"] = state(9.9, 2.0, health=0.2)
    assert motion_start(signals, "target0") == 10
    assert np.isnan(speeds(signals, "target0")[4:9]).all()


def test_the_scene_is_the_one_at_that_time() -> None:
    mug, other, egg = scene_at_motion(THINGS, track(12))
    assert mug.position is not None and mug.velocity is not None and other.speed is not None
    np.testing.assert_allclose(mug.position, [0.62, 0.1, 0.03])
    np.testing.assert_allclose(mug.velocity, [0.0, 0.3, 0.7])
    assert other.speed == 0.0
    assert (mug.words, other.words, egg.words) == (("mug",), ("no such thing",), ("egg",))
    assert egg.position is None and egg.velocity is None


def test_sides_are_the_catalogues() -> None:
    extent = extent_of("mug")
    assert extent is not None and extent.min() > 0.05 and extent.max() < 0.15
    assert extent_of("no such thing") is None


def test_sides_that_were_recorded_go_before_the_catalogues() -> None:
    box = Thing(key="target0", name="mug", role="target", extent=(0.1, 0.2, 0.3))
    (present,) = scene_at_motion((box,), track(5))
    assert present.extent is not None
    np.testing.assert_array_equal(present.extent, [0.1, 0.2, 0.3])
