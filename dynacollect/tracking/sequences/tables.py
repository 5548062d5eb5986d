"""The tables of a sequence: JSON files whose every fault is told in a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...rig.errors import DynacollectError
from ...rig.nouns import Vector

SQUARE = 1e-2
"""How far a rotation matrix may be off a rotation."""


def read_table(path: Path) -> dict[int, Any]:
    """Rows by frame or object number, in order."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DynacollectError(f"there is no {path}; add it, in BOP's layout") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DynacollectError(f"{path} is no JSON file ({error}); write it anew") from error
    if not isinstance(rows, dict):
        raise DynacollectError(f'{path} is no table {{"0": ..., "1": ...}}; write it as BOP has it')
    wrong = next((key for key in rows if not key.isdigit()), None)
    if wrong is not None:
        raise DynacollectError(f"{path}: '{wrong}' is no number; name every row by its number, as \"0\"")
    return {int(key): rows[key] for key in sorted(rows, key=int)}


def numbers(row: object, key: str, count: int, where: str) -> Vector:
    """So many finite numbers of a row."""
    values = row.get(key) if isinstance(row, Mapping) else None
    try:
        found = np.array(values, float).ravel()
    except (TypeError, ValueError):
        found = np.zeros(0)
    if values is None or len(found) != count or not np.isfinite(found).all():
        raise DynacollectError(f"{where}: {key} is not {count} numbers; write them as BOP has them")
    return found


def pose(row: object, turn_key: str, shift_key: str, where: str) -> RigidTransform:
    """A rotation by rows and a translation in mm."""
    turn = numbers(row, turn_key, 9, where).reshape(3, 3)
    if np.abs(turn @ turn.T - np.eye(3)).max() > SQUARE or np.linalg.det(turn) < 0:
        raise DynacollectError(f"{where}: {turn_key} is no rotation; write the 3x3 matrix row by row")
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, 1e-3 * numbers(row, shift_key, 3, where)
    return RigidTransform.from_matrix(matrix)
