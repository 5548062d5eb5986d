"""What sees what."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from dynacollect.training.dynamicvla.layers import Turn, added, attend, attend_fast
from dynacollect.training.dynamicvla.modeling_dynamicvla import TOKENS, TOKENS_VALID, DynamicVLAPolicy

from .tiny_policy import CAMERAS, batch, noise, policy


@pytest.fixture(scope="module")
def tiny() -> DynamicVLAPolicy:
    return policy()


def chunk(of: DynamicVLAPolicy, given: dict[str, Tensor], start: Tensor | None = None) -> Tensor:
    return of.predict_action_chunk(given, noise(len(given[TOKENS])) if start is None else start)


def test_pictures_and_text_do_not_see_the_state(tiny: DynamicVLAPolicy) -> None:
    given, other = batch(), batch()
    other["observation.state"] = other["observation.state"] + 1
    with torch.no_grad():
        first, second = tiny.prefix(given), tiny.prefix(other)
    for key, moved in zip(first.keys, second.keys, strict=True):
        assert torch.equal(key[:, :, :-1], moved[:, :, :-1])
        assert not torch.equal(key[:, :, -1], moved[:, :, -1])


@pytest.mark.parametrize("part", [*CAMERAS, TOKENS, "observation.state"])
def test_every_part_counts(tiny: DynamicVLAPolicy, part: str) -> None:
    given = batch()
    changed = {**given, part: (given[part] + 1) % 200 if part == TOKENS else 1 - given[part]}
    assert (chunk(tiny, given) - chunk(tiny, changed)).abs().max() > 1e-3


def test_both_moments_count(tiny: DynamicVLAPolicy) -> None:
    given = batch()
    swapped = {**given, CAMERAS[0]: given[CAMERAS[0]].flip(1)}
    assert (chunk(tiny, given) - chunk(tiny, swapped)).abs().max() > 1e-3


def test_only_the_newest_state_counts(tiny: DynamicVLAPolicy) -> None:
    given = batch()
    alone = {**given, "observation.state": given["observation.state"][:, -1]}
    assert torch.equal(chunk(tiny, given), chunk(tiny, alone))


def test_padding_of_the_text_does_not_count(tiny: DynamicVLAPolicy) -> None:
    given = batch(words=7)
    longer = dict(given)
    longer[TOKENS] = torch.nn.functional.pad(given[TOKENS], (0, 5), value=256)
    longer[TOKENS_VALID] = torch.nn.functional.pad(given[TOKENS_VALID], (0, 5), value=False)
    assert torch.allclose(chunk(tiny, given), chunk(tiny, longer), atol=1e-5)


def test_a_masked_camera_does_not_count(tiny: DynamicVLAPolicy) -> None:
    given = batch() | {f"{CAMERAS[1]}_padding_mask": torch.zeros(2, dtype=torch.bool)}
    other = {**given, CAMERAS[1]: 1 - given[CAMERAS[1]]}
    assert torch.allclose(chunk(tiny, given), chunk(tiny, other), atol=1e-5)


def test_rows_of_a_batch_do_not_see_each_other(tiny: DynamicVLAPolicy) -> None:
    given = batch(3)
    one = {key: value[1:2] for key, value in given.items()}
    assert torch.allclose(chunk(tiny, given)[1:2], chunk(tiny, one, noise(3)[1:2]), atol=1e-5)


def test_an_action_sees_those_before_it_only(tiny: DynamicVLAPolicy) -> None:
    first, second = noise(), noise()
    second[:, 12] += 1
    with torch.no_grad():
        prefix = tiny.prefix(batch())
        a, b = (tiny.model.velocity(prefix, each, torch.full((2,), 0.7)) for each in (first, second))
    assert torch.equal(a[:, :12], b[:, :12])
    assert all((a[:, step] - b[:, step]).abs().max() > 1e-4 for step in range(12, 20))


def test_the_noise_is_left_alone(tiny: DynamicVLAPolicy) -> None:
    start = noise()
    assert torch.equal(chunk(tiny, batch(), start), chunk(tiny, batch(), start))
    assert torch.equal(start, noise())


def test_euler_steps_sum_up(tiny: DynamicVLAPolicy) -> None:
    with torch.no_grad():
        prefix = tiny.prefix(batch())
        x = noise()
        for step in range(10):
            x = x - tiny.model.velocity(prefix, x, torch.full((2,), 1 - step / 10)) / 10
        assert torch.allclose(tiny.model.sample(prefix, noise()), x, atol=1e-4)


def test_turned_products_depend_on_distance_alone() -> None:
    g = torch.Generator().manual_seed(0)
    query, key = torch.randn((2, 1, 1, 1, 64), generator=g)

    def product(at: int, other: int) -> Tensor:
        return (Turn(torch.tensor([[at]]))(query) * Turn(torch.tensor([[other]]))(key)).sum()

    assert torch.allclose(product(3, 8), product(40, 45), atol=1e-4)
    assert not torch.allclose(product(3, 8), product(3, 9), atol=1e-2)
    assert torch.allclose(Turn(torch.tensor([[17]]))(query).norm(), query.norm())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_is_a_weighted_mean_of_what_is_allowed(dtype: torch.dtype) -> None:
    g = torch.Generator().manual_seed(1)
    query = torch.randn((2, 6, 5, 64), generator=g)
    key, value = torch.randn((2, 2, 2, 9, 64), generator=g)
    allowed = torch.rand((2, 5, 9), generator=g) < 0.6
    allowed[0, 0] = False
    expected = torch.zeros(2, 6, 5, 64)
    for row in range(2):
        for head in range(6):
            for token in range(5):
                seen = allowed[row, token] if allowed[row, token].any() else torch.ones(9, dtype=torch.bool)
                scores = key[row, head // 3, seen] @ query[row, head, token] / 8
                scores = scores if allowed[row, token].any() else torch.zeros(9)
                expected[row, head, token] = scores.softmax(0) @ value[row, head // 3, seen]
    for way in (attend, attend_fast):
        got = way(query.to(dtype), key.to(dtype), value.to(dtype), added(allowed)).float()
        assert torch.allclose(got, expected, atol=1e-5 if dtype == torch.float32 else 3e-2)
