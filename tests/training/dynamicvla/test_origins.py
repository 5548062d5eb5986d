"""Text models and towers that were trained apart."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy
from dynacollect.training.dynamicvla.origins import text_from, vision_from

from .tiny_policy import config, policy


def test_a_longer_text_model_gives_its_first_layers(tmp_path: Path) -> None:
    longer = policy(num_vlm_layers=6).model.backbone.text_model
    weights = {f"model.{key}": value.bfloat16() for key, value in longer.state_dict().items()}
    save_file(weights | {"lm_head.weight": torch.zeros(3)}, tmp_path / "model.safetensors")
    one = DynamicVLAPolicy(config())
    text_from(one, tmp_path)
    for key, value in one.model.backbone.text_model.state_dict().items():
        assert torch.equal(value, longer.state_dict()[key].bfloat16().float())


@pytest.mark.parametrize("authors", [False, True])
def test_a_tower_for_one_picture_sees_the_mean_of_both(authors: bool, tmp_path: Path) -> None:
    whole = policy().model.backbone.vision_model
    kept = dict(whole.state_dict())
    kept["patch_embedding.0.reparam_conv.weight"] = kept["patch_embedding.0.reparam_conv.weight"][:, :3].contiguous()
    if authors:
        kept = {
            "model.vision_tower.vision_tower.model."
            + key.replace("patch_embedding.", "patch_embed.").replace("layers.", "network.", 1): value
            for key, value in kept.items()
        }
    save_file(kept, tmp_path / "model.safetensors")
    one = DynamicVLAPolicy(config())
    vision_from(one, tmp_path)
    tower = one.model.backbone.vision_model.eval()
    with torch.no_grad():
        a, b = torch.rand(2, 1, 3, 96, 96)
        mean = (a + b) / 2
        assert torch.allclose(tower(torch.cat([a, b], 1)), tower(torch.cat([mean, mean], 1)), atol=1e-4)
        assert not torch.allclose(tower(torch.cat([a, b], 1)), tower(torch.cat([a, a], 1)), atol=1e-4)


def test_another_size_is_refused(tmp_path: Path) -> None:
    save_file({"model.embed_tokens.weight": torch.zeros(5, 5)}, tmp_path / "model.safetensors")
    with pytest.raises(DynacollectError, match=r"is not a text model .* embed_tokens.weight is \(5, 5\)"):
        text_from(policy(), tmp_path)
    with pytest.raises(DynacollectError, match=r"is not a vision tower .* is nothing"):
        vision_from(policy(), tmp_path)
