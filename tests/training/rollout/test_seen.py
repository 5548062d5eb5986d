"""What a policy is shown: the right moments, the right sizes, and the words."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, FrameSet
from dynacollect.training.rollout.seen import INSTRUCTION, ROOM, Seen, words_of, written_out


def frames(level: int | None, size: tuple[int, int] = (8, 6)) -> FrameSet:
    if level is None:
        return FrameSet({})
    width, height = size
    image = np.full((height, width, 3), level, np.uint8)
    return FrameSet({"front": Frame(image, "front", level, 0.0, 0.0, 0.0)})


def shown(levels: list[int | None], moments: tuple[int, ...]) -> list[list[int]]:
    """Grey levels of the moments at each step."""
    coming = iter(levels)
    seen = Seen(lambda: frames(next(coming)), {"front": (8, 6)}, moments)
    seen.begin("pick up the apple")
    return [seen.now()["front"][:, 0, 0, 0].tolist() for _ in levels]


def test_moments_are_steps_back_and_before_the_first_there_is_the_first() -> None:
    assert shown([10, 11, 12, 13], (-2, 0)) == [[10, 10], [10, 11], [10, 12], [11, 13]]
    assert shown([10, 11, 12], (0,)) == [[10], [11], [12]]


def test_what_did_not_arrive_is_the_last_one_again_or_black() -> None:
    assert shown([None, 11, None, 13], (-1, 0)) == [[0, 0], [11, 11], [11, 11], [11, 13]]


def test_an_episode_remembers_nothing_of_the_one_before() -> None:
    seen = Seen(lambda: frames(20), {"front": (8, 6)}, (-2, 0))
    seen.begin("a")
    seen.now()
    seen.begin("b")
    seen._look = lambda: frames(30)
    assert seen.now()["front"][:, 0, 0, 0].tolist() == [30, 30]


def test_pictures_come_in_the_size_that_the_policy_knows() -> None:
    seen = Seen(lambda: frames(9, (32, 24)), {"front": (8, 6)}, (-2, 0))
    seen.begin("a")
    now, example = seen.now(), seen.example()
    assert now["front"].shape == (2, 6, 8, 3)
    assert {name: (array.shape, array.dtype) for name, array in now.items()} == {
        name: (array.shape, array.dtype) for name, array in example.items()
    }


def test_words_survive_being_bytes() -> None:
    said = "pick up the café's cup"
    assert words_of({INSTRUCTION: written_out(said)}) == said
    with pytest.raises(DynacollectError, match="fewer words"):
        written_out("x" * (ROOM + 1))
