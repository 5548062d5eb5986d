"""Run given weights on given arrays, and write what comes out of every stage, to be compared with another program's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from lerobot.configs import FeatureType, PolicyFeature

from ...rig.errors import DynacollectError
from .configuration_dynamicvla import DynamicVLAConfig
from .modeling_dynamicvla import TOKENS, TOKENS_VALID, DynamicVLAPolicy
from .statistics import STATE
from .weights import CONFIG, read_config

CAMERAS = ("opst_cam", "wrist_cam")
NEEDED = ("in_images", "in_state", "in_lang_ids", "in_lang_mask", "in_noise")


def parity(weights: Path, inputs: Path, out: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the arrays that were written to `out`."""
    given = _read(inputs)
    policy = policy_of(weights)
    parts = [_one(policy, {key: given[key][row : row + 1] for key in NEEDED}) for row in range(len(given["in_state"]))]
    made = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
    with out.open("xb") as file:
        np.savez(file, **made)  # type: ignore[arg-type]
    return {key: array.shape for key, array in made.items()}


def policy_of(weights: Path) -> DynamicVLAPolicy:
    """A file alone is taken for the published model's, with its two cameras; beside a config.json that one counts."""
    folder = weights if weights.is_dir() else weights.parent
    config = read_config(folder) if (folder / CONFIG).is_file() else published_config()
    config.device = "cpu"
    if weights.is_file() and weights.name != "model.safetensors":
        raise DynacollectError(f"{weights} is not named model.safetensors; put it in a folder under that name")
    return DynamicVLAPolicy.from_pretrained(folder, config=config)


def published_config(**changes: Any) -> DynamicVLAConfig:
    images = {f"observation.images.{name}": PolicyFeature(FeatureType.VISUAL, (3, 360, 480)) for name in CAMERAS}
    return DynamicVLAConfig(
        input_features={**images, STATE: PolicyFeature(FeatureType.STATE, (6,))},
        output_features={"action": PolicyFeature(FeatureType.ACTION, (7,))},
        **{"device": "cpu", **changes},
    )


def batch_of(policy: DynamicVLAPolicy, given: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    pictures = torch.from_numpy(given["in_images"]).permute(0, 1, 2, 5, 3, 4).float() / 255
    batch = {key: pictures[:, number] for number, key in enumerate(policy.config.image_keys())}
    batch[STATE] = torch.from_numpy(given["in_state"])
    batch[TOKENS] = torch.from_numpy(given["in_lang_ids"])
    batch[TOKENS_VALID] = torch.from_numpy(given["in_lang_mask"])
    return batch


@torch.inference_mode()
def _one(policy: DynamicVLAPolicy, given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    batch, noise = batch_of(policy, given), torch.from_numpy(given["in_noise"])
    seen = policy.see(policy.pictures(batch)[0])
    embedded, valid = policy.embedded(batch)
    prefix = policy.model.read(embedded, valid)
    actions = policy.model.sample(prefix, noise)
    made = {
        "vision_tokens": torch.stack(seen, dim=1),
        "prefix": embedded,
        "v_first": policy.model.velocity(prefix, noise, torch.ones(len(noise))),
        "actions": actions,
        "chunk": policy.unnormalised(actions),
    }
    return {key: tensor.float().numpy() for key, tensor in made.items()}


def _read(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path) as file:
            given = {key: file[key] for key in file.files}
    except (OSError, ValueError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); name an .npz file") from None
    if lacking := [key for key in NEEDED if key not in given]:
        raise DynacollectError(f"{path} lacks {', '.join(lacking)}; see docs/dynamicvla.md for the arrays")
    return given
