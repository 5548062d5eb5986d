"""Between the published layout of a policy's folder and LeRobot's, and a new robot's statistics on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import draccus
from lerobot.configs import PreTrainedConfig
from safetensors.torch import save_file

from ...rig.errors import DynacollectError
from .configuration_dynamicvla import DynamicVLAConfig
from .modeling_dynamicvla import DynamicVLAPolicy
from .processor_dynamicvla import make_dynamicvla_pre_post_processors
from .weights import CONFIG, WEIGHTS

OURS = frozenset({
    "observation_steps", "vision_tower", "preset", "tokenizer", "text_dtype", "dtype", "statistics", "delta_statistics",
    "wrapped_dims", "mask_action_padding", "loss_on_real_dims", "allow_missing_cameras",
})  # fmt: skip
"""Fields that upstream does not know."""
LATER = frozenset({"use_peft", "pretrained_path", "pretrained_revision"})
"""Fields that LeRobot 0.3.3, on which upstream stands, does not know."""
PUBLISHED_NORMS = {"VISUAL": "IDENTITY", "STATE": "MEAN_STD", "ACTION": "MEAN_STD"}


def convert(
    source: str | Path, out: Path, to: Literal["lerobot", "upstream"], statistics: Mapping[str, Any] | None = None
) -> DynamicVLAPolicy:
    """Write the policy of `source` to the new folder `out`."""
    if out.exists():
        raise DynacollectError(f"{out} exists already; name a folder that does not")
    policy = DynamicVLAPolicy.from_pretrained(source, dataset_stats=statistics)
    if to == "upstream":
        published = upstream_fields(policy.config)
        out.mkdir(parents=True)
        save_file({key: value.contiguous() for key, value in policy.state_dict().items()}, out / WEIGHTS)
        (out / CONFIG).write_text(json.dumps(published, indent=4) + "\n")
    else:
        policy.save_pretrained(out)
        for pipeline in make_dynamicvla_pre_post_processors(policy.config):
            pipeline.save_pretrained(out)
    return policy


def upstream_fields(config: DynamicVLAConfig) -> dict[str, Any]:
    """What upstream's reader takes."""
    if config.vision_tower != "fastvithd" or config.vlm_model_name.startswith("bytes"):
        raise DynacollectError(
            "upstream knows the published tower and SmolLM2 alone, and this policy is a smaller one; keep it in "
            "LeRobot's layout with --to lerobot"
        )
    encoded = draccus.encode(config, PreTrainedConfig)
    known = {each.name for each in fields(config)} - OURS - LATER
    told = {key: value for key, value in encoded.items() if key in known or key == "type"}
    return {
        **told,
        "normalization_mapping": PUBLISHED_NORMS,
        "delta_timestamps": {"observation": list(config.observation_steps)},
        "epoch": config.epoch or 0,
    }
