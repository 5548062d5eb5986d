"""Before the first attempt: is everything there that a night without anybody needs?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...calibration.file import CalibrationFile
from ...datasets.raw import Recorder
from ...rig.check import devices
from ...rig.rig import Rig
from .settings import Settings

WATCH_S = 1.5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def findings(
    rig: Rig, settings: Settings, recorder: Recorder, left: int, calibration: CalibrationFile | None
) -> Iterator[Finding]:
    """Of a rig that is connected; what needs its arm to move comes elsewhere."""
    for part in devices(rig, WATCH_S):
        yield Finding(part.name, part.ok, part.detail, "" if part.ok else "mend it, then: dynacollect rig check")
    yield _calibration(settings, calibration)
    yield _disk(recorder, left)


def _calibration(settings: Settings, file: CalibrationFile | None) -> Finding:
    if settings.state == "truth":
        return Finding("calibration", True, "not needed: the cell says where objects are")
    if file is None:
        remedy = "calibrate capture, calibrate solve, then name the file in rig.yaml or with --calibration"
        return Finding("calibration", False, "there is none", f"dynacollect {remedy}")
    return Finding("calibration", True, f"{file.id} of {file.created_at:%Y-%m-%d %H:%M}")


def _disk(recorder: Recorder, left: int) -> Finding:
    need, free = recorder.forecast(left)
    said = f"{need / 1e9:.1f} GB for {left} more episodes, {free / 1e9:.1f} GB free"
    return Finding("disk", need <= free, said, "" if need <= free else "make room, or ask for fewer --episodes")
