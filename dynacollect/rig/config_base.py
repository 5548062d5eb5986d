"""What all parts of a rig.yaml share: strictness, refusals that help, and a few kinds of value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError


def refusal(problem: str, remedy: str, *at: str | int, key: str = "") -> PydanticCustomError:
    """An error at `at`, keys below the value being checked; `key` is a key there that only the line points to."""
    return PydanticCustomError("refusal", "{sentence}", {"sentence": f"{problem}; {remedy}", "at": at, "key": key})


def nearest(wrong: object, known: Iterable[str], most: int = 12) -> str:
    """`did you mean 'x'?`, or else what there is to choose from."""
    names = list(known)
    by_lower = {name.lower(): name for name in names}
    if close := get_close_matches(str(wrong).lower(), by_lower, n=1, cutoff=0.5):
        return f"did you mean '{by_lower[close[0]]}'?"
    return f"choose from {', '.join(names[:most])}{', …' if len(names) > most else ''}"


class Part(BaseModel):
    """A mapping of the file: frozen, no unknown keys, no conversions, no NaN."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def check_keys(cls, data: object) -> object:
        """Unknown and missing keys, before any value is looked at."""
        if not isinstance(data, Mapping):
            return data
        fields = {info.alias or name: info for name, info in cls.model_fields.items()}
        for key in data:
            if key not in fields:
                raise refusal(f"unknown key '{key}'", nearest(key, fields), key=key)
        for key, info in fields.items():
            if key not in data and info.is_required():
                raise refusal(f"the key '{key}' is missing", f"add '{key}: {(info.examples or ['…'])[0]}'")
        return data


def by_driver(parts: Mapping[str, type[Part]]) -> BeforeValidator:
    """Reads a mapping as the part that its `driver` key names."""

    def read(data: object, info: ValidationInfo) -> object:
        if isinstance(data, Part):
            return data
        if not isinstance(data, Mapping):
            return next(iter(parts.values())).model_validate(data)
        if "driver" not in data:
            raise refusal("the key 'driver' is missing", f"add 'driver: {next(iter(parts))}'")
        driver = data["driver"]
        if not isinstance(driver, str) or driver not in parts:
            raise refusal(f"there is no driver '{driver}'", nearest(driver, parts), "driver")
        return parts[driver].model_validate(data, context=info.context)

    return BeforeValidator(read)


def inside(least: float, most: float) -> AfterValidator:
    """Both ends of a range lie between the two, and the smaller comes first."""

    def check(ends: tuple[float, float]) -> tuple[float, float]:
        for index, end in enumerate(ends):
            if not least <= end <= most:
                raise refusal(f"{end:g} is outside {least:g} to {most:g}", "bring it inside", index)
        if ends[0] > ends[1]:
            raise refusal(f"the range [{ends[0]:g}, {ends[1]:g}] runs backwards", "put the smaller number first")
        return ends

    return AfterValidator(check)


def _unlike(items: tuple[str, ...]) -> tuple[str, ...]:
    for index, item in enumerate(items):
        if item in items[:index]:
            raise refusal(f"'{item}' is given twice", "name each once", index)
    if not items:
        raise refusal("the list is empty", "name at least one, or leave the key out for the default")
    return items


DISTINCT = AfterValidator(_unlike)
"""Marks a list whose items must differ and of which there is at least one."""

LIST = Field(strict=False)
"""Lets a YAML list stand for a tuple; its items stay strict."""

Range = Annotated[tuple[float, float], LIST]
Counts = Annotated[tuple[int, int], LIST]
Point = Annotated[tuple[float, float, float], LIST]
"""x, y, z in metres."""
