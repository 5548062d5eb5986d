"""What LeRobot's trainer has no option for is put in its place here, by the names that its module looks up.

Made for LeRobot 0.6, whose `lerobot.scripts.lerobot_train.train` calls them in this order: `WandBLogger`,
`make_train_eval_datasets`, `make_policy`, `make_pre_post_processors`, `make_optimizer_and_scheduler`,
`EpisodeAwareSampler`, `cycle`; then in each step `update_policy` and `should_save_checkpoint`, and `save_checkpoint`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from lerobot import __version__
from lerobot.datasets import EpisodeAwareSampler
from lerobot.scripts import lerobot_train
from lerobot.utils.constants import TRAINING_STATE_DIR
from lerobot.utils.random_utils import set_seed

from ...rig.errors import DynacollectError
from ..dynamicvla import DynamicVLAConfig
from ..rollout.trained_on import TrainedOn, trained_on
from .averaged import Averaged
from .data import datasets_of
from .mixture import sampler_of
from .parts import update_in_parts
from .pipeline import Pipeline
from .record import PRETRAINED, WHOLE, Record
from .room import refuse_without_room
from .rows import read_rows
from .settings import Plan
from .sources import read_set
from .stopping import Stop, StoppedError
from .watching import Watcher
from .whole import save_whole

NAMES = (
    "WandBLogger", "make_train_eval_datasets", "make_policy", "make_pre_post_processors",
    "make_optimizer_and_scheduler", "EpisodeAwareSampler", "cycle", "update_policy", "should_save_checkpoint",
    "save_checkpoint",
)  # fmt: skip
PROCESSORS = "policy_preprocessor.json"
VALIDATION = 2**31
"""Stands for the step in what validation draws: the same noise each time, and never a step's."""


