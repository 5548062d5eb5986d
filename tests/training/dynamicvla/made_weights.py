"""Weights from names and shapes alone, bit for bit the same on any machine, as the published parity arrays assume."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

STEP, MIX_1, MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
STATISTICS = ("normalize_inputs.", "normalize_targets.", "unnormalize_outputs.")


def made(state: dict[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """A value for every key of a state dict, of which only shapes are read."""
    for key, like in state.items():
        if like.dtype == torch.int64:
            yield key, torch.zeros(like.shape, dtype=torch.int64)
        else:
            yield key, torch.from_numpy(_value(key, tuple(like.shape)))


def _value(key: str, shape: tuple[int, ...]) -> np.ndarray:
    name = next((key.removeprefix(start) for start in STATISTICS if key.startswith(start)), key)
    offset, scale, centred = _law(key, shape)
    value = _uniform(name, math.prod(shape))
    value *= np.float32(scale)
    value += np.float32(offset)
    value = value.reshape(shape)
    if centred:
        value[:, :, shape[2] // 2, shape[3] // 2] += np.float32(1)
    return value


def _law(key: str, shape: tuple[int, ...]) -> tuple[float, float, bool]:
    """Offset, scale, and whether 1 is added to the middle of each kernel."""
    leaf, parent = key.rsplit(".", 1)[-1], key.rsplit(".", 2)[-2]
    simple = {"running_var": (1.0, 0.5), "running_mean": (0.0, 0.1), "std": (0.6, 0.4), "mean": (0.0, 0.5)}
    simple["bias"] = (0.0, 0.05)
    if leaf in simple:
        return (*simple[leaf], False)
    if leaf.startswith("layer_scale"):
        return 0.15, 0.1, False
    if len(shape) == 1:
        return 1.0, 0.2, False
    fan_in = math.prod(shape[1:])
    unit = math.sqrt(3.0 / fan_in)
    if ".vision_model." in key:
        if parent == "reparam_conv" and fan_in > 1 and (".token_mixer." in key or shape[-1] == 7):
            return 0.0, 0.15 * unit, True
        activated = parent in ("reparam_conv", "lkb_reparam", "fc1")
        return 0.0, (1.5 if activated else 1.0) * unit, False
    if key.endswith(".connector.connector.2.weight"):
        return 0.0, 0.06 * unit, False
    return 0.0, unit, False


def _uniform(name: str, count: int) -> np.ndarray:
    """Splitmix64 seeded by the name, as float32 in [-1, 1)."""
    seed = np.uint64(int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little"))
    with np.errstate(over="ignore"):
        z = np.arange(1, count + 1, dtype=np.uint64)
        z *= STEP
        z += seed
        z ^= z >> np.uint64(30)
        z *= MIX_1
        z ^= z >> np.uint64(27)
        z *= MIX_2
        z ^= z >> np.uint64(31)
    top = (z >> np.uint64(40)).astype(np.int64) - (1 << 23)
    return top.astype(np.float32) * np.float32(2.0**-23)
