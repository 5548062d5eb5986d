"""What a training was asked for, and what was found for it; `train.json` keeps both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from ... import __version__
from ...datasets.raw.durable import written
from ...rig.errors import DynacollectError

FILE = "train.json"
FORMAT = 1
"""Version of this file; a reader refuses what is newer."""
FREE = ("steps", "save_every", "validate_every", "workers", "frames", "wandb", "tensorboard")
"""Settings that may be others when a training goes on."""
SAVES = 10
"""Checkpoints of a training, unless said otherwise."""

Parts = Literal["all", "expert", "lora"]
Precision = Literal["float32", "bf16"]


@dataclass(frozen=True, slots=True)
class Settings:
    """As a person gave them. None: the policy's or the checkpoint's own."""

    sources: tuple[str, ...]
    """Sessions, or one LeRobot data set: folders or a Hub id."""
    policy: str = "dynamicvla"
    preset: str | None = None
    start: str | None = None
    """Folder or Hub id of the checkpoint to begin with."""
    steps: int = 20_000
    batch: int = 32
    """Samples in a process at a time; `accumulate` of them and all processes make a step."""
    rate: float | None = None
    train: Parts | None = None
    rank: int = 16
    mix: tuple[tuple[str, float], ...] = ()
    """Other data sets, each with its share of the samples."""
    cameras: tuple[str, ...] = ()
    """All of the data, where none are named."""
    rename: tuple[tuple[str, str], ...] = ()
    """Cameras of the data that have another name in the policy."""
    statistics: Literal["data", "weights"] | None = None
    fields: tuple[tuple[str, str], ...] = ()
    """Of the policy's configuration, as text."""
    augment: bool = False
    precision: Precision = "float32"
    accumulate: int = 1
    ema: float | None = None
    compile: bool = False
    validate: float = 0.05
    """Share of the episodes that is held out."""
    validate_every: int | None = None
    save_every: int | None = None
    workers: int = 4
    frames: Literal["auto", "on", "off"] = "auto"
    """Whether all pictures are decoded once, into arrays on the disk: auto where that pays, and there is room."""
    processes: int = 1
    launch: str = ""
    """More words for `torchrun`, as for several machines."""
    device: str | None = None
    wandb: str | None = None
    tensorboard: bool = False
    seed: int = 0
    overfit: bool = False
    """Train on one batch only, until it is known."""

    @property
    def saves_every(self) -> int:
        return self.save_every or max(1, self.steps // SAVES)

    @property
    def validates_every(self) -> int:
        return self.validate_every or self.saves_every


@dataclass(frozen=True, slots=True)
class Plan:
    """Settings, and where all that they name is."""

    settings: Settings
    data: str
    """Folder of the LeRobot data set."""
    mix: tuple[str, ...] = ()
    start: str | None = None

    def write(self, out: Path) -> None:
        said = {"format": FORMAT, "made_by": f"dynacollect {__version__}", "plan": asdict(self)}
        written(out / FILE, json.dumps(said, indent=1) + "\n")


def read_plan(out: Path) -> Plan | None:
    """Of a training that was begun there."""
    path = out / FILE
    if not path.exists():
        return None
    try:
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] > FORMAT:
            raise DynacollectError(f"{path} has format {said['format']}, newer than {FORMAT}; update dynacollect")
        return TypeAdapter(Plan).validate_python(said["plan"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); train into another folder") from None


def differences(there: Settings, asked: Settings) -> tuple[str, ...]:
    """Names of the settings that must be the same for a training to go on, and are not."""
    names = [each.name for each in fields(Settings) if each.name not in FREE]
    return tuple(name for name in names if getattr(there, name) != getattr(asked, name))
