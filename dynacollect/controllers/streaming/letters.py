"""Requests and answers as letters: arrays of fixed shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector
from .chunk import WIDTH, Chunk
from .source import Answer, Request

SAID = 400
"""Bytes for what went wrong."""
SEEN = "seen/"
_NONE = -1


def empty_request(shown: Mapping[str, NDArray[Any]], rows: int) -> dict[str, NDArray[Any]]:
    """A letter for requests that show arrays like these, with at most so many actions in them."""
    numbers = {"numbers": np.full(6, _NONE), "state": np.zeros(6), "rows": np.zeros((2, rows, WIDTH))}
    return {**numbers, **{SEEN + name: array for name, array in shown.items()}}


def request_letter(request: Request, rows: int) -> dict[str, NDArray[Any]]:
    """What is longer than `rows` is cut."""
    letter = empty_request(request.seen, rows)
    counts = [_NONE, _NONE]
    for slot, actions in enumerate((request.left_over, request.committed)):
        if actions is not None:
            counts[slot] = min(len(actions), rows)
            letter["rows"][slot, : counts[slot]] = actions[:rows]
    letter["numbers"][:] = request.step, request.begins, request.episode, request.delay, *counts
    letter["state"][:] = request.state
    return letter


def request_of(letter: Mapping[str, NDArray[Any]]) -> Request:
    step, begins, episode, delay, *counts = letter["numbers"].tolist()
    left_over, committed = (_rows(letter["rows"][slot], count) for slot, count in enumerate(counts))
    seen = {name.removeprefix(SEEN): array for name, array in letter.items() if name.startswith(SEEN)}
    return Request(step, seen, letter["state"], begins, episode, delay, left_over, committed)


def empty_answer(rows: int) -> dict[str, NDArray[Any]]:
    return {
        "numbers": np.full(4, _NONE), "took_s": np.zeros(1), "actions": np.zeros((rows, WIDTH)),
        "said": np.zeros(SAID, np.uint8),
    }  # fmt: skip


def answer_letter(request: Request, actions: Vector, took_s: float, rows: int) -> dict[str, NDArray[Any]]:
    letter = empty_answer(rows)
    shaped = actions if actions.ndim == 2 and actions.shape[1] == WIDTH else np.full((1, WIDTH), np.nan)
    count = min(len(shaped), rows)
    letter["actions"][:count] = shaped[:count]
    letter["numbers"][:] = request.step, request.begins, request.episode, count
    letter["took_s"][:] = took_s
    return letter


def said_letter(words: str, rows: int) -> dict[str, NDArray[Any]]:
    """The last one: why there will be no more."""
    letter = empty_answer(rows)
    text = words.encode(errors="replace")[:SAID]
    letter["said"][: len(text)] = np.frombuffer(text, np.uint8)
    return letter


def answer_of(letter: Mapping[str, NDArray[Any]]) -> Answer | str:
    """The answer, or what was said in place of one."""
    step, begins, episode, count = letter["numbers"].tolist()
    if count == _NONE:
        return letter["said"].tobytes().rstrip(b"\0").decode(errors="replace")
    return Answer(Chunk(letter["actions"][:count].copy(), step, begins, episode), float(letter["took_s"][0]))


def _rows(actions: Vector, count: int) -> Vector | None:
    return None if count == _NONE else actions[:count]
