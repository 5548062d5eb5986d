"""The first thing wrong with a rig.yaml in one sentence: file, line, field, what was expected, what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .config_base import nearest
from .errors import DynacollectError
from .yaml_lines import Place, YamlFile, dotted

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

UNITS = {
    "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "m": 1.0, "mm": 1e-3, "cm": 1e-2, "m/s": 1.0, "cm/s": 1e-2,
    "mm/s": 1e-3, "fps": 1.0, "hz": 1.0, "px": 1.0, "ppm": 1.0, "deg": 1.0, "°": 1.0, "k": 1.0, "lm": 1.0, "%": 1e-2,
}  # fmt: skip
"""What one of each is in the file's unit."""
QUANTITY = re.compile(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(?:/\s*([\d.]+)\s*)?([a-zµ°%/]*)\s*", re.IGNORECASE)


def rig_error(error: ValidationError, file: YamlFile) -> DynacollectError:
    """The error that stands first in the file."""
    details = min(error.errors(include_url=False), key=lambda one: file.line(_place(one)))
    return DynacollectError(_sentence(details, file))


def _sentence(details: ErrorDetails, file: YamlFile) -> str:
    place, context = _place(details), details.get("ctx", {})
    if details["type"] == "missing":
        place = place[:-1]
    shown = place[:-1] if context.get("key") else place
    where = f"{file.name}:{file.line(place)}: " + (f"{dotted(shown)}: " if shown else "")
    return where + _problem(details, place, file)


def _place(details: ErrorDetails) -> Place:
    context = details.get("ctx", {})
    key = context.get("key")
    return (*details["loc"], *context.get("at", ()), *([key] if key else []))


def _problem(details: ErrorDetails, place: Place, file: YamlFile) -> str:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "refusal":
        return details["msg"]
    if kind in WRONG_TYPE:
        return _wrong_type(kind, value, file.texts.get(place, ""))
    if kind == "literal_error":
        return _not_among(value, re.findall(r"\w[\w-]*", context["expected"].replace(" or ", " ")))
    if kind in BOUND:
        word, key = BOUND[kind]
        return f"{value} is out of bounds; write {word} {context[key]:g}"
    return _wrong_length(kind, context, value) or f"{details['msg'][0].lower()}{details['msg'][1:]}; mend this value"


def _not_among(value: object, known: list[str]) -> str:
    if len(known) == 1:
        return f"expected {known[0]}, got {_named(value)}; write {known[0]}"
    return f"there is no {value!r} to choose; {nearest(value, known)}"


WRONG_TYPE = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "text",
    "tuple_type": "a list such as [1, 2]",
    "dict_type": "a mapping, one 'name: …' a line",
    "model_type": "a mapping of 'key: value' lines",
    "model_attributes_type": "a mapping of 'key: value' lines",
}
BOUND = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


def _wrong_type(kind: str, value: object, spelt: str) -> str:
    got = f"the number {spelt}" if type(value) in (int, float) and kind == "string_type" else _named(value)
    return f"expected {WRONG_TYPE[kind]}, got {got}; {_remedy(kind, value, spelt)}"


def _remedy(kind: str, value: object, spelt: str) -> str:
    if kind == "string_type" and spelt:
        return f'put it in quotes: "{spelt}"'
    if kind in ("float_type", "int_type") and isinstance(value, str):
        return _as_number(value, whole=kind == "int_type")
    if kind in ("int_type", "int_from_float") and isinstance(value, float):
        return f"write {round(value)}"
    if value is None:
        return "fill it in, or delete the key"
    if kind == "tuple_type" and isinstance(value, str):
        return f"write [{value}]"
    return f"write {WRONG_TYPE[kind]}"


def _as_number(text: str, whole: bool) -> str:
    """`30fps` is 30, `4 ms` is 0.004, `1/250` is 0.004; else only what is wanted."""
    match = QUANTITY.fullmatch(text)
    try:
        number, over, unit = match.groups() if match else ("", None, "")
        made = float(number) / float(over or 1) * UNITS[unit.lower()] if unit else float(number) / float(over or 1)
    except (KeyError, ValueError, ZeroDivisionError):
        return f"write a {'whole ' if whole else ''}number without a unit or quotes"
    return f"write {round(made)}" if whole else f"write {made:g}"


def _wrong_length(kind: str, context: Mapping[str, object], value: object) -> str:
    if kind == "too_long":
        return f"expected {context['max_length']} values, got {context['actual_length']}; delete the rest"
    if kind == "missing" and isinstance(value, list | tuple):
        return f"a list of {len(value)} is too short; add the missing values"
    if kind in ("too_short", "string_too_short"):
        return "nothing is in it; fill it in"
    return ""


def _named(value: object) -> str:
    """The value as a reader of the file would call it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}" if value == value else "nan"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return f"'{text[:40]}{'…' if len(text) > 40 else ''}'"
