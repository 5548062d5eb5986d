"""Trainings in this process: what `dynacollect train` does but for its child, whose start takes longer than they do."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dynacollect.datasets.export import build
from dynacollect.training.finetune import worker
from dynacollect.training.finetune.run import Summary, Training
from dynacollect.training.finetune.settings import Settings

from ...datasets.made_sessions import Course, make_session

QUICK: dict[str, Any] = {
    "preset": "tiny", "cameras": ("opst_cam",), "batch": 2, "workers": 0, "device": "cpu", "validate": 0.0,
}  # fmt: skip


def made_set(folder: Path, *seeds: int) -> Path:
    """Short episodes of a session."""
    session = make_session(folder / "session", *(Course(seed, 14 + 2 * seed) for seed in seeds))
    build([session], folder / "set")
    return folder / "set"


@contextmanager
def undisturbed() -> Iterator[None]:
    """LeRobot sets up logging for its process, and accelerate its state."""
    from accelerate.state import AcceleratorState

    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    AcceleratorState._reset_state(True)
    try:
        yield
    finally:
        AcceleratorState._reset_state(True)
        root.handlers[:], root.level = handlers, level


def train(out: Path, source: Path | None, **settings: Any) -> Summary:
    """The same as on the command line."""
    training = Training(out)
    asked = Settings((str(source),) if source else (), **{**QUICK, **settings} if source else settings)
    with training.held():
        plan, coverage = training.prepared(asked, lambda *_: None)
        with undisturbed():
            worker.main([str(out / "train.json")])
        return training.summary(plan, coverage)


def cut_back(out: Path, step: int) -> None:
    """As if the process had been killed after this checkpoint."""
    folder = out / "checkpoints"
    for path in folder.glob("[0-9]*"):
        if int(path.name) > step:
            shutil.rmtree(path)
    (folder / "last").unlink()
    (folder / "last").symlink_to(f"{step:06d}")


def weights(checkpoint: Path, name: str = "pretrained_model/model.safetensors") -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(checkpoint / name)
