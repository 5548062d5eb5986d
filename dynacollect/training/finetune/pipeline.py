"""The configuration of LeRobot's trainer that a plan amounts to."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import draccus
import torch
import yaml
from lerobot.configs import PreTrainedConfig
from lerobot.configs.default import DatasetConfig, PeftConfig, WandBConfig
from lerobot.configs.train import TRAIN_CONFIG_NAME, TrainPipelineConfig
from lerobot.transforms import ImageTransformConfig, ImageTransformsConfig
from lerobot.utils.feature_utils import dataset_to_policy_features
from lerobot.utils.import_utils import register_third_party_plugins

from ...rig.errors import DynacollectError
from ..dynamicvla import processor_dynamicvla  # noqa: F401 # because LeRobot then knows the policy and its steps
from ..dynamicvla.weights import read_config
from .embodiment import own_fields
from .fitting import OWN, camera_key
from .record import PRETRAINED, Record
from .rows import ACTION, STATE
from .settings import Plan, Settings
from .sources import DataSet, read_set

PROJECT = "dynacollect"
LINES = 500
"""How often a training tells how it is doing, at least once in 50 steps."""
JITTER: dict[str, tuple[float, float]] = {
    "brightness": (0.8, 1.2), "contrast": (0.8, 1.2), "saturation": (0.5, 1.5), "hue": (-0.05, 0.05),
}  # fmt: skip
"""How much pictures change their colours."""
OVERFIT_RATE = 1e-3


@dataclass
class Pipeline(TrainPipelineConfig):
    """LeRobot's own, of which the folder and the checkpoint are known to be right."""

    def validate(self) -> None:
        """LeRobot's looks at the command line, and refuses a folder that exists. For LeRobot 0.6."""
        if self.policy is None:
            raise DynacollectError("there is no policy to train; name one with --policy")
        self.job_name = self.job_name or self.policy.type
        if not self.resume:
            self.optimizer = self.policy.get_optimizer_preset()
            self.scheduler = self.policy.get_scheduler_preset()


