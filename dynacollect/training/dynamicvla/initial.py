"""First values of a model that is trained from nothing."""

from __future__ import annotations

import torch
from torch import nn

from .layers import RMSNorm
from .statistics import Statistics
from .tower import AttentionBlock, ConvFFN, Folded, MixerBlock, PixelAttention

STD = 0.02
LAYER_SCALE = 0.2
"""Of blocks of the tower; the 1e-5 that such towers begin with suits longer training than ours."""


@torch.no_grad()
def initialise(model: nn.Module) -> None:
    """Give every parameter and buffer a value."""
    for module in model.modules():
        _plain(module)
    for module in model.modules():
        _special(module)


def _plain(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=STD)
    elif isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    elif isinstance(module, RMSNorm):
        nn.init.ones_(module.weight)
    elif isinstance(module, nn.LayerNorm | nn.BatchNorm2d):
        module.reset_parameters()
    elif isinstance(module, Statistics):
        nn.init.zeros_(module.mean)
        nn.init.ones_(module.std)
    bias = getattr(module, "bias", None)
    if isinstance(bias, nn.Parameter) and isinstance(module, nn.Linear | nn.Conv2d):
        nn.init.zeros_(bias)


def _special(module: nn.Module) -> None:
    """Folded convolutions hold the identity, without which a picture dies out on its way."""
    if isinstance(module, MixerBlock):
        nn.init.constant_(module.layer_scale, LAYER_SCALE)
        _around_identity(module.token_mixer.reparam_conv)
    elif isinstance(module, AttentionBlock):
        nn.init.constant_(module.layer_scale_1, LAYER_SCALE)
        nn.init.constant_(module.layer_scale_2, LAYER_SCALE)
    elif isinstance(module, ConvFFN | PixelAttention):
        for layer in module.children():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                nn.init.trunc_normal_(layer.weight, std=layer.weight[0].numel() ** -0.5)
    elif isinstance(module, Folded) and not module.gelu:
        _around_identity(module.reparam_conv)


def _around_identity(conv: nn.Conv2d) -> None:
    nn.init.normal_(conv.weight, std=0.1 * conv.weight[0].numel() ** -0.5)
    middle = conv.kernel_size[0] // 2
    conv.weight[:, :, middle, middle] += 1.0
