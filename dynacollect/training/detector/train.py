"""Trains a small segmenting network on the pictures of a folder, and measures it on those that were kept apart."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...rig.errors import DynacollectError
from ...rig.objects import catalogue
from ...tracking.seeing.ultralytics.network import load
from ...tracking.seeing.ultralytics.offline import device_of
from ...tracking.seeing.ultralytics.weights import Device, file_of
from . import dataset
from .dataset import Plan
from .scenes import PICTURES

BATCH = 8
DRAWN = {"mosaic": 0.0, "fliplr": 0.0, "warmup_epochs": 1.0, "nbs": BATCH}
"""How Ultralytics' habits are changed: scenes are drawn crowded enough without four in one picture, no thing is its own
mirror image, and every batch counts, for there are few."""

Progress = Callable[[str, int, int], None]
"""Told what is going on, how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A detector, and how well it does on pictures that it was not trained on, as Ultralytics measures it."""

    weights: Path
    folder: Path
    classes: tuple[str, ...]
    pictures: dict[str, int]
    mask_map50: float
    mask_map: float
    """Mean over overlaps from 50 to 95 %."""
    box_map50: float
    box_map: float
    per_class: dict[str, float]
    """`mask_map` of each."""


def train_detector(out: Path, plan: Plan, device: Device, progress: Progress) -> Trained:
    """Pictures, training and figures; what was begun before goes on. Works in the folder that is called as `out`."""
    if out.exists():
        raise DynacollectError(f"{out} exists already; name another file")
    if out.suffix != ".pt":
        raise DynacollectError(f"{out} is no name for weights; end it in .pt")
    for name in plan.names:
        catalogue.load(name)
    start, place = _start(plan.model), device_of(device)
    folder = out.with_suffix("")
    dataset.begin(folder, plan)
    for done in dataset.make(folder, plan):
        progress("Taking pictures", done, plan.scenes * PICTURES)
    best = _trained(start, folder, plan, place, progress)
    progress("Measuring", 0, 1)
    figures = _figures(best, folder, plan, place)
    _publish(best, out)
    progress("Measuring", 1, 1)
    return Trained(out, folder, plan.names, dataset.counts(folder), **figures)


def _start(name: str) -> Any:
    """What is trained: a network of this form with drawn weights (.yaml), or one that knows something (.pt)."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else file_of(name)
    model = load(path)
    if model.task != "segment":
        raise DynacollectError(f"{name} gives no masks; train one that segments, as yolo11n-seg.yaml")
    return model


def _trained(start: Any, folder: Path, plan: Plan, device: str, progress: Progress) -> Path:
    """The best weights of a run, which goes on where it was cut off."""
    weights = folder / "run" / "weights"
    model, resume = start, False
    if (weights / "last.pt").is_file():
        model = load(weights / "last.pt")
        # Ultralytics marks the weights of a run that is over.
        if model.ckpt.get("epoch", -1) < 0:
            return weights / "best.pt"
        resume = True

    steps = _Steps(progress)
    model.add_callback("on_train_start", steps.begin)
    model.add_callback("on_train_batch_end", steps.count)
    model.train(
        **_run(folder, plan, device), name="run", epochs=plan.epochs, seed=plan.seed, resume=resume, patience=0,
        # A check of half precision would fetch weights; this kind needs none.
        amp="bf16" if device == "cuda" else False, **DRAWN,
    )  # fmt: skip
    return weights / "best.pt"


class _Steps:
    """Tells how far a training is."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._done = progress, 0

    def begin(self, trainer: Any) -> None:
        self._done = trainer.start_epoch * len(trainer.train_loader)

    def count(self, trainer: Any) -> None:
        self._done += 1
        self._progress("Training", self._done, trainer.epochs * len(trainer.train_loader))


def _figures(best: Path, folder: Path, plan: Plan, device: str) -> dict[str, Any]:
    found = load(best).val(**_run(folder, plan, device), name="val")
    return {
        "mask_map50": float(found.seg.map50), "mask_map": float(found.seg.map),
        "box_map50": float(found.box.map50), "box_map": float(found.box.map),
        "per_class": {name: float(found.seg.maps[index]) for index, name in enumerate(plan.names)},
    }  # fmt: skip


def _run(folder: Path, plan: Plan, device: str) -> dict[str, Any]:
    """What training and measuring have in common."""
    return {
        "data": str(folder / "data.yaml"), "imgsz": plan.size, "batch": BATCH, "device": device,
        "workers": 0 if device == "cpu" else min(8, os.cpu_count() or 1), "project": str(folder.resolve()),
        "exist_ok": True, "plots": False, "verbose": False,
    }  # fmt: skip


def _publish(best: Path, out: Path) -> None:
    """The weights under their name, whole or not at all."""
    part = out.with_suffix(".part")
    shutil.copyfile(best, part)
    part.rename(out)
