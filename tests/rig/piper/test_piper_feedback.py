"""Joint vectors are of one instant, whatever the bus does to the three frames."""

import numpy as np
import pytest

from dynacollect.rig.piper.coding import Coding
from dynacollect.rig.piper.feedback import Feedback
from dynacollect.rig.piper.frames import FEEL_12, FEEL_34, FEEL_56, Frame
from dynacollect.rig.piper.stand_in import coding as firmware

PERIOD = 0.005
GAP = 1.3e-4
"""From one frame to the next on a bus of 1 Mbit/s."""


@pytest.fixture
def feedback() -> Feedback:
    return Feedback(Coding(), PERIOD)


def instant(number: int) -> list[Frame]:
    """All six joints say the number of the period, in degrees."""
    return [
        Frame(frame.id, frame.data, number * PERIOD + GAP * index)
        for index, frame in enumerate(firmware.joints(np.full(6, np.deg2rad(number))))
    ]


def numbers_in(feedback: Feedback) -> list[int]:
    found = []
    for snapshot in feedback.snapshots:
        numbers = np.rint(np.rad2deg(snapshot.joints))
        assert len(set(numbers)) == 1, f"joints of different instants: {numbers}"
        found.append(int(numbers[0]))
        times = [number * PERIOD + GAP * index for index, number in enumerate(numbers[::2])]
        assert np.abs(np.array(snapshot.times) - times).max() <= 0.5 * PERIOD
    return found


@pytest.mark.parametrize("seed", range(20))
def test_no_snapshot_mixes_two_instants(seed: int, feedback: Feedback) -> None:
    """Frames are lost, doubled and late; whatever comes out is one instant, with its frames' own times.

    Only a late frame in the very place of one that was lost could deceive, or one in the tenth of a millisecond before
    the last: between any two mishaps of a third of the joints pass four periods, and late ones come between bursts.
    """
    rng = np.random.default_rng(seed)
    sent: list[Frame] = []
    again = dict.fromkeys((FEEL_12, FEEL_34, FEEL_56), 0)
    for number in range(300):
        for frame in instant(number):
            luck = rng.random() if number >= again[frame.id] else 1.0
            if luck < 0.3:
                again[frame.id] = number + 4
            if luck < 0.1:
                continue
            late = (rng.integers(3) + rng.uniform(0.1, 0.9)) * PERIOD if 0.1 <= luck < 0.2 else 0.0
            sent.append(Frame(frame.id, frame.data, frame.at + late))
            if 0.2 <= luck < 0.3:
                sent.append(Frame(frame.id, frame.data, frame.at + GAP / 3))
    for frame in sorted(sent, key=lambda frame: frame.at):
        feedback.take(frame)
    found = numbers_in(feedback)
    assert found == sorted(set(found)) and len(found) > 80


def test_a_frame_that_comes_a_period_late_is_told_as_torn_and_a_missing_one_as_lost(feedback: Feedback) -> None:
    for number in range(40):
        first, second, third = instant(number)
        held = instant(number - 1)[1]
        if number % 4 == 0:
            frames = [first, third]
        elif number % 4 == 1:
            frames = [first, Frame(held.id, held.data, first.at + GAP / 2), second, third]
        else:
            frames = [first, second, third]
        for frame in frames:
            feedback.take(frame)
    assert numbers_in(feedback) == [number for number in range(40) if number % 4 > 1]
    now = 40 * PERIOD
    assert (feedback.torn(now), feedback.lost(now)) == (10, 10)
    assert (feedback.torn(now + 2.0), feedback.lost(now + 2.0)) == (0, 0)


def test_a_snapshot_does_not_change_any_more(feedback: Feedback) -> None:
    for frame in instant(3):
        feedback.take(frame)
    kept = feedback.newest
    assert kept is not None
    joints, velocity = kept.joints.copy(), kept.velocity.copy()
    for frame in [firmware.fast(2, 1.0, 1.0, 0.0), *instant(4)]:
        feedback.take(Frame(frame.id, frame.data, 1.0))
    np.testing.assert_array_equal(kept.joints, joints)
    np.testing.assert_array_equal(kept.velocity, velocity)


def test_the_firmware_is_read_across_frames(feedback: Feedback) -> None:
    for frame in firmware.firmware("S-V1.8-2"):
        assert feedback.firmware in ("", "S-V1.8-2")
        feedback.take(frame)
    assert feedback.firmware == "S-V1.8-2"
