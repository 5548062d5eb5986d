"""Several branches that a vision tower was trained with, as the one convolution that does the same."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

EPS = 1e-5
VISION = "vision_model."
BRANCHES = (".mixer.", ".norm.rbr_", ".rbr_conv.", ".rbr_scale.", ".rbr_skip.", ".lkb_origin.", ".small_conv.", ".pe.")
"""In a key, what comes after the name of the block."""

Kernel = tuple[Tensor, Tensor]
"""Weight and bias."""


def is_unfolded(weights: Mapping[str, Tensor]) -> bool:
    return any(VISION in key and ".rbr_" in key for key in weights)


def folded(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights, with every block of branches in its folded form."""
    done: dict[str, Tensor] = {}
    blocks = sorted({_block(key) for key in weights if VISION in key and _block(key)})
    for block in blocks:
        inside = {key.removeprefix(block + "."): value for key, value in weights.items() if key.startswith(block + ".")}
        name, (weight, bias) = _fold(inside)
        done[f"{block}.{name}.weight"], done[f"{block}.{name}.bias"] = weight, bias
        done |= {f"{block}.{key}": value for key, value in inside.items() if key.startswith("se.")}
    left = {key: value for key, value in weights.items() if not any(key.startswith(block + ".") for block in blocks)}
    return left | done


def _block(key: str) -> str:
    """What the key's branches are folded into; nothing if it is no branch."""
    for mark in BRANCHES:
        before, found, _ = key.partition(mark)
        if found:
            return before
    scaled = key.endswith(".token_mixer.layer_scale")
    return key.removesuffix(".layer_scale") if scaled else ""


def _fold(inside: Mapping[str, Tensor]) -> tuple[str, Kernel]:
    if any(key.startswith("mixer.") for key in inside):
        return "reparam_conv", _mixer(inside)
    if any(key.startswith("lkb_origin.") for key in inside):
        return "lkb_reparam", _large(inside)
    if any(key.startswith("pe.") for key in inside):
        weight, bias = inside["pe.weight"], inside["pe.bias"]
        return "reparam_conv", (weight + _identity(weight.shape), bias)
    return "reparam_conv", _branches(inside, "")


def _mixer(inside: Mapping[str, Tensor]) -> Kernel:
    """Identity + layer scale * (mixer - norm)."""
    weight, bias = _branches(inside, "mixer.")
    norm = _skip(inside, "norm.rbr_skip.", weight.shape)
    scale = inside["layer_scale"].flatten()
    return (
        _identity(weight.shape) + scale[:, None, None, None] * (weight - norm[0]),
        scale * (bias - norm[1]),
    )


def _large(inside: Mapping[str, Tensor]) -> Kernel:
    weight, bias = _normed(inside, "lkb_origin.")
    small, small_bias = _normed(inside, "small_conv.")
    return weight + _centred(small, weight.shape[-1]), bias + small_bias


def _branches(inside: Mapping[str, Tensor], prefix: str) -> Kernel:
    """The sum of a convolution, a 1 x 1 convolution and an identity, each normed, as far as they are there."""
    weight, bias = _normed(inside, prefix + "rbr_conv.0.")
    if any(key.startswith(prefix + "rbr_scale.") for key in inside):
        scale, scale_bias = _normed(inside, prefix + "rbr_scale.")
        weight, bias = weight + _centred(scale, weight.shape[-1]), bias + scale_bias
    if any(key.startswith(prefix + "rbr_skip.") for key in inside):
        skip, skip_bias = _skip(inside, prefix + "rbr_skip.", weight.shape)
        weight, bias = weight + skip, bias + skip_bias
    return weight, bias


def _normed(inside: Mapping[str, Tensor], prefix: str) -> Kernel:
    """A convolution and the batch norm behind it."""
    return _with_norm(inside[prefix + "conv.weight"], inside, prefix + "bn.")


def _skip(inside: Mapping[str, Tensor], prefix: str, shape: torch.Size) -> Kernel:
    """A batch norm alone."""
    return _with_norm(_identity(shape), inside, prefix)


def _with_norm(weight: Tensor, inside: Mapping[str, Tensor], norm: str) -> Kernel:
    share = inside[norm + "weight"] / (inside[norm + "running_var"] + EPS).sqrt()
    return weight * share[:, None, None, None], inside[norm + "bias"] - inside[norm + "running_mean"] * share


def _identity(shape: torch.Size) -> Tensor:
    """Of a convolution whose outputs are its inputs, in groups of `shape[1]`."""
    kernel = torch.zeros(shape)
    outputs = torch.arange(shape[0])
    kernel[outputs, outputs % shape[1], shape[2] // 2, shape[3] // 2] = 1.0
    return kernel


def _centred(kernel: Tensor, size: int) -> Tensor:
    rim = (size - kernel.shape[-1]) // 2
    return functional.pad(kernel, (rim, rim, rim, rim))
