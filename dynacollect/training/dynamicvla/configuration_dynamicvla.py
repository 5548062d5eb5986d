"""The policy's configuration: the published one's fields, and named fields for what this implementation mends."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from lerobot.configs import FeatureType, NormalizationMode, PreTrainedConfig
from lerobot.optim import AdamWConfig, CosineDecayWithWarmupSchedulerConfig

from ...rig.errors import DynacollectError
from .flow import Sizes
from .shapes import BYTES, PRESETS, TEXTS, TOWERS, text_shape


@PreTrainedConfig.register_subclass("dynamicvla")
@dataclass
class DynamicVLAConfig(PreTrainedConfig):
    """Defaults are the published model's. Where upstream did something odd, the default does so too."""

    n_obs_steps: int = 2
    chunk_size: int = 20
    n_action_steps: int = 20
    observation_steps: tuple[int, ...] = (-2, 0)
    """Frames that are seen together, at 25 a second."""

    normalization_mapping: dict[str, NormalizationMode] = field(
        default_factory=lambda: {
            "VISUAL": NormalizationMode.IDENTITY,
            "STATE": NormalizationMode.MEAN_STD,
            "ACTION": NormalizationMode.MEAN_STD,
        }
    )
    max_state_dim: int = 32
    max_action_dim: int = 32
    resize_imgs_with_padding: tuple[int, int] = (384, 384)
    empty_cameras: int = 0
    use_delta_action: bool = True
    """Actions are learnt as differences to the state at the start of the chunk, but for the last, the gripper."""
    temporal_fusion: str = "attn"
    tokenizer_max_length: int = 48
    pad_language_to: str = "longest"
    num_steps: int = 10
    use_cache: bool = True

    freeze_vision_model: bool = True
    freeze_connector: bool = True
    freeze_text_model: bool = True
    train_state_proj: bool = True

    optimizer_lr: float = 1e-4
    optimizer_betas: tuple[float, float] = (0.9, 0.95)
    optimizer_eps: float = 1e-8
    optimizer_weight_decay: float = 1e-10
    optimizer_grad_clip_norm: float = 10
    scheduler_warmup_steps: int = 1_000
    scheduler_decay_steps: int = 30_000
    scheduler_decay_lr: float = 2.5e-6

    vlm_model_name: str = "HuggingFaceTB/SmolLM2-360M"
    vision_tower: str = "fastvithd"
    num_vlm_layers: int = 16
    num_expert_layers: int = -1
    num_expert_skip_layers: int = 0
    self_attn_every_n_layers: int = 2
    expert_width_multiplier: float = 0.75
    attention_mode: str = "cross_attn"
    prefix_length: int = -1
    fastvlm_inference_mode: bool = True
    min_period: float = 4e-3
    max_period: float = 4.0

    adapt_to_pi_aloha: bool = False
    use_delta_joint_actions_aloha: bool = False
    enable_streaming: bool = False
    """Read and left alone: `dynacollect replay` streams any policy."""
    delta_timestamps: dict[str, list[float]] | None = None
    epoch: int | None = None

    preset: str | None = None
    """One of shapes.PRESETS: fills in the fields that are at their defaults, and is then forgotten."""
    tokenizer: str | None = None
    """A folder or Hub id with a tokenizer.json; None: the text model's, or the one that ships."""
    text_dtype: str = "float32"
    """Of text model and expert; `bfloat16` is upstream's mixed form."""
    dtype: str = "float32"
    """What LeRobot's trainer runs automatic mixed precision in."""
    statistics: str = "data"
    """`data`: a data set's statistics replace those in the weights; `weights`: they stay."""

    delta_statistics: bool = False
    """Normalise differences by their own statistics, not by those of absolute actions."""
    wrapped_dims: tuple[int, ...] = ()
    """Of an action: these are angles whose differences go the short way round. Upstream wraps none."""
    mask_action_padding: bool = False
    """Steps beyond the end of the episode count nothing in the loss."""
    loss_on_real_dims: bool = False
    """Dimensions that only pad actions to `max_action_dim` count nothing in the loss."""
    allow_missing_cameras: bool = False
    """A camera that a batch lacks is left out without a word."""

    def __post_init__(self) -> None:
        super().__post_init__()
        # The model normalises by statistics that are part of its weights; LeRobot's steps are to leave all alone.
        self.normalization_mapping = dict.fromkeys(self.normalization_mapping, NormalizationMode.IDENTITY)
        self._fill_in()
        for problem in self._problems():
            raise DynacollectError(problem)

    def _fill_in(self) -> None:
        if self.preset is None:
            return
        if self.preset not in PRESETS:
            raise DynacollectError(f"there is no preset '{self.preset}'; choose one of {', '.join(PRESETS)}")
        defaults = {each.name: each.default for each in fields(self)}
        for name, value in PRESETS[self.preset].items():
            if getattr(self, name) == defaults[name]:
                setattr(self, name, value)
        self.preset = None

    def _problems(self) -> Any:
        if self.vlm_model_name.removesuffix("-Instruct") not in TEXTS:
            yield f"the sizes of '{self.vlm_model_name}' are not known; vlm_model_name is one of {', '.join(TEXTS)}"
        if self.vision_tower not in TOWERS:
            yield f"there is no vision_tower '{self.vision_tower}'; choose one of {', '.join(TOWERS)}"
        if self.n_action_steps > self.chunk_size:
            yield f"n_action_steps {self.n_action_steps} are more than a chunk has; set it to {self.chunk_size} or less"
        if self.temporal_fusion != "attn":
            yield f"temporal_fusion '{self.temporal_fusion}' was in no published model; set it to 'attn'"
        if self.use_delta_joint_actions_aloha or self.adapt_to_pi_aloha:
            yield "the Aloha fields do nothing in DynamicVLA; set adapt_to_pi_aloha and its like to false"
        if self.prefix_length > 0 or not self.use_cache or self.num_expert_layers > 0 or self.num_expert_skip_layers:
            yield "no published model has another prefix_length, use_cache or num_expert_layers; leave them out"
        if len(self.observation_steps) != 2:
            yield f"the tower takes two pictures and observation_steps names {len(self.observation_steps)}; name two"
        if self.text_dtype not in ("float32", "bfloat16"):
            yield f"text_dtype is float32 or bfloat16, not '{self.text_dtype}'"
        if self.statistics not in ("data", "weights"):
            yield f"statistics is 'data' or 'weights', not '{self.statistics}'"

    @property
    def sizes(self) -> Sizes:
        return Sizes(
            text_shape(self.vlm_model_name),
            TOWERS[self.vision_tower],
            self.num_vlm_layers,
            self.expert_width_multiplier,
            self.self_attn_every_n_layers,
            self.max_state_dim,
            self.max_action_dim,
            self.chunk_size,
            self.num_steps,
            self.min_period,
            self.max_period,
        )

    @property
    def tokenizer_source(self) -> str:
        named = self.vlm_model_name
        return self.tokenizer or (BYTES if named.startswith(BYTES) else named)

    @property
    def state_dim(self) -> int:
        feature = self.robot_state_feature
        return feature.shape[0] if feature else 0

    @property
    def action_dim(self) -> int:
        feature = self.action_feature
        return feature.shape[0] if feature else 0

    @property
    def delta_dims(self) -> int:
        """The first so many of an action are differences."""
        return min(self.state_dim, self.action_dim - 1) if self.use_delta_action else 0

    def validate_features(self) -> None:
        wants = "see dynamicvla.md in docs for what it takes"
        if not self.image_features:
            raise DynacollectError(f"the policy sees no camera; give it observation.images.* features, {wants}")
        if not 0 < self.state_dim <= self.max_state_dim:
            raise DynacollectError(
                f"observation.state has {self.state_dim} values and the policy takes 1 to {self.max_state_dim}; {wants}"
            )
        if not 0 < self.action_dim <= self.max_action_dim:
            raise DynacollectError(
                f"action has {self.action_dim} values and the policy takes 1 to {self.max_action_dim}; {wants}"
            )

    def image_keys(self) -> list[str]:
        """Cameras in the order in which the model sees them."""
        return [key for key, feature in (self.input_features or {}).items() if feature.type is FeatureType.VISUAL]

    def get_optimizer_preset(self) -> AdamWConfig:
        return AdamWConfig(
            lr=self.optimizer_lr,
            betas=self.optimizer_betas,
            eps=self.optimizer_eps,
            weight_decay=self.optimizer_weight_decay,
            grad_clip_norm=self.optimizer_grad_clip_norm,
        )

    def get_scheduler_preset(self) -> CosineDecayWithWarmupSchedulerConfig:
        return CosineDecayWithWarmupSchedulerConfig(
            peak_lr=self.optimizer_lr,
            decay_lr=self.scheduler_decay_lr,
            num_warmup_steps=self.scheduler_warmup_steps,
            num_decay_steps=self.scheduler_decay_steps,
        )

    @property
    def observation_delta_indices(self) -> list[int]:
        return list(self.observation_steps)

    @property
    def action_delta_indices(self) -> list[int]:
        return list(range(self.chunk_size))

    @property
    def reward_delta_indices(self) -> None:
        return None
