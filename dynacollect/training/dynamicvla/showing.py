"""What a person wants to know of a policy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ...rig.errors import DynacollectError
from .modeling_dynamicvla import DynamicVLAPolicy


def shown(policy: DynamicVLAPolicy) -> dict[str, Any]:
    """Plain values, by name."""
    config = policy.config
    state, action = policy.normalize_inputs["buffer_observation_state"], policy.unnormalize_outputs["buffer_action"]
    trained = sum(each.numel() for each in policy.parameters() if each.requires_grad)
    return {
        "sees": [f"{key} {'x'.join(map(str, config.image_features[key].shape))}" for key in config.image_keys()],
        "feels": f"a state of {config.state_dim} values",
        "makes": f"chunks of {config.chunk_size} actions of {config.action_dim} values, "
        f"the first {config.delta_dims} as differences to the state",
        "text": f"{config.vlm_model_name}, {config.num_vlm_layers} layers, {config.text_dtype}",
        "eyes": f"{config.vision_tower}, {config.resize_imgs_with_padding[0]} px",
        "parameters": f"{sum(each.numel() for each in policy.parameters()):,}, of which {trained:,} are trained",
        "state mean": [round(float(each), 4) for each in state.mean],  # type: ignore[union-attr]
        "state deviation": [round(float(each), 4) for each in state.std],  # type: ignore[union-attr]
        "action mean": [round(float(each), 4) for each in action.mean],  # type: ignore[union-attr]
        "action deviation": [round(float(each), 4) for each in action.std],  # type: ignore[union-attr]
    }


def data_statistics(folder: Path) -> dict[str, Any]:
    """Those that a LeRobot data set says of itself."""
    path = folder / "meta" / "stats.json"
    try:
        found = json.loads(path.read_text())
        return {key: found[key] for key in ("observation.state", "action")}
    except (OSError, ValueError, KeyError, TypeError):
        raise DynacollectError(
            f"{path} is missing or says nothing of state and action; name a LeRobot data set"
        ) from None
