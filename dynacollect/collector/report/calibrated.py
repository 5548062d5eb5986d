"""The calibration that a session was recorded with."""

from __future__ import annotations

from pathlib import Path

from ...calibration.file import CalibrationFile, read_calibration
from ...rig.errors import DynacollectError

FILE = "calibration.yaml"


def calibration_of(session: Path) -> CalibrationFile | None:
    """Its copy in the session's folder; None where there is none that can be read."""
    try:
        return read_calibration(session / FILE)
    except (DynacollectError, OSError, UnicodeDecodeError):
        return None


def calibration_name(session: Path) -> str:
    """Its id and its date."""
    found = calibration_of(session)
    if found is not None:
        return f"{found.id}, {found.created}"
    return f"{FILE} cannot be read" if (session / FILE).exists() else "none"
