"""A policy made ready to answer at once: one batch size, one length of text, one dtype, nothing left to decide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ...rig.errors import DynacollectError
from .flow import FlowModel
from .layers import attend, attend_fast
from .modeling_dynamicvla import TOKENS, TOKENS_VALID, DynamicVLAPolicy
from .statistics import STATE
from .tower import ConvFFN

Capture = Literal["eager", "compile", "graph"]
WARM_UP = 3
"""Runs before one is captured: the first choose kernels and fill caches."""

Answer = Callable[[dict[str, Tensor], Tensor], Tensor]


class FastPolicy:
    """Chunks as the policy makes them, to the rounding of the dtype. The policy itself is not changed."""

    def __init__(
        self,
        policy: DynamicVLAPolicy,
        *,
        dtype: torch.dtype = torch.float32,
        capture: Capture = "eager",
        words: int | None = None,
    ) -> None:
        self.config = policy.config
        self._words = words or policy.config.tokenizer_max_length
        self.policy = _ready(policy, dtype)
        """The copy that answers."""
        self._answer: Answer = Graph(self._run) if capture == "graph" else self._run
        if capture == "compile":
            _compile(self.policy.model)

    @property
    def device(self) -> torch.device:
        return self.policy.model.state_proj.weight.device

    @torch.inference_mode()
    def __call__(self, batch: Mapping[str, Any], noise: Tensor | None = None) -> Tensor:
        """As `predict_action_chunk`; the batch may lie elsewhere than the weights."""
        given = {key: batch[key].to(self.device, non_blocking=True) for key in self._keys(batch)}
        given[TOKENS], given[TOKENS_VALID] = self._padded(given[TOKENS], given[TOKENS_VALID])
        shape = (len(given[TOKENS]), self.config.chunk_size, self.config.max_action_dim)
        start = torch.randn(shape, device=self.device) if noise is None else noise.to(self.device)
        return self.policy.unnormalised(self._answer(given, start))

    def _keys(self, batch: Mapping[str, Any]) -> list[str]:
        return [key for key in (*self.config.image_keys(), STATE, TOKENS, TOKENS_VALID) if key in batch]

    def _padded(self, tokens: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        rest = self._words - tokens.shape[1]
        if rest < 0:
            raise DynacollectError(
                f"the instruction has {tokens.shape[1]} tokens and room is for {self._words}; shorten it, "
                "or set tokenizer_max_length"
            )
        return nn.functional.pad(tokens, (0, rest)), nn.functional.pad(valid.bool(), (0, rest))

    def _run(self, given: dict[str, Tensor], noise: Tensor) -> Tensor:
        return self.policy.normalised_chunk(given, noise)


class Graph:
    """A function on a GPU as one captured graph: replayed without Python between its kernels."""

    def __init__(self, function: Answer) -> None:
        self._function = function
        self._graph: torch.cuda.CUDAGraph | None = None
        self._given: dict[str, Tensor] = {}
        self._noise = self._out = torch.empty(0)

    def __call__(self, given: dict[str, Tensor], noise: Tensor) -> Tensor:
        if self._graph is None or any(self._given[key].shape != value.shape for key, value in given.items()):
            self._capture(given, noise)
        for key, value in given.items():
            self._given[key].copy_(value, non_blocking=True)
        self._noise.copy_(noise, non_blocking=True)
        assert self._graph is not None  # noqa: S101 # because it was captured above
        self._graph.replay()
        return self._out.clone()

    def _capture(self, given: dict[str, Tensor], noise: Tensor) -> None:
        if noise.device.type != "cuda":
            raise DynacollectError("graphs are captured on an NVIDIA GPU only; use capture 'eager' or 'compile' here")
        self._given, self._noise = {key: value.clone() for key, value in given.items()}, noise.clone()
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UP):
                self._function(self._given, self._noise)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._out = self._function(self._given, self._noise)


def _compile(model: FlowModel) -> None:
    """Its three parts, each once: a whole chunk would repeat the velocity at every step."""
    for name in ("see", "read", "velocity"):
        setattr(model, name, torch.compile(getattr(model, name), fullgraph=True, dynamic=False))


def _ready(policy: DynamicVLAPolicy, dtype: torch.dtype) -> DynamicVLAPolicy:
    """A copy for inference. In the policy's own dtype it shares the weights."""
    same = dtype == torch.float32 and policy.config.text_dtype == "float32"
    shared = {id(each): each for each in policy.parameters()} if same else {}
    ready = deepcopy(policy, shared).eval()
    for module in ready.modules():
        if isinstance(module, ConvFFN):
            conv, norm = module.conv
            module.conv = nn.Sequential(fuse_conv_bn_eval(conv, norm))  # type: ignore[arg-type]
    if not same:
        ready.model.to(dtype)
    ready.model.attend = attend if dtype == torch.float32 else attend_fast
    return ready
