"""The vision tower: a FastViT in its folded form, for the pictures of two moments stacked on channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .shapes import TowerShape

HEAD = 32
CHANNELS = 6
"""Red, green and blue of the older picture, then of the newer one."""
LAYER_SCALE = 1e-5


def _conv(inputs: int, outputs: int, size: int, *, stride: int = 1, groups: int = 1, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=bias)


class Folded(nn.Module):
    """A convolution that was several branches while it was trained."""

    def __init__(self, conv: nn.Conv2d, *, gelu: bool = False) -> None:
        super().__init__()
        self.reparam_conv = conv
        self.gelu = gelu

    def forward(self, x: Tensor) -> Tensor:
        x = self.reparam_conv(x)
        return functional.gelu(x) if self.gelu else x


class LargeKernel(nn.Module):
    """Halves the picture; each channel becomes two."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.lkb_reparam = _conv(inputs, outputs, 7, stride=2, groups=inputs)

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(self.lkb_reparam(x))


class Down(nn.Module):
    """From one stage to the next."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Sequential(LargeKernel(inputs, outputs), Folded(_conv(outputs, outputs, 1), gelu=True))

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x)


class ConvFFN(nn.Module):
    """Looks around by 7 x 7 before it mixes channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Sequential()
        self.conv.add_module("conv", _conv(width, width, 7, groups=width, bias=False))
        self.conv.add_module("bn", nn.BatchNorm2d(width))
        self.fc1 = _conv(width, 4 * width, 1)
        self.fc2 = _conv(4 * width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(self.conv(x))))


class MixerBlock(nn.Module):
    """Mixes neighbours by a convolution, into which the residual is folded."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.token_mixer = Folded(_conv(width, width, 3, groups=width))
        self.convffn = ConvFFN(width)
        self.layer_scale = nn.Parameter(torch.full((width, 1, 1), LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        x = self.token_mixer(x)
        return x + self.layer_scale * self.convffn(x)


class PixelAttention(nn.Module):
    """Among all pixels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        query, key, value = self.qkv(tokens).unflatten(-1, (3, -1, HEAD)).permute(2, 0, 3, 1, 4)
        attended = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(attended.transpose(1, 2).flatten(2))


class AttentionBlock(nn.Module):
    """As in a transformer, the feed-forward part by convolutions."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.token_mixer = PixelAttention(width)
        self.convffn = ConvFFN(width)
        self.layer_scale_1 = nn.Parameter(torch.full((width, 1, 1), LAYER_SCALE))
        self.layer_scale_2 = nn.Parameter(torch.full((width, 1, 1), LAYER_SCALE))

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.token_mixer(self.norm(x.flatten(2).transpose(1, 2)))
        x = x + self.layer_scale_1 * tokens.transpose(1, 2).reshape(x.shape)
        return x + self.layer_scale_2 * self.convffn(x)


class SqueezeExcite(nn.Module):
    """Weighs channels by the mean of all."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(width, width // 16, 1)
        self.expand = nn.Conv2d(width // 16, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        return x * self.expand(functional.relu(self.reduce(mean))).sigmoid()


class Widen(nn.Module):
    """Two outputs for each channel, weighed, then activated."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.se = SqueezeExcite(2 * width)
        self.reparam_conv = _conv(width, 2 * width, 3, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(self.se(self.reparam_conv(x)))


class Tower(nn.Module):
    """From [batch, 6, side, side] in [-1, 1] to [batch, tokens, width], rows of the picture first."""

    def __init__(self, shape: TowerShape) -> None:
        super().__init__()
        first = shape.widths[0]
        self.patch_embedding = nn.Sequential(
            Folded(_conv(CHANNELS, first, 3, stride=2), gelu=True),
            Folded(_conv(first, first, 3, stride=2, groups=first), gelu=True),
            Folded(_conv(first, first, 1), gelu=True),
        )
        self.layers = nn.ModuleList()
        for stage, (width, depth) in enumerate(zip(shape.widths, shape.depths, strict=True)):
            attends = stage >= shape.mixing
            if stage:
                self.layers.append(Down(shape.widths[stage - 1], width))
            if attends:
                self.layers.append(Folded(_conv(width, width, 7, groups=width)))
            block = AttentionBlock if attends else MixerBlock
            self.layers.append(nn.Sequential(*(block(width) for _ in range(depth))))
        self.conv_exp = Widen(shape.widths[-1])

    def forward(self, pixels: Tensor) -> Tensor:
        x = self.patch_embedding(pixels)
        for layer in self.layers:
            x = layer(x)
        return self.conv_exp(x).flatten(2).transpose(1, 2)
