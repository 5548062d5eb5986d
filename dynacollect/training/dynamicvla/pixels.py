"""Camera pictures as the tower takes them."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def pixels(pictures: Tensor, size: tuple[int, int]) -> Tensor:
    """From [batch, moments, 3, height, width] in [0, 1] to [batch, 3 * moments, *size] in [-1, 1].

    The picture keeps its aspect and sits at the bottom right; what is left over is -1. Enlarging and shrinking are
    bilinear without a filter.
    """
    stacked = pictures.flatten(1, 2)
    height, width = stacked.shape[-2:]
    ratio = max(width / size[0], height / size[1])
    inner = (int(height / ratio), int(width / ratio))
    resized = functional.interpolate(stacked, size=inner, mode="bilinear", align_corners=False)
    return functional.pad(resized, (size[0] - inner[1], 0, size[1] - inner[0], 0)) * 2 - 1
