"""The state machine's log: everything a tick was decided from and what was decided, one JSON line a tick.

Floats are written in full, so that what is read back is the same to the last bit and a replay takes the same
decisions. The first line names the profile and the schema.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Command
from .machine import MachineState, Observation, Profile, Step, Transition

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One tick of a log."""

    observation: Observation
    command: Command
    transitions: tuple[Transition, ...]


def header[S: MachineState](profile: Profile[S]) -> str:
    """The first line of a log."""
    return json.dumps({"schema": SCHEMA, "profile": profile.name})


def line[S: MachineState](observation: Observation, step: Step[S]) -> str:
    """One tick's line."""
    return json.dumps(plain(Entry(observation, step.command, step.transitions)))


def read[S: MachineState](lines: Iterable[str], profile: Profile[S]) -> Iterator[Entry]:
    """The ticks of a log that this profile wrote."""
    rows = iter(lines)
    first = json.loads(next(rows, "null")) or {}
    if first.get("schema") != SCHEMA:
        raise DynacollectError(f"This is not a machine log of schema {SCHEMA}; record it anew.")
    if first.get("profile") != profile.name:
        raise DynacollectError(f"The log is of profile '{first.get('profile')}'; replay it with that one.")
    for row in rows:
        yield typed(Entry, json.loads(row))


def replay[S: MachineState](lines: Iterable[str], profile: Profile[S]) -> Iterator[tuple[Entry, Step[S]]]:
    """Every tick of a log beside what the profile decides on the same observations now."""
    state: S | None = None
    for entry in read(lines, profile):
        state = profile.start(entry.observation) if state is None else state
        step = profile.step(state, entry.observation)
        state = step.state
        yield entry, step


def first_difference[S: MachineState](lines: Iterable[str], profile: Profile[S]) -> Entry | None:
    """The first tick whose command or transitions come out otherwise now; `None` where all are the same."""
    differing = (entry for entry, step in replay(lines, profile) if not _decides(step, entry))
    return next(differing, None)


def _decides[S: MachineState](step: Step[S], entry: Entry) -> bool:
    """Whether a step is what the log has, compared as written, where a NaN equals a NaN."""
    now = json.dumps(plain((step.command, step.transitions)))
    return now == json.dumps(plain((entry.command, entry.transitions)))


def plain(value: object) -> Any:
    """A value as JSON has it: dataclasses as objects by field, arrays as lists, poses as 4x4 matrices."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float | np.floating):
        return float(value)
    if isinstance(value, RigidTransform):
        return value.as_matrix().tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return _plain_group(value)


def _plain_group(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"a {type(value).__name__} has no plain form")


def typed[T](kind: type[T], value: Any) -> T:
    """The value of that type that `plain` made this of, the same to the last bit."""
    return _typed(kind, value)


def _typed(kind: Any, value: Any) -> Any:
    origin = get_origin(kind) or kind
    if origin in (Union, UnionType):
        return _typed_option(kind, value)
    if origin is RigidTransform:
        return RigidTransform(np.array(value, dtype=float), normalize=False)
    if origin is np.ndarray:
        return np.array(value, dtype=float)
    if origin is tuple:
        return _typed_tuple(get_args(kind), value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _typed(get_args(kind)[1], item) for key, item in value.items()}
    if is_dataclass(origin):
        return _typed_dataclass(origin, value)
    return origin(value)


def _typed_option(kind: Any, value: Any) -> Any:
    """Of `X | None`; no other unions are kept."""
    others = [option for option in get_args(kind) if option is not NoneType]
    return None if value is None else _typed(others[0], value)


def _typed_tuple(kinds: tuple[Any, ...], value: list[Any]) -> tuple[Any, ...]:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_typed(kinds[0], item) for item in value)
    return tuple(_typed(kind, item) for kind, item in zip(kinds, value, strict=True))


def _typed_dataclass(kind: Any, value: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _typed(hints[name], item) for name, item in value.items()})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
