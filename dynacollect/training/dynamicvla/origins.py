"""First values from a language model and a vision tower that were trained apart."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from torch import Tensor

from ...rig.errors import DynacollectError
from .folding import folded, is_unfolded
from .modeling_dynamicvla import DynamicVLAPolicy
from .tower import CHANNELS
from .weights import WEIGHTS, folder_of, read_weights

TOWER_NAMES = re.compile(r"(?:^|\.)(?:patch_embed(?:ding)?|network|layers|conv_exp)\.")
"""Where the tower's own part of a key begins, in the names of its authors and in those of the published policy."""


def text_from(policy: DynamicVLAPolicy, source: str | Path) -> None:
    """Take the first layers of a SmolLM2 as Hugging Face keeps it: a folder, a file or a Hub id."""
    found = {key.removeprefix("model."): value for key, value in _read(source).items() if key != "lm_head.weight"}
    _take(policy.model.backbone.text_model, found, source, "a text model")


def vision_from(policy: DynamicVLAPolicy, source: str | Path) -> None:
    """Take a FastViT tower, folded or not; one that sees one picture gets to see the mean of both moments."""
    found = _read(source)
    if is_unfolded({f"vision_model.{key}": value for key, value in found.items()}):
        unfolded = {f"vision_model.{_tower_key(key)}": value for key, value in found.items() if _tower_key(key)}
        found = {key.removeprefix("vision_model."): value for key, value in folded(unfolded).items()}
    named = {_tower_key(key): value for key, value in found.items() if _tower_key(key)}
    first = named.get("patch_embedding.0.reparam_conv.weight")
    if first is not None and first.shape[1] * 2 == CHANNELS:
        named["patch_embedding.0.reparam_conv.weight"] = torch.cat([first, first], dim=1) / 2
    _take(policy.model.backbone.vision_model, named, source, "a vision tower")


def _tower_key(key: str) -> str:
    begin = TOWER_NAMES.search(key)
    if begin is None:
        return ""
    own = key[begin.start() :].lstrip(".")
    return (
        own.replace("patch_embed.", "patch_embedding.", 1)
        if own.startswith("patch_embed.")
        else own.replace("network.", "layers.", 1)
    )


def _read(source: str | Path) -> dict[str, Tensor]:
    path = Path(source)
    return read_weights(path if path.is_file() else folder_of(source) / WEIGHTS)


def _take(module: torch.nn.Module, found: dict[str, Tensor], source: str | Path, what: str) -> None:
    wanted = module.state_dict()
    lacking = [key for key, value in wanted.items() if key not in found or found[key].shape != value.shape]
    if lacking:
        key = lacking[0]
        there = tuple(found[key].shape) if key in found else "nothing"
        raise DynacollectError(
            f"{source} is not {what} of this policy's size: {key} is {there} and should be {tuple(wanted[key].shape)}; "
            "name the one that config.json names"
        )
    module.load_state_dict({key: found[key].to(value.dtype) for key, value in wanted.items()})