class Seams:
    """Of one training. Public methods have the names, and take the arguments, of what they stand for."""

    def __init__(self, plan: Plan, cfg: Pipeline, record: Record, watched: bool) -> None:
        self._plan, self._settings, self._cfg, self._record = plan, plan.settings, cfg, record
        self._stop = Stop(watched)
        self._step = record.step
        self._dataset: Any = None
        self._averaged: Averaged | None = None
        self.accelerator = _Accelerator(self, plan, cfg.trainable_config.device)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """LeRobot's names lead here meanwhile."""
        own = {name: getattr(lerobot_train, name, None) for name in NAMES}
        if missing := [name for name, value in own.items() if value is None]:
            raise DynacollectError(f"LeRobot {__version__} has no {missing[0]} any more; install lerobot>=0.6.1,<0.7")
        self._own: dict[str, Any] = own
        for name in NAMES:
            setattr(lerobot_train, name, getattr(self, name))
        try:
            yield
        finally:
            for name, value in own.items():
                setattr(lerobot_train, name, value)

    def WandBLogger(self, cfg: Pipeline) -> Watcher:
        """Everything that is logged."""
        return Watcher(cfg, self._settings, self._record, self._stop)

    def make_train_eval_datasets(self, cfg: Pipeline) -> tuple[Any, Any]:
        """LeRobot holds out the last episodes of every instruction, which may be all there are."""
        self._dataset, validation = datasets_of(cfg, self._plan)
        return self._dataset, validation

    def make_policy(self, cfg: Any, **how: Any) -> Any:
        """From now on the statistics that were chosen are part of the weights."""
        if isinstance(cfg, DynamicVLAConfig) and self._settings.train == "lora":
            # An adapter goes with the weights that it was begun on, and with this data's statistics.
            cfg.statistics = self._settings.statistics or "data"
        policy = self._own["make_policy"](cfg, **how)
        if isinstance(cfg, DynamicVLAConfig):
            cfg.statistics = "weights"
        return policy

    def make_pre_post_processors(self, policy_cfg: Any, pretrained_path: Any = None, **how: Any) -> Any:
        """Published checkpoints come without processors."""
        there = pretrained_path is not None and (Path(pretrained_path) / PROCESSORS).is_file()
        return self._own["make_pre_post_processors"](policy_cfg, pretrained_path if there else None, **how)

    def make_optimizer_and_scheduler(self, cfg: Pipeline, policy: Any) -> Any:
        """What is trained is known here: is there room for it, and is it averaged?"""
        if self._settings.overfit:
            cfg.scheduler = None
        optimizer, scheduler = self._own["make_optimizer_and_scheduler"](cfg, policy)
        counts = [(value.numel(), value.requires_grad) for value in policy.parameters()]
        total, trained = sum(count for count, _ in counts), sum(count for count, grad in counts if grad)
        refuse_without_room(self._record.out, self._settings, self._step, total, trained)
        if self._settings.ema is not None:
            self._averaged = Averaged(policy, self._settings.ema)
            if cfg.resume and cfg.checkpoint_path:
                self._averaged.load(cfg.checkpoint_path / TRAINING_STATE_DIR)
            optimizer.register_step_post_hook(lambda *_: self._averaged and self._averaged.update())
        if self.accelerator.is_main_process:
            self._record.add("start", step=self._step, parameters=total, trainable=trained)
        return optimizer, scheduler

    def EpisodeAwareSampler(self, *which: Any, **how: Any) -> Any:
        """By shares, where there are several data sets."""
        shares, step = [share for _, share in self._settings.mix], self._cfg.batch_size * self.accelerator.num_processes
        return sampler_of(self._dataset, EpisodeAwareSampler(*which, **how), shares, self._settings.seed, step)

    def cycle(self, loader: Any) -> Iterator[Any]:
        """What a step draws follows from the seed, the step and the process alone, so that going on changes nothing."""
        for batch in _endless(loader, once=self._settings.overfit):
            if self._stop.agreed:
                raise StoppedError
            self.draw(0 if self._settings.overfit else self._step)
            self._step += 1
            yield batch

    def draw(self, number: int) -> None:
        """Begin all random numbers anew."""
        sequence = np.random.SeedSequence([self._settings.seed, number, self.accelerator.process_index])
        set_seed(int(sequence.generate_state(1)[0]))

    def update_policy(self, *which: Any, **how: Any) -> Any:
        """In parts, where batches are accumulated."""
        return update_in_parts(self._own["update_policy"], self._settings.accumulate, *which, **how)

    def should_save_checkpoint(self, step: int, every: int, total: int) -> bool:
        """Also when the training is to end."""
        ends = self._stop.agree(self.accelerator)
        return self._own["should_save_checkpoint"](step, every, total) or ends

    def save_checkpoint(self, checkpoint_dir: Path, policy: Any, **how: Any) -> None:
        """There as a whole or not at all."""
        aside = checkpoint_dir.with_name(f".{checkpoint_dir.name}")
        shutil.rmtree(aside, ignore_errors=True)
        self._own["save_checkpoint"](checkpoint_dir=aside, policy=policy, **how)
        if self._averaged is not None:
            self._averaged.save(aside / TRAINING_STATE_DIR)
            with self._averaged.in_place():
                save_whole(policy, aside / PRETRAINED, aside / WHOLE)
        elif self._settings.train == "lora":
            save_whole(policy, aside / PRETRAINED, aside / WHOLE)
        for folder in (aside / PRETRAINED, aside / WHOLE):
            if folder.is_dir():
                _trained_on(self._plan).write(folder)
        if not checkpoint_dir.exists():
            aside.rename(checkpoint_dir)

    def validating(self, loader: Any) -> Iterator[Any]:
        """The averaged weights, and the same noise every time."""
        self.draw(VALIDATION)
        if self._averaged is None:
            yield from loader
            return
        with self._averaged.in_place():
            yield from loader


@lru_cache
def _trained_on(plan: Plan) -> TrainedOn:
    """What whoever runs the policy has to know of its data."""
    data, rows = read_set(plan.data), read_rows(Path(plan.data))
    return trained_on(data.statement, data.fps, rows.state[rows.begins])


class _Validation:
    """A loader whose passes are the same but for the policy."""

    def __init__(self, loader: Any, seams: Seams) -> None:
        self._loader, self._seams = loader, seams

    def __iter__(self) -> Iterator[Any]:
        return self._seams.validating(self._loader)


class _Accelerator(Accelerator):
    """As LeRobot makes it, with the options that it does not pass on."""

    def __init__(self, seams: Seams, plan: Plan, device: str | None) -> None:
        settings = plan.settings
        self._seams = seams
        super().__init__(
            step_scheduler_with_optimizer=False, cpu=device == "cpu",
            mixed_precision="bf16" if settings.precision == "bf16" else "no",
            gradient_accumulation_steps=settings.accumulate,
            dynamo_backend="inductor" if settings.compile else "no",
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )  # fmt: skip

    def prepare(self, *parts: Any, **how: Any) -> Any:
        """LeRobot hands over five parts where it validates, the last of them the loader for that."""
        done = super().prepare(*parts, **how)
        return (*done[:4], _Validation(done[4], self._seams)) if len(parts) == 5 else done


def _endless(loader: Any, *, once: bool) -> Iterator[Any]:
    """Pass after pass, or the first batch again and again."""
    while True:
        for batch in loader:
            while once:
                yield dict(batch)
            yield batch
