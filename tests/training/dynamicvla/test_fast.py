"""The ways to be fast give the policy's own numbers."""

from __future__ import annotations

import shutil

import pytest
import torch

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.fast import FastPolicy
from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy

from .tiny_policy import batch, noise, policy


@pytest.fixture(scope="module")
def tiny() -> DynamicVLAPolicy:
    return policy()


def test_folded_norms_and_padded_text_change_nothing(tiny: DynamicVLAPolicy) -> None:
    expected = tiny.predict_action_chunk(batch(), noise())
    fast = FastPolicy(tiny)
    assert torch.allclose(fast(batch(), noise()), expected, atol=2e-5)
    assert torch.equal(tiny.predict_action_chunk(batch(), noise()), expected)
    assert fast.policy.model.state_proj.weight.data_ptr() == tiny.model.state_proj.weight.data_ptr()


def test_half_precision_is_near_and_leaves_the_policy_alone(tiny: DynamicVLAPolicy) -> None:
    expected = tiny.predict_action_chunk(batch(), noise())
    got = FastPolicy(tiny, dtype=torch.bfloat16)(batch(), noise())
    assert got.dtype == torch.float32
    assert 0 < (got - expected).abs().max() < 0.1 * expected.abs().max()
    assert {each.dtype for each in tiny.parameters()} == {torch.float32}


def test_the_mixed_form_runs(tiny: DynamicVLAPolicy) -> None:
    expected = tiny.predict_action_chunk(batch(), noise())
    mixed = policy(text_dtype="bfloat16")
    for got in (mixed.predict_action_chunk(batch(), noise()), FastPolicy(mixed)(batch(), noise())):
        assert (got - expected).abs().max() < 0.1 * expected.abs().max()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(shutil.which("g++") is None, reason="PyTorch compiles with g++")
def test_compiled_it_is_the_same(tiny: DynamicVLAPolicy) -> None:
    got = FastPolicy(tiny, capture="compile")(batch(), noise())
    assert torch.allclose(got, tiny.predict_action_chunk(batch(), noise()), atol=1e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="graphs are captured on a GPU")
@pytest.mark.parametrize("capture", ["graph", "compile"])
def test_on_a_gpu_every_way_is_the_same(capture: str) -> None:
    there = policy().to("cuda")
    expected = policy().predict_action_chunk(batch(), noise())
    fast = FastPolicy(there, capture=capture)  # type: ignore[arg-type]
    for seed in (0, 3):
        wanted = policy().predict_action_chunk(batch(seed=seed), noise()) if seed else expected
        assert torch.allclose(fast(batch(seed=seed), noise()).cpu(), wanted, atol=2e-2)


def test_a_long_instruction_is_refused(tiny: DynamicVLAPolicy) -> None:
    with pytest.raises(DynacollectError, match="has 60 tokens and room is for 48"):
        FastPolicy(tiny)(batch(words=60), noise())


def test_graphs_need_a_gpu(tiny: DynamicVLAPolicy) -> None:
    with pytest.raises(DynacollectError, match="on an NVIDIA GPU only"):
        FastPolicy(tiny, capture="graph")(batch(), noise())
