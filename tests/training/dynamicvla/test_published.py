"""The published model: its names, sizes and numbers."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy
from dynacollect.training.dynamicvla.parity import batch_of, published_config

from .made_weights import made

NAMES = "10ff59ae8ce5d5c2"
"""Of all keys and shapes of the published file, in alphabetical order, a line each: the start of their sha256."""
ARRAYS = Path(__file__).with_name("published.npz")
"""What the public code makes of one observation with made weights."""


@pytest.fixture(scope="module")
def empty() -> DynamicVLAPolicy:
    return DynamicVLAPolicy(published_config(), empty=True)


def test_its_keys_and_shapes(empty: DynamicVLAPolicy) -> None:
    state = empty.state_dict()
    lines = [f"{key} {'x'.join(map(str, value.shape)) or 'scalar'}\n" for key, value in sorted(state.items())]
    assert len(lines) == 931
    assert hashlib.sha256("".join(lines).encode()).hexdigest().startswith(NAMES)


def test_its_parameters(empty: DynamicVLAPolicy) -> None:
    assert sum(each.numel() for each in empty.parameters()) == 430_155_272
    assert sum(each.numel() for each in empty.parameters() if each.requires_grad) == 99_061_792


def test_its_mixed_form() -> None:
    kinds = [
        value.dtype
        for value in DynamicVLAPolicy(published_config(text_dtype="bfloat16"), empty=True).state_dict().values()
    ]
    counted = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counted == {torch.bfloat16: 275, torch.float32: 612, torch.int64: 44}


@pytest.mark.slow
@pytest.mark.long
def test_its_numbers(empty: DynamicVLAPolicy) -> None:
    empty.load_state_dict(dict(made(empty.state_dict())), assign=True)
    policy = empty.eval()
    with np.load(ARRAYS) as file:
        given = {key: file[key] for key in file.files}
    batch, noise = batch_of(policy, given), torch.from_numpy(given["in_noise"])
    with torch.inference_mode():
        seen = policy.see(policy.pictures(batch)[0])
        embedded, valid = policy.embedded(batch)
        prefix = policy.model.read(embedded, valid)
        velocity = policy.model.velocity(prefix, noise, torch.ones(1))
        actions = policy.model.sample(prefix, noise)
    assert np.abs(seen[0][:, ::6].numpy() - given["a_vision_tokens_opst"]).max() < 1e-6
    assert np.abs(embedded[:, ::12].numpy() - given["a_prefix_embs"]).max() < 1e-5
    assert np.abs(velocity.numpy() - given["a_v_first"]).max() < 1e-5
    assert np.abs(actions.numpy() - given["a_actions"]).max() < 5e-6
