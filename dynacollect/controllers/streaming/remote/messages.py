"""Requests and answers as fields of frames. What comes in is looked at in full before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....rig.nouns import Vector
from ..chunk import WIDTH
from ..source import Request
from .wire import Fields, StrangerError, array_of

MOST_ROWS = 256
"""Actions in an array of them."""
_LARGEST = 1 << 53


def request_fields(number: int, request: Request) -> Fields:
    if not isinstance(request.seen, Mapping):
        raise StrangerError(f"a {type(request.seen).__name__} cannot be shown to a server")
    return {
        "number": number, "step": int(request.step), "begins": int(request.begins), "episode": int(request.episode),
        "delay": int(request.delay), "state": np.asarray(request.state, float), "seen": dict(request.seen),
        "left_over": _rows(request.left_over), "committed": _rows(request.committed),
    }  # fmt: skip


def request_of(fields: Fields) -> tuple[int, Request]:
    """Its number, and the request."""
    state = array_of(fields.get("state"))
    if state.shape != (6,) or state.dtype != float:
        raise StrangerError("a state that is no tool pose")
    number, step, begins, episode, delay = (
        whole(fields.get(name)) for name in ("number", "step", "begins", "episode", "delay")
    )
    left_over, committed = (_rows_of(fields.get(name)) for name in ("left_over", "committed"))
    return number, Request(step, _seen_of(fields.get("seen")), state, begins, episode, delay, left_over, committed)


def answer_of(fields: Fields) -> tuple[int, Vector, float]:
    """Number of the request, its actions, and how long they took, s; whether they make sense is not looked at."""
    actions, took = array_of(fields.get("actions")), fields.get("took_s")
    if actions.dtype != float or actions.size > MOST_ROWS * WIDTH:
        raise StrangerError("an answer that is no actions")
    if not isinstance(took, float) or not (isfinite(took) and took >= 0.0):
        raise StrangerError("an answer that took no time")
    return whole(fields.get("number")), actions, took


def whole(value: object) -> int:
    """A whole number that is not negative."""
    if type(value) is not int or not 0 <= value < _LARGEST:
        raise StrangerError("a field that is no number")
    return value


def text(value: object) -> str:
    if not isinstance(value, str):
        raise StrangerError("a field that is no text")
    return value


def some_bytes(value: object, count: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != count:
        raise StrangerError(f"a field that is not {count} bytes")
    return value


def _seen_of(value: object) -> dict[str, NDArray[Any] | str]:
    if not isinstance(value, dict):
        raise StrangerError("a request that shows nothing")
    return {text(name): item if isinstance(item, str) else array_of(item) for name, item in value.items()}


def _rows(actions: Vector | None) -> Vector | None:
    """What is longer than may be sent is cut."""
    return None if actions is None else np.asarray(actions, float)[:MOST_ROWS]


def _rows_of(value: object) -> Vector | None:
    if value is None:
        return None
    rows = array_of(value)
    if rows.ndim != 2 or rows.shape[1] != WIDTH or len(rows) > MOST_ROWS or rows.dtype != float:
        raise StrangerError("actions of another shape")
    return rows
