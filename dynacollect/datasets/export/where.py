"""Which episodes: a condition over facts, such as `success and speed > 0.2 and object in (mug, cup)`.

Only `and`, `or`, `not`, comparisons, `in`, numbers, texts and the facts of the table; a bare word that is no fact is
a text. Nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from itertools import pairwise
from typing import Any, Protocol

from ...rig.errors import DynacollectError

FACTS: Mapping[str, tuple[str, str]] = {
    "success": ("truth", "the verdict is a success"),
    "failure": ("truth", "the verdict is a failure"),
    "unsure": ("truth", "the cues of the verdict disagree"),
    "confidence": ("number", "of the verdict, 0 to 1"),
    "quality": ("number", "0 to 1: confidence, health of the track and fresh pictures, multiplied"),
    "speed": ("number", "of the target before the hand closes, m/s"),
    "ticks": ("number", "recorded ticks"),
    "seconds": ("number", "length"),
    "number": ("number", "of the episode in its session"),
    "faults": ("number", "how many"),
    "task": ("text", "pick, place or long-horizon"),
    "robot": ("text", "name of the arm"),
    "object": ("text", "name of the target in the catalogue"),
    "container": ("text", "name of the container, or empty"),
    "colour": ("text", "of the target"),
    "session": ("text", "name of its folder"),
    "id": ("text", "of the episode"),
    "started": ("text", "ISO 8601, UTC"),
    "reason": ("text", "of the verdict"),
    "instruction": ("text", "the first one"),
    "objects": ("texts", "names of all that were there"),
    "phases": ("texts", "that were run through"),
    "cameras": ("texts", "that were recorded"),
}
"""Kind and meaning of each."""
LONGEST = 1000
"""Characters of a condition."""

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda value, values: value in values,
    ast.NotIn: lambda value, values: value not in values,
}


class Known(Protocol):
    """Gives a fact by its name."""

    def __getitem__(self, name: str, /) -> Any: ...


class Condition:
    """A condition that was read and found sound."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        if not self.text or len(self.text) > LONGEST:
            raise DynacollectError(
                f"A condition has 1 to {LONGEST} characters; write for example: success and speed > 0.2"
            )
        try:
            self._tree = ast.parse(self.text, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise DynacollectError(
                f"The condition {self.text!r} cannot be read; write for example: success and object in (mug, cup)"
            ) from error
        self._check(self._tree)

    def __call__(self, known: Known) -> bool:
        return bool(_value(self._tree, known))

    def _check(self, node: ast.expr) -> None:
        """Refuse all but truths, joined by and, or, not."""
        match node:
            case ast.BoolOp(values=values):
                for value in values:
                    self._check(value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                self._check(operand)
            case ast.Compare():
                self._check_comparison(node)
            case ast.Constant(value=bool()):
                pass
            case ast.Name(id=name) if name in FACTS:
                if FACTS[name][0] != "truth":
                    raise self._wrong(
                        f"{name} is a {FACTS[name][0]}, not a truth", f"compare it, for example: {name} == ..."
                    )
            case ast.Name(id=name):
                raise self._unknown(name)
            case _:
                raise self._wrong(f"{ast.unparse(node)!r} is no condition", "compare facts, and join with and, or, not")

    def _check_comparison(self, node: ast.Compare) -> None:
        sides = [node.left, *node.comparators]
        kinds = [self._kind(side) for side in sides]
        if not any(isinstance(side, ast.Name) and side.id in FACTS for side in sides):
            names = [part.id for side in sides for part in ast.walk(side) if isinstance(part, ast.Name)]
            raise self._unknown(names[0] if names else ast.unparse(node))
        for (left, right), sign in zip(pairwise(kinds), node.ops, strict=True):
            if isinstance(sign, ast.In | ast.NotIn):
                fits = right == f"{left}s"
            elif isinstance(sign, ast.Is | ast.IsNot):
                fits = False
            else:
                fits = left == right and (left == "number" or isinstance(sign, ast.Eq | ast.NotEq) or left == "text")
            if not fits:
                raise self._wrong(f"{ast.unparse(node)!r} compares a {left} with a {right}", "see the table of facts")

    def _kind(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return FACTS[name][0] if name in FACTS else "text"
            case ast.Constant(value=bool()):
                return "truth"
            case ast.Constant(value=int() | float()):
                return "number"
            case ast.Constant(value=str()):
                return "text"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._kind(operand)
            case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts) if parts:
                kinds = {self._kind(part) for part in parts}
                if len(kinds) == 1:
                    return f"{kinds.pop()}s"
        raise self._wrong(
            f"{ast.unparse(node)!r} is neither fact, number nor text", "put texts with other signs in quotes"
        )

    def _unknown(self, name: str) -> DynacollectError:
        near = get_close_matches(name, FACTS, n=1, cutoff=0.5)
        remedy = f"did you mean {near[0]}?" if near else f"use {', '.join(FACTS)}"
        return self._wrong(f"there is no fact {name!r}", remedy)

    def _wrong(self, what: str, remedy: str) -> DynacollectError:
        return DynacollectError(f"In the condition {self.text!r}, {what}; {remedy}")


def _value(node: ast.expr, known: Known) -> Any:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, known) for value in values)
        case ast.BoolOp(values=values):
            return any(_value(value, known) for value in values)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, known)
        case ast.UnaryOp(operand=operand):
            return -_value(operand, known)
        case ast.Compare(left=left, ops=signs, comparators=others):
            values = [_value(side, known) for side in (left, *others)]
            return all(_COMPARE[type(sign)](*pair) for sign, pair in zip(signs, pairwise(values), strict=True))
        case ast.Name(id=name):
            return known[name] if name in FACTS else name
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            return tuple(_value(part, known) for part in parts)
        case ast.Constant(value=value):
            return value
    raise TypeError(f"{ast.dump(node)} was not refused")
