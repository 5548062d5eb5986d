"""Real-time chunking: a chunk goes on from what is left over of the last one."""

from __future__ import annotations

import pytest
import torch

from . import tiny_policy


@pytest.mark.parametrize("delay", [2, 5])
def test_the_steps_that_will_have_been_done_are_drawn_to_what_they_will_be(delay: int) -> None:
    policy, batch, noise = tiny_policy.policy(), tiny_policy.batch(1), tiny_policy.noise(1)
    free = policy.predict_action_chunk(batch, noise)
    before = policy.predict_action_chunk(tiny_policy.batch(1, seed=5), tiny_policy.noise(1, seed=6))
    guided = policy.predict_action_chunk(batch, noise, prev_chunk_left_over=before[:, 4:], inference_delay=delay)
    rest = before[:, 4 : 4 + delay]
    apart, away = (guided[:, :delay] - rest).abs().mean(), (free[:, :delay] - rest).abs().mean()
    assert apart < 0.2 * away
    # What is beyond the horizon of guidance hangs on it only through the model.
    assert (guided[:, 15:] - free[:, 15:]).abs().mean() < (guided[:, :delay] - free[:, :delay]).abs().mean()


def test_going_on_from_its_own_chunk_changes_little() -> None:
    policy, batch, noise = tiny_policy.policy(), tiny_policy.batch(1), tiny_policy.noise(1)
    free = policy.predict_action_chunk(batch, noise)
    again = policy.predict_action_chunk(batch, noise, prev_chunk_left_over=free, inference_delay=3)
    other = policy.predict_action_chunk(batch, tiny_policy.noise(1, seed=9))
    assert (again - free).abs().mean() < 0.5 * (other - free).abs().mean()


def test_without_a_last_chunk_there_is_nothing_to_go_on_from() -> None:
    policy, batch, noise = tiny_policy.policy(), tiny_policy.batch(2), tiny_policy.noise(2)
    plain = policy.predict_action_chunk(batch, noise)
    assert torch.equal(plain, policy.predict_action_chunk(batch, noise, inference_delay=4))
