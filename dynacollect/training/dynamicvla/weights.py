"""Weights and configuration from a folder or the Hub: the published layout, several ways to have saved it."""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import draccus
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from ...rig.errors import DynacollectError
from .configuration_dynamicvla import DynamicVLAConfig
from .folding import folded, is_unfolded

if TYPE_CHECKING:
    from .modeling_dynamicvla import DynamicVLAPolicy

CONFIG, WEIGHTS = "config.json", "model.safetensors"
COMPILED, PLAIN = "model._orig_mod.", "model."
STATISTICS = ("normalize_inputs.", "normalize_targets.", "unnormalize_outputs.")


def folder_of(name: str | Path, **hub: Any) -> Path:
    """The folder itself, or the Hub's files in its cache."""
    folder = Path(name)
    if folder.is_dir():
        return folder
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = {key: value for key, value in hub.items() if key in ("revision", "token", "cache_dir", "local_files_only")}
    try:
        return Path(snapshot_download(str(name), allow_patterns=["*.json", "*.safetensors"], **wanted))
    except (HFValidationError, HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise DynacollectError(
            f"there is no folder '{name}', and the Hub did not give it ({type(error).__name__}); "
            "check the name, the network, and `hf auth login`"
        ) from None


def read_config(folder: Path) -> DynamicVLAConfig:
    """As it was saved here or upstream, whose training script adds fields of its own."""
    path = folder / CONFIG
    try:
        found = json.loads(path.read_text())
        kind = found.pop("type", None)
    except (OSError, ValueError, AttributeError):
        raise DynacollectError(f"{path} is missing or is no JSON; name a folder that a policy was saved in") from None
    if kind != "dynamicvla":
        raise DynacollectError(
            f"{folder} holds a policy of type '{kind}'; a dynamicvla one is wanted, or say --policy {kind}"
        )
    known = {each.name for each in fields(DynamicVLAConfig) if each.init}
    if left := sorted(set(found) - known):
        logging.getLogger(__name__).info("%s: fields without a meaning here: %s", path, ", ".join(left))
    try:
        return draccus.decode(DynamicVLAConfig, {key: value for key, value in found.items() if key in known})
    except (draccus.utils.DraccusException, TypeError, ValueError) as error:
        raise DynacollectError(f"{path} is not understood: {str(error).splitlines()[0]}; correct the field") from None


def fill(policy: DynamicVLAPolicy, folder: Path, *, statistics_follow: bool = False) -> None:
    """Give an empty policy its values. Every key must be there and known; only statistics may follow later."""
    found = read_weights(folder / WEIGHTS)
    wanted = policy.state_dict()
    loose = {key for key in wanted if key.startswith(STATISTICS)}
    if statistics_follow:
        found = {key: value for key, value in found.items() if key not in loose}
    for key in sorted(loose - set(found)):
        found[key] = torch.ones(wanted[key].shape) if key.endswith("std") else torch.zeros(wanted[key].shape)
    _check(folder, found, wanted)
    values = {key: value.to(wanted[key].dtype) for key, value in found.items()}
    policy.load_state_dict(values, strict=True, assign=True)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Keys as the model has them, folded."""
    try:
        with safe_open(path, "pt") as file:
            found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 # because it is no mapping
    except (OSError, SafetensorError) as error:
        raise DynacollectError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); download or copy it again"
        ) from None
    found = {PLAIN + key.removeprefix(COMPILED) if key.startswith(COMPILED) else key: x for key, x in found.items()}
    return folded(found) if is_unfolded(found) else found


def _check(folder: Path, found: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    missing, odd = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    if missing or odd:
        said = [
            f"{len(keys)} {what}, such as {keys[0]}" for keys, what in ((missing, "missing"), (odd, "unknown")) if keys
        ]
        raise DynacollectError(
            f"the weights in {folder} are not those of its config.json: {' and '.join(said)}; take both from one place"
        )
    for key, value in found.items():
        if value.shape != wanted[key].shape:
            raise DynacollectError(
                f"{key} in {folder} has the shape {tuple(value.shape)} and config.json makes it "
                f"{tuple(wanted[key].shape)}; take both from one place, or train for this robot anew"
            )
