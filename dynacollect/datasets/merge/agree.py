"""What data sets must have in common to become one, and what the one is then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...rig.errors import DynacollectError
from ..built import BuiltSet
from ..export.statement import Ledger

_AGAIN = "build one of them again with the other's"
_APART = "keep them apart"
EQUAL: Mapping[str, tuple[Callable[[BuiltSet], Any], str]] = {
    "the layout": (lambda each: each.ledger.options.format, f"{_AGAIN} --format"),
    "the ticks a second": (lambda each: each.ledger.fps, _APART),
    "the cameras": (
        lambda each: ", ".join(sorted(each.ledger.cameras)),
        "build both with the --cameras that both have",
    ),
    "the size of pictures": (lambda each: "x".join(map(str, each.ledger.size)), f"{_AGAIN} --size"),
    "the action": (lambda each: each.ledger.options.action, f"{_AGAIN} --action"),
    "the ticks from observation to action": (lambda each: each.ledger.options.ahead, f"{_AGAIN} --ahead"),
    "the angles": (lambda each: each.ledger.options.angles, f"{_AGAIN} --angles"),
    "the arm": (
        lambda each: each.ledger.joints,
        f"arms with the same number of joints can be in one set; {_APART}",
    ),
}
"""What rows mean; each with the remedy where it differs."""
TOGETHER = "+"
"""Between the names of several robots."""


def agreed(sets: Sequence[BuiltSet], licence: str | None = None) -> Ledger:
    """The ledger of the one set, without episodes yet; refused where they do not go together."""
    first = sets[0]
    for other in sets[1:]:
        for what, (value_of, remedy) in EQUAL.items():
            if value_of(first) != value_of(other):
                raise _apart(first, other, what, _told(first, what), _told(other, what), remedy)
        _same_columns(first, other)
    asked = [each.ledger.options for each in sets]
    # The largest share holds back all that any of them does, so that nothing held back is ever trained on.
    options = replace(
        asked[0],
        where=_joined([each.where for each in asked]),
        cameras=_one([each.cameras for each in asked], first.ledger.cameras),
        size=_one([each.size for each in asked], first.ledger.size),
        trim=all(each.trim for each in asked),
        instructions=max(each.instructions for each in asked),
        validation=max(each.validation for each in asked),
        licence=licence or _licence(sets),
    )
    phases = list(dict.fromkeys(name for each in sets for name in each.ledger.phases))
    robots = TOGETHER.join(sorted(robots_of(sets)))
    return replace(first.ledger, options=options, robot=robots, phases=phases, sources=[])


def robots_of(sets: Sequence[BuiltSet]) -> set[str]:
    return {name for each in sets for name in each.ledger.robot.split(TOGETHER)}


def _same_columns(first: BuiltSet, other: BuiltSet) -> None:
    ours, theirs = first.info["features"], other.info["features"]
    for name in dict.fromkeys([*ours, *theirs]):
        if ours.get(name) != theirs.get(name):
            here, there = (_shape(each.get(name)) for each in (ours, theirs))
            raise _apart(first, other, f"the column {name}", here, there, "build both with one version")


def _told(built: BuiltSet, what: str) -> str:
    value = EQUAL[what][0](built)
    return f"{built.ledger.robot} with {value} joints" if what == "the arm" else str(value)


def _shape(feature: Mapping[str, Any] | None) -> str:
    return "missing" if feature is None else f"{feature['dtype']} {feature['shape']} {feature['names'] or ''}".strip()


def _apart(first: BuiltSet, other: BuiltSet, what: str, here: str, there: str, remedy: str) -> DynacollectError:
    return DynacollectError(
        f"{first.folder} and {other.folder} cannot be one set, as {what} is {here} in the one and {there} in the "
        f"other; {remedy}"
    )


def _licence(sets: Sequence[BuiltSet]) -> str | None:
    known = {each.ledger.options.licence: each.folder for each in sets}
    if len(known) > 1:
        told = ", ".join(f"{folder} has {licence or 'none'}" for licence, folder in known.items())
        raise DynacollectError(f"The licences differ ({told}); say with --licence which one holds for the whole")
    return next(iter(known))


def _joined(conditions: Sequence[str]) -> str:
    different = list(dict.fromkeys(conditions))
    return different[0] if len(different) == 1 else " or ".join(f"({each})" for each in different)


def _one[T](values: Sequence[T], otherwise: T) -> T:
    return values[0] if all(value == values[0] for value in values) else otherwise
