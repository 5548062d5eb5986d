"""Takes the place of LeRobot's W&B logger: every figure becomes a row of the record, and goes on to who wants it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from lerobot.common.wandb_utils import WandBLogger

from ...rig.errors import DynacollectError
from .pipeline import Pipeline
from .record import KNOWN, Record
from .settings import Settings
from .stopping import Stop


class Watcher:
    """Has the methods that LeRobot 0.6 calls."""

    def __init__(self, cfg: Pipeline, settings: Settings, record: Record, stop: Stop) -> None:
        self._record, self._settings, self._stop = record, settings, stop
        self._first: float | None = None
        self._forwards: list[Any] = [WandBLogger(cfg)] if settings.wandb else []
        if settings.tensorboard:
            self._forwards.append(_TensorBoard(record.out / "tensorboard"))
        # A checkpoint that `lerobot-train` goes on from says what was asked for.
        cfg.wandb.enable = settings.wandb is not None

    def log_dict(self, values: dict[str, Any], step: int, mode: str = "train") -> None:
        """Figures of the last steps, or the validation loss."""
        for each in self._forwards:
            each.log_dict(values, step, mode)
        if mode == "eval":
            self._record.add("validation", step=step, loss=values["eval_loss"])
            return
        loss = values["loss"]
        if not math.isfinite(loss):
            raise DynacollectError(
                f"the loss is no number any more at step {step}; lower --rate, and give the same line with another "
                "--out, or look at the data with `dynacollect dataset check`"
            )
        known = {"loss": loss, "grad_norm": values["grad_norm"], "lr": values["lr"]}
        rest = {name: values[name] for name in ("samples_per_s", "dataloading_s", "gpu_mem_gb") if name in values}
        self._record.add("train", step=step, **known, **rest)
        self._watch(loss)

    def log_policy(self, checkpoint: Path) -> None:
        """A checkpoint was saved."""
        self._record.add("saved", step=int(checkpoint.name))
        self._record.mark_best()

    def _watch(self, loss: float) -> None:
        self._first = loss if self._first is None else self._first
        if self._settings.overfit and loss < KNOWN * self._first:
            self._stop.wanted = True


class _TensorBoard:
    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder))

    def log_dict(self, values: dict[str, Any], step: int, mode: str) -> None:
        for name, value in values.items():
            self._writer.add_scalar(f"{mode}/{name}", value, step)
        self._writer.flush()
