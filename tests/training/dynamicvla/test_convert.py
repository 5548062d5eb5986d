"""To upstream's layout and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lerobot.policies import make_pre_post_processors

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.convert import convert, upstream_fields
from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy
from dynacollect.training.dynamicvla.parity import published_config

from .tiny_policy import batch, noise, policy

PUBLISHED = {
    "type", "n_obs_steps", "normalization_mapping", "input_features", "output_features", "device", "use_amp",
    "push_to_hub", "repo_id", "private", "tags", "license", "chunk_size", "n_action_steps", "max_state_dim",
    "max_action_dim", "resize_imgs_with_padding", "empty_cameras", "adapt_to_pi_aloha", "use_delta_joint_actions_aloha",
    "use_delta_action", "enable_streaming", "temporal_fusion", "tokenizer_max_length", "num_steps", "use_cache",
    "freeze_vision_model", "freeze_connector", "freeze_text_model", "train_state_proj", "attention_mode",
    "prefix_length", "pad_language_to", "num_expert_layers", "num_expert_skip_layers", "vlm_model_name",
    "num_vlm_layers", "fastvlm_inference_mode", "self_attn_every_n_layers", "expert_width_multiplier", "min_period",
    "max_period", "delta_timestamps", "epoch",
}  # fmt: skip


def test_lerobot_s_layout_comes_with_its_pipelines(tmp_path: Path) -> None:
    policy().save_pretrained(tmp_path / "from")
    convert(tmp_path / "from", tmp_path / "to", "lerobot")
    before, _ = make_pre_post_processors(policy().config, pretrained_path=str(tmp_path / "to"))
    assert [type(step).__name__ for step in before.steps].count("DifferenceStep") == 1
    again = DynamicVLAPolicy.from_pretrained(tmp_path / "to")
    assert torch.equal(again.predict_action_chunk(batch(), noise()), policy().predict_action_chunk(batch(), noise()))


def test_upstream_s_fields_are_those_it_knows() -> None:
    told = upstream_fields(published_config())
    named = {key for key in told if not key.startswith(("optimizer_", "scheduler_"))}
    assert named == PUBLISHED
    assert told["normalization_mapping"] == {"VISUAL": "IDENTITY", "STATE": "MEAN_STD", "ACTION": "MEAN_STD"}
    assert told["delta_timestamps"] == {"observation": [-2, 0]}
    assert told["input_features"]["observation.state"] == {"type": "STATE", "shape": [6]}
    json.dumps(told)


def test_a_small_policy_does_not_go_upstream(tmp_path: Path) -> None:
    policy().save_pretrained(tmp_path / "from")
    with pytest.raises(DynacollectError, match="upstream knows the published tower"):
        convert(tmp_path / "from", tmp_path / "to", "upstream")
    assert not (tmp_path / "to").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="exists already"):
        convert(tmp_path, tmp_path, "lerobot")


def test_presets_fill_in_what_is_at_its_default() -> None:
    tiny = published_config(preset="tiny", num_vlm_layers=2)
    assert (tiny.num_vlm_layers, tiny.vision_tower, tiny.preset) == (2, "tiny", None)
    assert replace(tiny, freeze_text_model=True).freeze_text_model
    sizes = {
        name: DynamicVLAPolicy(published_config(preset=name), empty=True) for name in ("tiny", "small", "dynamicvla")
    }
    counts = {name: sum(each.numel() for each in one.parameters()) / 1e6 for name, one in sizes.items()}
    assert 2 < counts["tiny"] < 5
    assert 45 < counts["small"] < 75
    assert counts["dynamicvla"] == pytest.approx(430.155, abs=0.001)
    with pytest.raises(DynacollectError, match="there is no preset 'huge'"):
        published_config(preset="huge")
