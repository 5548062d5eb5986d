"""A checkpoint as a source of chunks: any LeRobot policy of pictures and tool poses that makes them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from lerobot.configs import PreTrainedConfig
from lerobot.policies.factory import get_policy_class, make_pre_post_processors
from torch import Tensor

from ...controllers.streaming.chunk import WIDTH
from ...controllers.streaming.source import Request
from ...datasets.export.poses import LOWEST, within
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ..dynamicvla import DynamicVLAConfig, DynamicVLAPolicy
from ..dynamicvla.fast import FastPolicy
from ..dynamicvla.processor_dynamicvla import make_dynamicvla_pre_post_processors
from ..finetune.rows import STATE
from ..finetune.sources import IMAGES
from .facts import Facts, device_of, facts_of
from .seen import words_of

PROCESSORS = "policy_preprocessor.json"


class PolicySource:
    """Follows the `Source` protocol; requests show what `Seen` shows.

    Chunks of the same policy for the same request are the same: their noise follows from the request.
    """

    def __init__(self, facts: Facts, device: str, seed: int = 0) -> None:
        self.facts, self._seed = facts, seed
        config = replace(facts.config, device=device_of(device))
        self._policy = _policy_of(facts, config)
        self._before, self._after = _processors_of(facts, config)
        self._own = isinstance(self._policy, DynamicVLAPolicy)
        self._answer = _ready(self._policy)

    @property
    def supports_rtc(self) -> bool:
        return self.facts.supports_rtc

    @torch.no_grad()
    def __call__(self, request: Request) -> Vector:
        torch.manual_seed((self._seed * 1_000_003 + request.episode) * 1_000_003 + request.step)
        batch, left_over = self._before(self._batch(request)), request.left_over
        fresh = left_over is None or not len(left_over)
        chunk = self._after(self._answer(batch) if fresh else self._going_on(batch, request, left_over))
        if self._own:
            chunk = self._policy.absolute(chunk, {STATE: batch[STATE].to(chunk.device)})
        rows = chunk[0, :, :WIDTH].float().cpu().numpy().astype(float)
        rows[:, 3:6] = within(rows[:, 3:6], LOWEST["signed"])
        return rows

    def _going_on(self, batch: dict[str, Any], request: Request, left_over: Vector) -> Tensor:
        """From what is left over of the last chunk, as differences to the state of now."""
        apart, dims = left_over.copy(), self._policy.config.delta_dims
        apart[:, :dims] -= request.state[:dims]
        apart[:, 3:6] = within(apart[:, 3:6], -np.pi)
        rest = torch.tensor(apart)[None].to(batch[STATE])
        return self._policy.predict_action_chunk(batch, prev_chunk_left_over=rest, inference_delay=request.delay)

    def _batch(self, request: Request) -> dict[str, Any]:
        state = request.state.copy()
        state[3:6] = within(state[3:6], LOWEST[self.facts.trained_on.angles])
        shown = {IMAGES + name: _pixels(request.seen[name]) for name in self.facts.cameras}
        return {**shown, STATE: self._alike(torch.tensor(state)[None].float()), "task": [words_of(request.seen)]}

    def _alike(self, state: Tensor) -> Tensor:
        """For LeRobot's policies of several moments, the state at each of them; DynamicVLA takes the newest."""
        moments = len(self.facts.moments)
        return state if self._own or moments == 1 else state[:, None].expand(-1, moments, -1)


@lru_cache(maxsize=1)
def policy_source(name: str, device: str = "auto", seed: int = 0) -> PolicySource:
    """Of a folder or a Hub id."""
    return PolicySource(facts_of(name), device, seed)


def _pixels(pictures: np.ndarray) -> Tensor:
    """[1, moments, 3, height, width] in 0 to 1, without the moments where there is one; of (moments, h, w, 3) bytes."""
    found = torch.from_numpy(pictures.copy()).permute(0, 3, 1, 2)[None].float() / 255.0
    return found[:, 0] if found.shape[1] == 1 else found


def _policy_of(facts: Facts, config: PreTrainedConfig) -> Any:
    kind: Any = DynamicVLAPolicy if isinstance(config, DynamicVLAConfig) else get_policy_class(config.type)
    policy = kind.from_pretrained(facts.folder, config=config)
    if not hasattr(policy, "predict_action_chunk"):
        raise DynacollectError(f"{facts.folder} holds a {config.type}, which makes no chunks; stream another policy")
    return policy.to(config.device).eval()


def _processors_of(facts: Facts, config: PreTrainedConfig) -> tuple[Any, Any]:
    """Published checkpoints of DynamicVLA come without."""
    if (facts.folder / PROCESSORS).is_file():
        device = {"device_processor": {"device": config.device}}
        return make_pre_post_processors(config, str(facts.folder), preprocessor_overrides=device)
    if isinstance(config, DynamicVLAConfig):
        return make_dynamicvla_pre_post_processors(config)
    raise DynacollectError(
        f"{facts.folder} has no {PROCESSORS}, so what its numbers mean is not known; save it with LeRobot 0.5 or later"
    )


def _ready(policy: Any) -> Any:
    """What makes a chunk of a batch: on a GPU ours is one captured graph."""
    if not isinstance(policy, DynamicVLAPolicy):
        return policy.predict_action_chunk
    if policy.config.device == "cuda":
        return FastPolicy(policy, dtype=torch.bfloat16, capture="graph")
    return FastPolicy(policy)
