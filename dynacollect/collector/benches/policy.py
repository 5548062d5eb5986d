"""What one chunk of the policy costs, part by part, beside how fast this machine multiplies matrices."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from ...rig.clock import HostClock
from ...rig.errors import DynacollectError
from ...training.dynamicvla.fast import Capture, FastPolicy
from ...training.dynamicvla.modeling_dynamicvla import TOKENS, TOKENS_VALID, DynamicVLAPolicy
from ...training.dynamicvla.parity import published_config
from ...training.dynamicvla.statistics import STATE

Precision = Literal["float32", "bfloat16", "float16"]
SIDE = 2048
"""Of the square matrices whose product is the yardstick."""
WORDS = 12
"""Tokens of a usual instruction."""


@dataclass(frozen=True, slots=True)
class Part:
    """Median time, work, and work per time."""

    ms: float
    gflop: float
    gflop_per_s: float


@dataclass(frozen=True, slots=True)
class PolicyCost:
    """Of one chunk for one robot."""

    preset: str
    device: str
    precision: str
    capture: str
    chunk_ms: dict[str, float]
    """Median, p99 and the least."""
    gflop: float
    parts: dict[str, Part]
    matmul_gflop_per_s: float
    """Of this machine, measured between the chunks."""
    share_of_matmul: float
    """A chunk's rate over the yardstick's, of what is timed side by side: the median."""
    peak_memory_mb: float


@torch.inference_mode()
def bench_policy(
    weights: Path | None, preset: str, device: str, precision: Precision, capture: Capture, chunks: int
) -> PolicyCost:
    """With weights, or with those of a policy that has learnt nothing, which take as long."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise DynacollectError("there is no NVIDIA GPU that PyTorch can use here; take --device cpu")
    policy = _policy(weights, preset, device)
    fast = FastPolicy(policy, dtype=getattr(torch, precision), capture=capture, words=WORDS)
    batch = _batch(policy)
    noise = torch.randn(1, policy.config.chunk_size, policy.config.max_action_dim, device=device)
    parts = _parts(fast, batch, noise)
    gflop = sum(part.gflop for part in parts.values())
    square = torch.randn(SIDE, SIDE, device=device, dtype=getattr(torch, precision))
    fast(batch, noise)
    chunk_s, square_s = list[float](), list[float]()
    for _ in range(chunks):
        square_s.append(_seconds(lambda: square @ square, device))
        chunk_s.append(_seconds(lambda: fast(batch, noise), device))
    rates = sorted(2 * SIDE**3 / 1e9 / each for each in square_s)
    shares = sorted(gflop / chunk / (2 * SIDE**3 / 1e9 / one) for chunk, one in zip(chunk_s, square_s, strict=True))
    times = sorted(1e3 * each for each in chunk_s)
    return PolicyCost(
        str(weights or preset),
        device,
        precision,
        capture,
        {"median": times[len(times) // 2], "p99": times[int(0.99 * (len(times) - 1))], "least": times[0]},
        gflop,
        parts,
        rates[len(rates) // 2],
        shares[len(shares) // 2],
        _peak_mb(device),
    )


def _policy(weights: Path | None, preset: str, device: str) -> DynamicVLAPolicy:
    if weights is None:
        return DynamicVLAPolicy(published_config(preset=preset)).to(device).eval()
    return DynamicVLAPolicy.from_pretrained(weights).to(device)


def _batch(policy: DynamicVLAPolicy) -> dict[str, Tensor]:
    config = policy.config
    batch = {key: torch.rand(1, 2, *config.image_features[key].shape) for key in config.image_keys()}
    batch[STATE] = torch.zeros(1, config.state_dim)
    batch[TOKENS] = torch.arange(WORDS)[None]
    batch[TOKENS_VALID] = torch.ones(1, WORDS, dtype=torch.bool)
    return {key: value.to(policy.model.state_proj.weight.device) for key, value in batch.items()}


def _parts(fast: FastPolicy, batch: dict[str, Tensor], noise: Tensor) -> dict[str, Part]:
    policy = fast.policy
    embedded, valid = policy.embedded(batch)
    prefix = policy.model.read(embedded, valid)
    work: dict[str, Callable[[], object]] = {
        "eyes": lambda: policy.see(policy.pictures(batch)[0]),
        "prefix": lambda: policy.model.read(embedded, valid),
        "denoising": lambda: policy.model.sample(prefix, noise),
    }
    return {name: _part(function, noise.device.type) for name, function in work.items()}


def _part(function: Callable[[], object], device: str) -> Part:
    with FlopCounterMode(display=False) as counter:
        function()
    times = sorted(_seconds(function, device) for _ in range(5))
    gflop = counter.get_total_flops() / 1e9
    return Part(1e3 * times[2], gflop, gflop / times[2])


def _seconds(function: Callable[[], object], device: str) -> float:
    clock = HostClock()
    if device != "cpu":
        torch.cuda.synchronize()
    begin = clock.now()
    function()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock.now() - begin


def _peak_mb(device: str) -> float:
    if device == "cpu":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return torch.cuda.max_memory_allocated() / 1e6
