"""A decoder layer of the Llama kind, which text and expert share; positions; attention."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from .shapes import HEAD

BASE = 10_000.0
EPS = 1e-5


class RMSNorm(nn.Module):
    """Computed in float32, whatever comes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        wide = x.float()
        return self.weight * (wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + EPS)).to(x.dtype)


class SelfAttention(nn.Module):
    """The projections only. A layer that reads another's keys has no `k_proj`, and maps that one's values."""

    def __init__(self, width: int, heads: int, kv_heads: int, *, reads_others: bool = False) -> None:
        super().__init__()
        kv = kv_heads * HEAD
        self.q_proj = nn.Linear(width, heads * HEAD, bias=False)
        if not reads_others:
            self.k_proj = nn.Linear(width, kv, bias=False)
        self.v_proj = nn.Linear(kv if reads_others else width, kv, bias=False)
        self.o_proj = nn.Linear(heads * HEAD, width, bias=False)


class MLP(nn.Module):
    """SwiGLU."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(width, hidden, bias=False)
        self.up_proj = nn.Linear(width, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    """One layer, whose attention is done by the caller, who knows whose keys and values there are."""

    def __init__(self, width: int, heads: int, kv_heads: int, hidden: int, *, reads_others: bool = False) -> None:
        super().__init__()
        self.self_attn = SelfAttention(width, heads, kv_heads, reads_others=reads_others)
        self.mlp = MLP(width, hidden)
        self.input_layernorm = RMSNorm(width)
        self.post_attention_layernorm = RMSNorm(width)

    def normed(self, x: Tensor) -> Tensor:
        """What the projections take."""
        return self.input_layernorm(x).to(self.self_attn.q_proj.weight.dtype)

    def query(self, normed: Tensor, turn: Turn) -> Tensor:
        return turn(_heads(self.self_attn.q_proj(normed)))

    def key_value(self, normed: Tensor, turn: Turn) -> tuple[Tensor, Tensor]:
        return turn(_heads(self.self_attn.k_proj(normed))), _heads(self.self_attn.v_proj(normed))

    def others_values(self, values: Tensor) -> Tensor:
        """Values of another layer, seen by a layer that reads others."""
        weight = self.self_attn.v_proj.weight
        return _heads(functional.linear(values.transpose(1, 2).flatten(2).to(weight.dtype), weight))

    def finish(self, x: Tensor, attended: Tensor) -> Tensor:
        """The layer's result. Sums are kept in the dtype of the weights, as in the weights' training."""
        out = self.self_attn.o_proj(attended.transpose(1, 2).flatten(2).to(self.self_attn.o_proj.weight.dtype))
        x = (out + x).to(out.dtype)
        return x + self.mlp(self.post_attention_layernorm(x))


class Layers(nn.ModuleList):
    """A list that says what is in it."""

    def __iter__(self) -> Iterator[Layer]:
        return super().__iter__()  # type: ignore[return-value]


class Turn:
    """Rotary positions.

    The exponent is 4 i / 32 and the base 10000, where SmolLM2 has i / 32 and 100000: the published weights were
    trained so.
    """

    def __init__(self, positions: Tensor) -> None:
        """Of shape [batch, tokens]."""
        number = torch.arange(HEAD // 2, dtype=torch.float32, device=positions.device)
        angle = positions.float()[..., None] / BASE ** (number * 4 / (HEAD // 2))
        self._cos, self._sin = angle.cos()[:, None], angle.sin()[:, None]

    def __call__(self, x: Tensor) -> Tensor:
        first, second = x.float().chunk(2, dim=-1)
        turned = (first * self._cos - second * self._sin, second * self._cos + first * self._sin)
        return torch.cat(turned, dim=-1).to(x.dtype)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """Each [batch, heads, tokens, HEAD]; the mask is added, and is of the scores' dtype, float32.

    In half precision scores and softmax are still float32 and the weights are rounded to the values' dtype, as in
    the weights' training; `attend_fast` leaves that to the kernel.
    """
    if query.dtype == torch.float32 == value.dtype:
        return attend_fast(query, key, value, mask)
    group = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(group, 1), value.repeat_interleave(group, 1)
    scores = query.float() @ key.float().transpose(-1, -2) * HEAD**-0.5 + mask
    return scores.softmax(-1).to(value.dtype) @ value


def attend_fast(query: Tensor, key: Tensor, value: Tensor, mask: Tensor) -> Tensor:
    """As `attend`, in one dtype."""
    value, key = value.to(query.dtype), key.to(query.dtype)
    grouped = query.shape[1] != key.shape[1]
    # Infinite in a narrower dtype, a row that sees nobody would be NaN, and NaN spreads.
    mask = mask.clamp_min(torch.finfo(query.dtype).min / 2).to(query.dtype)
    return functional.scaled_dot_product_attention(query, key, value, mask, enable_gqa=grouped)


def added(allowed: Tensor) -> Tensor:
    """The mask to add, from [batch, queries, keys] of who may see whom. A row that sees nobody sees all alike."""
    least = torch.finfo(torch.float32).min
    return torch.zeros(allowed.shape, device=allowed.device).masked_fill_(~allowed, least)[:, None]


def _heads(x: Tensor) -> Tensor:
    return x.unflatten(-1, (-1, HEAD)).transpose(1, 2)
