"""What an episode is called before it begins: instruction, things, and where all of it comes from."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

from ... import __version__
from ...controllers.machine import TICK_S
from ...datasets.raw import Head
from ...datasets.things import said, things_of
from ...rig.camera_model import CameraModel
from ...rig.rig import Rig
from .setting import Scene
from .settings import Settings
from .wish import Wish


def head_of(
    rig: Rig, settings: Settings, wish: Wish, scene: Scene, cameras: Mapping[str, CameraModel], calibration: str | None
) -> Head:
    """Of one attempt."""
    things = things_of(scene.names)
    return Head(
        wish.kind.task, (said(things),), rig.arm.model.name, cameras, things,
        {"session": settings.seed, "episode": wish.seed}, _provenance(rig, settings, wish, scene, calibration),
        1.0 / TICK_S,
    )  # fmt: skip


def _provenance(rig: Rig, settings: Settings, wish: Wish, scene: Scene, calibration: str | None) -> dict[str, Any]:
    return {
        "version": __version__,
        "git": git_state(),
        "calibration": calibration,
        "state": settings.state,
        "speed": wish.speed,
        "launcher": scene.staged.launcher,
        "wish": {"attempt": wish.attempt, "speed": wish.speed, "seed": wish.seed, **asdict(wish.kind)},
        "arm": None if rig.arm_info is None else asdict(rig.arm_info),
        "cameras": {name: asdict(info) for name, info in rig.camera_infos.items()},
        "config": rig.config.resolved(),
    }


@cache
def git_state() -> str | None:
    """Commit of the package's own checkout, with a plus where it was changed; None outside of one."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / ".git").exists():
        return None
    try:
        run = [
            subprocess.run(["git", "-C", str(folder), *words], capture_output=True, text=True, timeout=10, check=True)
            for words in (["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain"])
        ]
    except (OSError, subprocess.SubprocessError):
        return None
    return run[0].stdout.strip() + ("+" if run[1].stdout.strip() else "")
