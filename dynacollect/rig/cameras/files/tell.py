"""How a recording without the camera that was asked for is told."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...config_base import nearest


def look_there(camera: str, known: Iterable[str], path: Path) -> str:
    return f"{path} has no camera {camera}; {nearest(camera, known)}"
