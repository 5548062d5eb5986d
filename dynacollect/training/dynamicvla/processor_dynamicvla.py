"""What LeRobot does to data before and after the policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from lerobot.configs import FeatureType, PipelineFeatureType, PolicyFeature
from lerobot.lerobot_types import EnvTransition, TransitionKey
from lerobot.processor import (
    ObservationProcessorStep,
    PolicyAction,
    PolicyProcessorPipeline,
    ProcessorStep,
    ProcessorStepRegistry,
    make_default_policy_processor_steps,
    make_policy_processor_pipelines,
)
from torch import Tensor

from ...rig.errors import DynacollectError
from .configuration_dynamicvla import DynamicVLAConfig
from .modeling_dynamicvla import TOKENS, TOKENS_VALID
from .statistics import STATE
from .tokens import Tokenizer, tokenizer_from, tokens_of

Before = PolicyProcessorPipeline[dict[str, Any], dict[str, Any]]
After = PolicyProcessorPipeline[PolicyAction, PolicyAction]
Features = dict[PipelineFeatureType, dict[str, PolicyFeature]]


@dataclass
@ProcessorStepRegistry.register(name="dynamicvla_instruction")
class InstructionStep(ObservationProcessorStep):
    """Puts the task's words into the observation, as numbers."""

    source: str = "bytes"
    pad_to: int | None = None
    _tokenizer: Tokenizer | None = field(default=None, init=False, repr=False)

    def observation(self, observation: dict[str, Any]) -> dict[str, Any]:
        if TOKENS in observation:
            return observation
        said = (self.transition.get(TransitionKey.COMPLEMENTARY_DATA) or {}).get("task")
        if said is None:
            raise DynacollectError("there is no instruction; give the policy a task, as 'pick up the apple.'")
        self._tokenizer = self._tokenizer or tokenizer_from(self.source)
        numbers, valid = tokens_of([said] if isinstance(said, str) else list(said), self._tokenizer, to=self.pad_to)
        return {**observation, TOKENS: numbers, TOKENS_VALID: valid}

    def get_config(self) -> dict[str, Any]:
        return {"source": self.source, "pad_to": self.pad_to}

    def transform_features(self, features: Features) -> Features:
        shape = (self.pad_to or 1,)
        for name in (TOKENS, TOKENS_VALID):
            features[PipelineFeatureType.OBSERVATION][name] = PolicyFeature(FeatureType.LANGUAGE, shape)
        return features


@dataclass
@ProcessorStepRegistry.register(name="dynamicvla_difference")
class DifferenceStep(ProcessorStep):
    """Turns the actions of a training batch into differences to the newest state."""

    dims: int = 0
    wrapped: tuple[int, ...] = ()

    def __call__(self, transition: EnvTransition) -> EnvTransition:
        actions, observation = transition.get(TransitionKey.ACTION), transition.get(TransitionKey.OBSERVATION)
        if self.dims == 0 or not isinstance(actions, Tensor) or actions.ndim != 3 or observation is None:
            return transition
        done = differences(actions, observation[STATE], self.dims, self.wrapped)
        return {**transition, TransitionKey.ACTION: done}  # type: ignore[typeddict-item]

    def get_config(self) -> dict[str, Any]:
        return {"dims": self.dims, "wrapped": list(self.wrapped)}

    def transform_features(self, features: Features) -> Features:
        return features


def differences(actions: Tensor, states: Tensor, dims: int, wrapped: tuple[int, ...] = ()) -> Tensor:
    """[batch, chunk, action], less the newest of [batch, moments, state]; one reference for the whole chunk."""
    newest = states[:, -1] if states.ndim == 3 else states
    done = actions.clone()
    done[..., :dims] -= newest[:, None, :dims]
    for angle in wrapped:
        done[..., angle] = torch.remainder(done[..., angle] + torch.pi, 2 * torch.pi) - torch.pi
    return done


def make_dynamicvla_pre_post_processors(
    config: DynamicVLAConfig, dataset_stats: dict[str, dict[str, Any]] | None = None
) -> tuple[
    PolicyProcessorPipeline[dict[str, Any], dict[str, Any]], PolicyProcessorPipeline[PolicyAction, PolicyAction]
]:
    """LeRobot's own steps and two of ours; its normalising steps are there because its trainer adjusts them by name."""
    steps = make_default_policy_processor_steps(config, dataset_stats)
    pad_to = config.tokenizer_max_length if config.pad_language_to == "max_length" else None
    before = [
        steps.rename_observations,
        steps.add_batch_dim,
        InstructionStep(config.tokenizer_source, pad_to),
        DifferenceStep(config.delta_dims, tuple(config.wrapped_dims)),
        steps.to_device,
        steps.normalize,
    ]
    return make_policy_processor_pipelines(input_steps=before, output_steps=[steps.unnormalize, steps.to_cpu])
