"""What a session was asked for; kept in its folder, so that the same line goes on with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ...controllers.machine import TaskName
from ...datasets.raw.durable import written
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...training.trials import BINS
from ..output import plain

if TYPE_CHECKING:
    from ...training.rollout.rolled import Rolled

FILE = "session.json"

Source = Literal["vision", "truth"]
SLOWEST = 0.05
"""m/s; what is slower does not look like moving."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Of one session."""

    rig: RigConfig
    tasks: tuple[TaskName, ...]
    objects: tuple[str, ...]
    """Names in the catalogue."""
    episodes: int
    """Successes that are wanted; attempts, of a policy."""
    seed: int = 0
    state: Source = "vision"
    images: bool = True
    top_speed: float = 0.75
    calibration: Path | None = None
    verify: bool = True
    """Compare with the calibration's reference pictures, if there are any, before the first attempt of a run."""
    patience_s: float = 3600.0
    """On the session's clock: so long it waits for a person who was called."""
    policy: Rolled | None = None
    """Runs in the expert's place."""
    shadow: bool = False
    """Nothing is sent to the arm while the policy has its say."""

    @property
    def done_by_attempts(self) -> bool:
        """A policy is to be tried so often; of an expert so many successes are wanted."""
        return self.policy is not None

    @property
    def bins(self) -> tuple[tuple[float, float], ...]:
        """Speeds that are asked for, m/s; the first is still."""
        capped = ((low, min(high, self.top_speed)) for low, high in BINS)
        return tuple((low, high) for low, high in capped if low == high == 0.0 or high > max(low, SLOWEST))

    def said(self) -> dict[str, Any]:
        """What the journal and the session's file say of it."""
        policy = {} if self.policy is None else {"policy": asdict(self.policy), "shadow": self.shadow}
        return {
            **policy,
            "rig": self.rig.name, "robot": self.rig.arm.model, "tasks": self.tasks, "objects": self.objects,
            "episodes": self.episodes, "seed": self.seed, "state": self.state, "images": self.images,
            "top_speed": self.top_speed,
        }  # fmt: skip


MAY_CHANGE = ("episodes",)
"""From one run of a session to the next."""


def keep(session: Path, settings: Settings) -> None:
    """Write the settings down, or make sure that they are those that the session was begun with."""
    path = session / FILE
    now = plain(settings.said())
    before = _read(path)
    for name, value in () if before is None else now.items():
        if name not in MAY_CHANGE and before is not None and before.get(name) != value:
            raise DynacollectError(
                f"{session} was begun with {name} {_shown(before.get(name))}, not {_shown(value)}; "
                "give the same line again, or name another folder in --out"
            )
    written(path, json.dumps(now, indent=1, ensure_ascii=False))


def _read(path: Path) -> Mapping[str, Any] | None:
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); remove it to go on with the session") from error
    if not isinstance(found, dict):
        raise DynacollectError(f"{path} holds no settings; remove it to go on with the session")
    return found


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
