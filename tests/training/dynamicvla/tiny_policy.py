"""A small policy with made weights, and batches for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from lerobot.configs import FeatureType, PolicyFeature
from torch import Tensor

from dynacollect.training.dynamicvla import DynamicVLAConfig
from dynacollect.training.dynamicvla.modeling_dynamicvla import TOKENS, TOKENS_VALID, DynamicVLAPolicy

from .made_weights import made

CAMERAS = ("observation.images.opst_cam", "observation.images.wrist_cam")


def config(**changes: Any) -> DynamicVLAConfig:
    images = {key: PolicyFeature(FeatureType.VISUAL, (3, 36, 48)) for key in CAMERAS}
    made_up = DynamicVLAConfig(
        input_features={**images, "observation.state": PolicyFeature(FeatureType.STATE, (6,))},
        output_features={"action": PolicyFeature(FeatureType.ACTION, (7,))},
        preset="tiny",
        device="cpu",
        push_to_hub=False,
    )
    return replace(made_up, **changes)


def policy(**changes: Any) -> DynamicVLAPolicy:
    """With weights that let every part count."""
    one = DynamicVLAPolicy(config(**changes), empty=True)
    wanted = one.state_dict()
    one.load_state_dict({key: value.to(wanted[key].dtype) for key, value in made(wanted)}, assign=True)
    return one.eval()


def batch(count: int = 2, words: int = 7, seed: int = 0) -> dict[str, Tensor]:
    g = torch.Generator().manual_seed(seed)
    made_up = {key: torch.rand((count, 2, 3, 36, 48), generator=g) for key in CAMERAS}
    made_up["observation.state"] = torch.randn((count, 2, 6), generator=g)
    made_up["action"] = torch.randn((count, 20, 7), generator=g)
    made_up[TOKENS] = torch.randint(0, 256, (count, words), generator=g)
    made_up[TOKENS_VALID] = torch.ones((count, words), dtype=torch.bool)
    return made_up


def noise(count: int = 2, seed: int = 1) -> Tensor:
    return torch.randn((count, 20, 32), generator=torch.Generator().manual_seed(seed))
