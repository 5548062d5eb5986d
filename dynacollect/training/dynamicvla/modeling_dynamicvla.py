"""DynamicVLA as a LeRobot policy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from lerobot.policies.pretrained import PreTrainedPolicy
from torch import Tensor, nn

from ...rig.errors import DynacollectError
from .configuration_dynamicvla import DynamicVLAConfig
from .flow import FlowModel, Guide, Prefix
from .initial import initialise
from .pixels import pixels
from .statistics import ACTION, STATE, Statistics, statistics_of
from .weights import fill, folder_of, read_config

TOKENS, TOKENS_VALID = "observation.language.tokens", "observation.language.attention_mask"
BETA = 1.5
"""First parameter of the beta distribution of training times; as the second is 1, a power draws from it."""


class DynamicVLAPolicy(PreTrainedPolicy):
    """Takes a batch as it comes from a data set or a camera: pictures in [0, 1], a state that is not normalised."""

    config_class = DynamicVLAConfig  # type: ignore[assignment]
    name = "dynamicvla"  # type: ignore[assignment]
    config: DynamicVLAConfig

    def __init__(
        self,
        config: DynamicVLAConfig,
        dataset_stats: Mapping[str, Mapping[str, Any]] | None = None,
        dataset_meta: object = None,  # noqa: ARG002 # because LeRobot gives it to every policy
        *,
        empty: bool = False,
    ) -> None:
        """An `empty` one has no values yet; `fill` brings them."""
        super().__init__(config)
        config.validate_features()
        with torch.device("meta"):
            self.normalize_inputs = statistics_of(STATE, config.state_dim)
            self.normalize_targets = statistics_of(ACTION, config.action_dim)
            self.unnormalize_outputs = statistics_of(ACTION, config.action_dim)
            self.model = FlowModel(config.sizes)
        if config.text_dtype == "bfloat16":
            _mix(self.model)
        self._freeze()
        if not empty:
            self.to_empty(device="cpu")
            initialise(self)
            self.take_statistics(dataset_stats)
        self.reset()

    @classmethod
    def from_pretrained(  # type: ignore[override]
        cls,
        pretrained_name_or_path: str | Path,
        *,
        config: DynamicVLAConfig | None = None,
        dataset_stats: Mapping[str, Mapping[str, Any]] | None = None,
        dataset_meta: object = None,
        strict: bool = True,  # noqa: ARG003 # because every load is
        **hub: Any,
    ) -> Self:
        """From a folder or a Hub id, in the published layout or in ours, which differ in config.json only."""
        folder = folder_of(pretrained_name_or_path, **hub)
        config = config or read_config(folder)
        policy = cls(config, dataset_meta=dataset_meta, empty=True)
        replaced = dataset_stats if config.statistics == "data" else None
        fill(policy, folder, statistics_follow=replaced is not None)
        policy.take_statistics(replaced)
        policy.to(config.device)
        return policy.eval()

    def take_statistics(self, found: Mapping[str, Mapping[str, Any]] | None) -> None:
        """Those of a data set, in place of the present ones."""
        for name, statistics in self._statistics():
            if found is not None and name in found:
                statistics.take(found[name])

    def _statistics(self) -> Iterable[tuple[str, Statistics]]:
        yield STATE, self._state_statistics
        for group in (self.normalize_targets, self.unnormalize_outputs):
            yield ACTION, group["buffer_action"]  # type: ignore[misc]

    @property
    def _state_statistics(self) -> Statistics:
        return self.normalize_inputs["buffer_observation_state"]  # type: ignore[return-value]

    def _freeze(self) -> None:
        for module in self._frozen():
            module.requires_grad_(False)
        if not self.config.train_state_proj:
            self.model.state_proj.requires_grad_(False)

    def _frozen(self) -> Iterable[nn.Module]:
        backbone, config = self.model.backbone, self.config
        if config.freeze_vision_model:
            yield backbone.vision_model
        if config.freeze_connector:
            yield backbone.connector
        if config.freeze_text_model:
            yield backbone.text_model

    def train(self, mode: bool = True) -> Self:
        """Frozen parts stay in evaluation mode, so that their running statistics stand still."""
        super().train(mode)
        for module in self._frozen():
            module.eval()
        return self

    def get_optim_params(self) -> Any:
        return [parameter for parameter in self.parameters() if parameter.requires_grad]

    def reset(self) -> None:
        """A new episode begins."""
        self._actions = deque[Tensor]()
        self._seen = deque[dict[str, Tensor]](maxlen=1 - min(self.config.observation_steps))

    def prefix(self, batch: Mapping[str, Any]) -> Prefix:
        """What the batch shows, says and feels, read once."""
        return self.model.read(*self.embedded(batch))

    def embedded(self, batch: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
        """The prefix's tokens, and which of them are valid."""
        pictures, shown = self.pictures(batch)
        words, valid = batch[TOKENS], batch[TOKENS_VALID].bool()
        seen = self.see(pictures)
        parts = [mask[:, None].expand(-1, picture.shape[1]) for mask, picture in zip(shown, seen, strict=True)]
        always = torch.ones(len(words), 1, dtype=torch.bool, device=words.device)
        return self.model.embed(seen, words, self.state(batch)), torch.cat([*parts, valid, always], dim=1)

    def see(self, pictures: list[Tensor]) -> list[Tensor]:
        """All cameras in one run of the tower."""
        together = torch.cat(pictures)
        if self.training:
            # With channels last, narrow convolutions and their gradients take a third less time.
            together = together.contiguous(memory_format=torch.channels_last)
        return list(self.model.see(together).chunk(len(pictures)))

    def pictures(self, batch: Mapping[str, Any]) -> tuple[list[Tensor], list[Tensor]]:
        """Of each camera its pixels, and [batch] whether there is a picture."""
        config, blanks = self.config, 0
        found: list[Tensor] = []
        shown: list[Tensor] = []
        for key in config.image_keys():
            if key in batch:
                picture = batch[key] if batch[key].ndim == 5 else batch[key][:, None].expand(-1, 2, -1, -1, -1)
                found.append(pixels(picture, config.resize_imgs_with_padding))
                there = torch.ones(len(picture), dtype=torch.bool, device=picture.device)
                shown.append(batch.get(f"{key}_padding_mask", there).bool())
            elif blanks < config.empty_cameras and found:
                blanks += 1
                found.append(torch.full_like(found[-1], -1.0))
                shown.append(torch.zeros_like(shown[-1]))
            elif not config.allow_missing_cameras:
                there = ", ".join(name for name in batch if name.startswith("observation.images")) or "none"
                raise DynacollectError(
                    f"the policy looks through '{key}' and the batch has {there}; rename the camera with rename_map, "
                    f"or train a policy for these cameras"
                )
        return found, shown

    def state(self, batch: Mapping[str, Any]) -> Tensor:
        """The newest one, normalised, then padded with zeros."""
        state = self._newest(batch)
        if state.shape[-1] != self.config.state_dim:
            raise DynacollectError(
                f"the policy knows a state of {self.config.state_dim} values and got {state.shape[-1]}; "
                "use data of the same robot, or train a policy for this one"
            )
        return _padded(self._state_statistics.normalise(state), self.config.max_state_dim)

    def _newest(self, batch: Mapping[str, Any]) -> Tensor:
        state = batch[STATE]
        return state[:, -1] if state.ndim == 3 else state

    def forward(
        self, batch: dict[str, Tensor], noise: Tensor | None = None, time: Tensor | None = None, reduction: str = "mean"
    ) -> tuple[Tensor, dict[str, Any]]:
        """The loss, of actions that are differences already where the policy learns differences."""
        config = self.config
        actions = batch[ACTION]
        if actions.shape[-1] != config.action_dim:
            raise DynacollectError(
                f"the policy makes actions of {config.action_dim} values and the data has {actions.shape[-1]}; "
                "use data of the same robot, or train a policy for this one"
            )
        actions = self.normalize_targets["buffer_action"].normalise(actions)  # type: ignore[operator]
        actions = _padded(actions, config.max_action_dim)
        some_noise, some_time = _drawn(actions)
        noise = some_noise if noise is None else noise
        time = some_time if time is None else time
        losses = self.model.losses(self.prefix(batch), actions, noise, time)
        if config.loss_on_real_dims:
            losses = losses[..., : config.action_dim]
        each = losses.mean(-1)
        if config.mask_action_padding and "action_is_pad" in batch:
            counts = (~batch["action_is_pad"]).float()
            each = each * counts / counts.mean().clamp_min(1e-6)
        loss = each.mean(1) if reduction == "none" else each.mean()
        return loss, {}

    @torch.no_grad()
    def predict_action_chunk(  # type: ignore[override]
        self, batch: dict[str, Tensor], noise: Tensor | None = None, *, prev_chunk_left_over: Tensor | None = None,
        inference_delay: int = 0, **_: Any,
    ) -> Tensor:  # fmt: skip
        """Unnormalised, [batch, chunk, action]; differences to the newest state where the policy learns those.

        By real-time chunking the chunk goes on from what is `left_over` of the last one, [batch, steps, action] in the
        same numbers, of which `inference_delay` steps will have been done.
        """
        self.eval()
        guide = None if prev_chunk_left_over is None else self._guided(prev_chunk_left_over, inference_delay)
        return self.unnormalised(self.normalised_chunk(batch, noise, guide))

    def normalised_chunk(
        self, batch: Mapping[str, Any], noise: Tensor | None = None, guide: Guide | None = None
    ) -> Tensor:
        """As the model makes it, as wide as `max_action_dim`."""
        prefix = self.prefix(batch)
        shape = (len(prefix.valid), self.config.chunk_size, self.config.max_action_dim)
        start = torch.randn(shape, device=prefix.valid.device) if noise is None else noise
        return self.model.sample(prefix, start, guide)

    def _guided(self, left_over: Tensor, delay: int) -> Guide:
        from lerobot.policies.rtc.configuration_rtc import RTCConfig
        from lerobot.policies.rtc.modeling_rtc import RTCProcessor

        chunking = RTCProcessor(RTCConfig())
        known = self.unnormalize_outputs["buffer_action"].normalise(left_over)  # type: ignore[operator]
        wanted = _padded(known[:, : self.config.chunk_size], self.config.max_action_dim)
        return lambda velocity, x, time: chunking.denoise_step(x, wanted, delay, time[0], velocity)

    def unnormalised(self, chunk: Tensor) -> Tensor:
        return self.unnormalize_outputs["buffer_action"].unnormalise(chunk[..., : self.config.action_dim])  # type: ignore[operator]

    def absolute(self, chunk: Tensor, batch: Mapping[str, Any]) -> Tensor:
        """What `predict_action_chunk` made, as poses or joints to go to."""
        dims = self.config.delta_dims
        start = self._newest(batch)[:, None, :dims]
        return torch.cat([chunk[..., :dims] + start, chunk[..., dims:]], dim=-1)

    @torch.no_grad()
    def select_action(self, batch: dict[str, Tensor], noise: Tensor | None = None, **_: Any) -> Tensor:
        """The next absolute action; a new chunk when the last is used up."""
        watched = self._remembered(batch)
        if not self._actions:
            chunk = self.absolute(self.predict_action_chunk(watched, noise), watched)
            self._actions.extend(chunk[:, : self.config.n_action_steps].unbind(1))
        return self._actions.popleft()

    def _remembered(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """The batch with the pictures of both moments, of which a robot shows the newer one."""
        keys = [key for key in self.config.image_keys() if key in batch and batch[key].ndim == 4]
        self._seen.append({key: batch[key] for key in keys})
        moments = [self._seen[max(0, len(self._seen) - 1 + step)] for step in self.config.observation_steps]
        return {**batch, **{key: torch.stack([moment[key] for moment in moments], dim=1) for key in keys}}

    def _get_default_peft_targets(self) -> dict[str, Any]:
        """Queries and values of the expert, and the projections around it."""
        projections = "state_proj|action_in_proj|action_out_proj|action_time_mlp_in|action_time_mlp_out"
        expert = r"vlm_with_expert\.lm_expert\..*\.(q|v)_proj"
        return {"target_modules": rf"model\.({expert}|{projections})", "modules_to_save": []}


def _padded(x: Tensor, width: int) -> Tensor:
    return nn.functional.pad(x, (0, width - x.shape[-1]))


def _drawn_in_python(actions: Tensor) -> tuple[Tensor, Tensor]:
    """Noise and times of one training step.

    They hang on NumPy's generator: LeRobot's trainer restores it when it resumes, and its loader disturbs torch's.
    """
    generator = torch.Generator(actions.device).manual_seed(int(np.random.randint(2**31)))
    noise = torch.randn(actions.shape, generator=generator, dtype=actions.dtype, device=actions.device)
    beta = torch.rand(len(actions), generator=generator, device=actions.device) ** (1 / BETA)
    return noise, 0.001 + 0.999 * beta


_drawn: Callable[[Tensor], tuple[Tensor, Tensor]] = torch.compiler.disable(_drawn_in_python)  # type: ignore[assignment]


def _mix(model: FlowModel) -> None:
    """Text and expert in bfloat16, but for the expert's maps of other layers' values."""
    model.backbone.text_model.to(torch.bfloat16)
    model.expert.to(torch.bfloat16)
    for number, layer in enumerate(model.expert.layers):
        if not model.sizes.joint(number):
            layer.self_attn.v_proj.to(torch.float32)
