"""Branches and what they are folded into do the same."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from dynacollect.training.dynamicvla.folding import folded, is_unfolded

PLACE = "model.vlm_with_expert.vlm.model.vision_model.layers.0.0"


class Normed(nn.Module):
    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x))


class Branches(nn.Module):
    """A convolution, a 1 x 1 one and the input itself, each normed."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1, *, skip: bool) -> None:
        super().__init__()
        self.rbr_conv = nn.ModuleList([Normed(inputs, outputs, size, stride, groups)])
        if size > 1:
            self.rbr_scale = Normed(inputs, outputs, 1, stride, groups)
        if skip:
            self.rbr_skip = nn.BatchNorm2d(inputs)

    def forward(self, x: Tensor) -> Tensor:
        parts = [self.rbr_conv[0](x)]
        parts += [getattr(self, name)(x) for name in ("rbr_scale", "rbr_skip") if hasattr(self, name)]
        return torch.stack(parts).sum(0)


class Skip(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.rbr_skip = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.rbr_skip(x)


class Mixer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.mixer = Branches(width, width, 3, groups=width, skip=True)
        self.norm = Skip(width)
        self.layer_scale = nn.Parameter(torch.rand(width, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer_scale * (self.mixer(x) - self.norm(x))


class Large(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.lkb_origin = Normed(width, 2 * width, 7, 2, width)
        self.small_conv = Normed(width, 2 * width, 3, 2, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.lkb_origin(x) + self.small_conv(x)


class Positional(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe = nn.Conv2d(width, width, 7, 1, 3, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.pe(x)


CASES = {
    "stem": (Branches(4, 8, 3, 2, skip=False), "", (3, 2, 1)),
    "grouped stem": (Branches(4, 4, 3, 2, 4, skip=False), "", (3, 2, 4)),
    "projection": (Branches(4, 4, 1, skip=True), "", (1, 1, 1)),
    "dense with skip": (Branches(4, 4, 3, skip=True), "", (3, 1, 1)),
    "token mixer": (Mixer(4), ".token_mixer", (3, 1, 4)),
    "large kernel": (Large(4), "", (7, 2, 4)),
    "positional": (Positional(4), "", (7, 1, 4)),
}


@pytest.mark.parametrize("name", CASES)
def test_folding(name: str) -> None:
    torch.manual_seed(0)
    module, inside, (size, stride, groups) = CASES[name]
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            for value in (part.weight, part.bias, part.running_mean):
                nn.init.normal_(value)  # type: ignore[arg-type]
            nn.init.uniform_(part.running_var, 0.5, 2.0)  # type: ignore[arg-type]
    module.eval()
    weights = {f"{PLACE}{inside}.{key}": value for key, value in module.state_dict().items()}
    weights["model.vlm_with_expert.vlm.model.vision_model.layers.9.rbr_skip.bias"] = torch.zeros(1)
    assert is_unfolded(weights)
    del weights["model.vlm_with_expert.vlm.model.vision_model.layers.9.rbr_skip.bias"]
    done = folded(weights)
    assert {key.rpartition(".")[2] for key in done} == {"weight", "bias"}
    assert len(done) == 2
    weight, bias = (next(value for key, value in done.items() if key.endswith(end)) for end in ("weight", "bias"))
    x = torch.randn(2, 4, 10, 10)
    with torch.no_grad():
        got = nn.functional.conv2d(x, weight, bias, stride, size // 2, groups=groups)
        assert torch.allclose(got, module(x), atol=1e-4)


def test_other_weights_are_left_alone() -> None:
    plain = {
        "model.vlm_with_expert.lm_expert.norm.weight": torch.ones(3),
        f"{PLACE}.token_mixer.reparam_conv.bias": torch.ones(2),
    }
    assert not is_unfolded(plain)
    assert folded(plain).keys() == plain.keys()
