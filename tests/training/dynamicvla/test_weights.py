"""Saved and loaded, here and upstream."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy
from dynacollect.training.dynamicvla.weights import read_config

from .tiny_policy import batch, noise, policy

STATS = {"observation.state": {"mean": torch.arange(6.0), "std": torch.full((6,), 2.0)},
         "action": {"mean": torch.arange(7.0), "std": torch.full((7,), 3.0)}}  # fmt: skip


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    policy().save_pretrained(folder)
    return folder


@dataclass
class Saved:
    weights: dict[str, Tensor]
    config: dict[str, Any]


def copied(saved: Path, folder: Path, change: Callable[[Saved], object]) -> Path:
    it = Saved(load_file(saved / "model.safetensors"), json.loads((saved / "config.json").read_text()))
    change(it)
    folder.mkdir(exist_ok=True)
    save_file(it.weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(it.config))
    return folder


def test_what_was_saved_is_loaded(saved: Path) -> None:
    loaded = DynamicVLAPolicy.from_pretrained(saved)
    assert loaded.config == policy().config
    assert torch.equal(loaded.predict_action_chunk(batch(), noise()), policy().predict_action_chunk(batch(), noise()))
    assert not loaded.training


def test_fields_of_upstream_s_training_script_are_understood(saved: Path, tmp_path: Path) -> None:
    def change(it: Saved) -> None:
        it.config |= {"delta_timestamps": {"observation": [-2, 0]}, "epoch": 12, "smolvlm_vision_layers": 3}
        for key in [key for key in it.weights if key.startswith("model.")]:
            it.weights[f"model._orig_mod.{key.removeprefix('model.')}"] = it.weights.pop(key)

    loaded = DynamicVLAPolicy.from_pretrained(copied(saved, tmp_path, change))
    assert loaded.config.epoch == 12
    assert torch.equal(loaded.predict_action_chunk(batch(), noise()), policy().predict_action_chunk(batch(), noise()))


def test_a_file_in_half_precision_is_widened(saved: Path, tmp_path: Path) -> None:
    def change(it: Saved) -> None:
        for key, value in it.weights.items():
            it.weights[key] = value.bfloat16() if ".text_model." in key else value

    loaded = DynamicVLAPolicy.from_pretrained(copied(saved, tmp_path, change))
    assert {value.dtype for value in loaded.parameters()} == {torch.float32}
    got, wanted = (each.predict_action_chunk(batch(), noise()) for each in (loaded, policy()))
    assert 0 < (got - wanted).abs().max() < 0.2


def test_statistics_of_a_data_set_replace_those_of_the_weights(saved: Path) -> None:
    replaced = DynamicVLAPolicy.from_pretrained(saved, dataset_stats=STATS)
    kept = read_config(saved)
    kept.statistics = "weights"
    staying = DynamicVLAPolicy.from_pretrained(saved, config=kept, dataset_stats=STATS)
    assert torch.equal(replaced.unnormalised(torch.ones(1, 1, 32))[0, 0], torch.arange(7.0) + 3)
    assert torch.equal(staying.unnormalised(noise()), policy().unnormalised(noise()))


def test_weights_without_statistics_are_taken(saved: Path, tmp_path: Path) -> None:
    def change(it: Saved) -> None:
        for key in [key for key in it.weights if "normalize_" in key]:
            del it.weights[key]

    loaded = DynamicVLAPolicy.from_pretrained(copied(saved, tmp_path, change))
    assert torch.equal(loaded.unnormalised(noise()), noise()[..., :7])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda it: it.weights.pop("model.state_proj.bias"), "1 missing, such as model.state_proj.bias"),
        (lambda it: it.weights.update(more=torch.ones(1)), "1 unknown, such as more"),
        (lambda it: it.config.update(num_vlm_layers=3), "unknown, such as model.vlm_with_expert"),
        (lambda it: it.config.update(max_state_dim=16), "state_proj.weight in .* has the shape"),
        (lambda it: it.config.update(type="act"), "holds a policy of type 'act'"),
        (lambda it: it.config.update(chunk_size="many"), "is not understood"),
        (lambda it: it.config.update(vision_tower="eyes"), "there is no vision_tower 'eyes'"),
        (lambda it: it.config.update(temporal_fusion="conv"), "temporal_fusion 'conv'"),
        (lambda it: it.config.update(prefix_length=64), "prefix_length"),
    ],
)
def test_what_does_not_fit_is_refused(
    saved: Path, tmp_path: Path, change: Callable[[Saved], object], said: str
) -> None:
    folder = copied(saved, tmp_path, change)
    with pytest.raises(DynacollectError, match=said):
        DynamicVLAPolicy.from_pretrained(folder)


def test_a_broken_file_is_refused(saved: Path, tmp_path: Path) -> None:
    whole = (saved / "model.safetensors").read_bytes()
    for name, content in (("short", whole[: len(whole) // 2]), ("empty", b""), ("text", b"version https://git-lfs")):
        folder = copied(saved, tmp_path / name, lambda it: it)
        (folder / "model.safetensors").write_bytes(content)
        with pytest.raises(DynacollectError, match=r"cannot be read .* again"):
            DynamicVLAPolicy.from_pretrained(folder)


def test_a_folder_that_is_not_there_is_refused() -> None:
    with pytest.raises(DynacollectError, match="there is no folder 'nowhere/at all'"):
        DynamicVLAPolicy.from_pretrained("nowhere/at all")