def pipeline_of(plan: Plan, out: Path) -> Pipeline:
    """From the newest checkpoint on, or from the start."""
    checkpoint = Record(out).last
    made = _from_start(plan, out) if checkpoint is None else _going_on(checkpoint)
    settings = plan.settings
    # A folder may have been moved since.
    made.output_dir, made.dataset.root = out, plan.data
    made.steps, made.num_workers = settings.steps, settings.workers
    made.save_freq = settings.saves_every
    made.eval_steps = settings.validates_every if settings.validate else 0
    made.log_freq = 1 if settings.overfit else max(1, min(50, settings.steps // LINES))
    # Whatever is logged goes through the place of LeRobot's W&B logger.
    made.wandb = WandBConfig(enable=True, project=settings.wandb or PROJECT, disable_artifact=True)
    return made


def _going_on(checkpoint: Path) -> Pipeline:
    folder = checkpoint / PRETRAINED
    made = cast(Pipeline, Pipeline.from_pretrained(folder / TRAIN_CONFIG_NAME))
    if made.policy is None:
        raise DynacollectError(f"{folder} holds no policy; train into another folder")
    made.resume, made.checkpoint_path, made.policy.pretrained_path = True, checkpoint, folder
    return made


def _from_start(plan: Plan, out: Path) -> Pipeline:
    settings = plan.settings
    data = read_set(plan.data)
    policy = policy_of(plan, data)
    made = Pipeline(
        DatasetConfig(PROJECT, root=plan.data, image_transforms=_jitter(settings.augment)), policy=policy,
        output_dir=out, seed=settings.seed, batch_size=settings.batch * settings.accumulate,
        rename_map={camera_key(mine): camera_key(its) for mine, its in settings.rename},
        peft=PeftConfig(r=settings.rank, lora_alpha=2 * settings.rank) if settings.train == "lora" else None,
    )  # fmt: skip
    made.dataset.eval_split = settings.validate
    return made


def policy_of(plan: Plan, data: DataSet) -> PreTrainedConfig:
    """Of the policy that is trained."""
    settings = plan.settings
    config = _fresh(settings, data) if plan.start is None else _saved(settings.policy, Path(plan.start))
    _train_parts(config, settings)
    changes: dict[str, Any] = {}
    if settings.rate is not None or settings.overfit:
        changes["optimizer_lr"] = settings.rate or OVERFIT_RATE
    if settings.statistics is not None:
        changes["statistics"] = settings.statistics
    if settings.policy == OWN:
        changes["dtype"] = {"bf16": "bfloat16"}.get(settings.precision, "float32")
    if settings.steps > getattr(config, "scheduler_decay_steps", settings.steps):
        changes["scheduler_decay_steps"] = settings.steps
    for name, value in changes.items():
        if not hasattr(config, name):
            raise DynacollectError(f"the policy {settings.policy} has no {name}; leave out the option that sets it")
        setattr(config, name, value)
    config = with_fields(config, settings.fields)
    config.device = _device(settings)
    config.push_to_hub, config.use_peft = False, False
    return config


def with_fields(config: PreTrainedConfig, fields: tuple[tuple[str, str], ...]) -> PreTrainedConfig:
    """The configuration with these fields, given as text."""
    said: dict[str, Any] = draccus.encode(config)  # type: ignore[assignment]
    for name, text in fields:
        if name not in said:
            close = difflib.get_close_matches(name, said, 1)
            hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(sorted(said))}"
            raise DynacollectError(f"the policy {config.type} has no field '{name}'; {hint}")
        said[name] = yaml.safe_load(text)
    said.pop("type", None)
    try:
        return draccus.decode(type(config), said) if fields else config
    except (draccus.utils.DraccusException, TypeError, ValueError) as error:
        raise DynacollectError(f"--set is not understood: {str(error).splitlines()[0]}; correct the value") from None


def _fresh(settings: Settings, data: DataSet) -> PreTrainedConfig:
    register_third_party_plugins()
    known = PreTrainedConfig.get_known_choices()
    if settings.policy not in known:
        raise DynacollectError(f"there is no policy '{settings.policy}'; choose one of {', '.join(sorted(known))}")
    if settings.preset is not None and settings.policy != OWN:
        raise DynacollectError(f"presets are of {OWN}; size {settings.policy} by its fields, with --set FIELD=VALUE")
    found = dataset_to_policy_features({key: dict(feature) for key, feature in data.features.items()})
    cameras = [camera_key(name) for name in settings.cameras] or data.cameras
    own = {"preset": settings.preset, **own_fields(data)} if settings.policy == OWN else {}
    return PreTrainedConfig.get_choice_class(settings.policy)(
        # Not the target's pose, which sets have as `observation.environment_state`: policies shall see pictures.
        input_features={key: found[key] for key in (*cameras, STATE)}, output_features={ACTION: found[ACTION]},
        device=_device(settings), push_to_hub=False, **own,
    )  # fmt: skip


def _saved(name: str, folder: Path) -> PreTrainedConfig:
    config = read_config(folder) if name == OWN else PreTrainedConfig.from_pretrained(folder)
    config.pretrained_path = folder
    return config


def _train_parts(config: PreTrainedConfig, settings: Settings) -> None:
    """All of it, or the expert alone. LoRA comes around the policy later, and what it leaves alone stands still."""
    if settings.train is None:
        return
    frozen = settings.train != "all"
    own = dict.fromkeys(("freeze_vision_model", "freeze_connector", "freeze_text_model"), frozen)
    theirs = {} if settings.train == "lora" else dict.fromkeys(("train_expert_only", "freeze_vision_encoder"), frozen)
    there = {name: value for name, value in {**own, **theirs}.items() if hasattr(config, name)}
    if settings.train == "expert" and not there:
        raise DynacollectError(f"{settings.policy} has no expert beside a backbone; leave --train out")
    for name, value in there.items():
        setattr(config, name, value)


def _jitter(wanted: bool) -> ImageTransformsConfig:
    """Colours of a camera's pictures, alike for both moments."""
    each = {"colours": ImageTransformConfig(type="ColorJitter", kwargs=dict(JITTER))}
    return ImageTransformsConfig(enable=wanted, max_num_transforms=1, tfs=each)


def _device(settings: Settings) -> str:
    kind = (settings.device or "").partition(":")[0]
    if kind == "cuda" and not torch.cuda.is_available():
        raise DynacollectError("this machine has no GPU that torch can use; leave --device out, or say --device cpu")
    return kind or ("cuda" if torch.cuda.is_available() else "cpu")
