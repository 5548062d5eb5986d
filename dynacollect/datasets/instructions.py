"""What is said to the robot: templates, and words that single an object out among all that are there.

Every description is true of its object and of no other; where that cannot be known it is not offered. Left and right,
near and far are the robot's: x points away from it, y to its left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..rig.nouns import Vector
from .wording import FORMS, PLACINGS, VERBS, Split

Kind = Literal["noun", "colour", "size", "place", "speed", "direction"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Role = Literal["target", "container", "distractor"]

ANYTHING = "object"
"""Every object may be called so."""

MOVING = 0.05
"""m/s; what is faster moves, what is under half of it stands still, and of the rest nothing is said."""
APART = 0.05
"""m that an object is further to a side than all others."""
QUICKER = 0.08
"""m/s that an object is faster than all others."""
BIGGER = 1.3
"""Ratio of the volumes of boxes around two objects."""
ALONG, ASIDE = np.cos(np.radians(30.0)), np.cos(np.radians(60.0))
"""An object moves in a direction within 30 degrees of it, and surely not beyond 60 degrees."""


@dataclass(frozen=True, slots=True, eq=False)
class Present:
    """An object as it was tracked when the motion began; `None` is what is not known."""

    key: str
    role: Role
    words: tuple[str, ...]
    colour: str | None = None
    extent: Vector | None = None
    """(3,) sides of the box around it, m."""
    position: Vector | None = None
    """(3,) in the base frame."""
    velocity: Vector | None = None
    """(3,) in the base frame."""

    @property
    def speed(self) -> float | None:
        """Over the table."""
        return None if self.velocity is None else float(np.hypot(*self.velocity[:2]))


@dataclass(frozen=True, slots=True)
class Description:
    """One way to single an object out."""

    kind: Kind
    form: str
    noun: str
    colour: str = ""

    def text(self, split: Split) -> str:
        return FORMS[split][self.form].format(noun=self.noun, colour=self.colour)


def descriptions(target: Present, present: Sequence[Present]) -> tuple[Description, ...]:
    """All that are true of the target and of nothing else there."""
    return tuple(found for noun in (*target.words, ANYTHING) for found in _with_noun(noun, target, present))


def instructions(
    present: Sequence[Present], count: int, seed: int, split: Split = "train", told_by: Sequence[Kind] = KINDS
) -> tuple[str, ...]:
    """So many different ones at most, in an order that mixes kinds; none where an object cannot be singled out.

    Targets are taken in their order, each told from the rest in one of the ways of `told_by`; with a container, each
    is brought to it.
    """
    rng = np.random.default_rng(seed)
    targets = [each for each in present if each.role == "target"]
    container = next((each for each in present if each.role == "container"), None)
    called = [_mixed([way for way in descriptions(each, present) if way.kind in told_by], rng) for each in targets]
    goals = [] if container is None else _mixed(descriptions(container, present), rng)
    if not all(called) or not targets or (container is not None and not goals):
        return ()
    found: dict[str, None] = {}
    for attempt in range(8 * count):
        clauses = []
        for options in called:
            clause = f"{rng.choice(VERBS[split])} {options[attempt % len(options)].text(split)}"
            if goals:
                clause += f" and {rng.choice(PLACINGS[split])} {goals[rng.integers(len(goals))].text(split)}"
            clauses.append(clause)
        found[", then ".join(clauses)] = None
        if len(found) == count:
            break
    return tuple(found)


def answers_to(each: Present, noun: str) -> bool:
    """Whether somebody may mean it by this noun: a beer can is a can."""
    return noun == ANYTHING or any(word == noun or word.endswith(f" {noun}") for word in each.words)


def _with_noun(noun: str, target: Present, present: Sequence[Present]) -> Iterator[Description]:
    group = [each for each in present if answers_to(each, noun)]
    others = [each for each in group if each is not target]
    if not others and noun != ANYTHING:
        yield Description("noun", "noun", noun)
    if target.colour and _tells_apart(target.colour, noun, others, group):
        yield Description("colour", "colour", noun, target.colour)
    if others:
        for kind, single_out in _RELATIONS:
            yield from (Description(kind, form, noun) for form in single_out(target, others))


def _tells_apart(colour: str, noun: str, others: Sequence[Present], group: Sequence[Present]) -> bool:
    # A red apple may be what something is called, whatever its colour.
    called = colour in noun or any(answers_to(each, f"{colour} {noun}") for each in group)
    return not called and not any(_may_be(each, colour) for each in others)


def _may_be(each: Present, colour: str) -> bool:
    """Dark green is green, and what has no known colour may be of any."""
    return each.colour is None or each.colour.split()[-1] == colour.split()[-1]


def _sizes(target: Present, others: Sequence[Present]) -> Iterator[str]:
    if target.extent is None or any(each.extent is None for each in others):
        return
    pairs = [(np.sort(target.extent), np.sort(each.extent)) for each in others if each.extent is not None]
    most = len(others) > 1
    if all(np.all(mine >= its) and mine.prod() > BIGGER * its.prod() for mine, its in pairs):
        yield "largest" if most else "larger"
    if all(np.all(mine <= its) and its.prod() > BIGGER * mine.prod() for mine, its in pairs):
        yield "smallest" if most else "smaller"


def _places(target: Present, others: Sequence[Present]) -> Iterator[str]:
    places = [each.position for each in (target, *others)]
    known = np.array([place for place in places if place is not None])
    if len(known) < len(places):
        return
    away = np.hypot(known[:, 0], known[:, 1])
    for form, measure in (("left", known[:, 1]), ("right", -known[:, 1]), ("near", -away), ("far", away)):
        if measure[0] > measure[1:].max() + APART:
            yield form


def _speeds(target: Present, others: Sequence[Present]) -> Iterator[str]:
    speeds = [each.speed for each in (target, *others)]
    known = np.array([speed for speed in speeds if speed is not None])
    if len(known) < len(speeds):
        return
    mine, rest = known[0], known[1:]
    if mine > MOVING and np.all(rest < 0.5 * MOVING):
        yield "moving"
    if mine < 0.5 * MOVING and np.all(rest > MOVING):
        yield "still"
    if np.all(known > MOVING):
        most = len(others) > 1
        if mine > rest.max() + QUICKER:
            yield "fastest" if most else "faster"
        if mine < rest.min() - QUICKER:
            yield "slowest" if most else "slower"


def _directions(target: Present, others: Sequence[Present]) -> Iterator[str]:
    mine = _shares(target)
    theirs = [_shares(each) for each in others]
    if mine is None or any(each is None for each in theirs) or (target.speed or 0.0) < MOVING:
        return
    for form in ("towards", "away", "to-left", "to-right"):
        if mine[form] > ALONG and all(each[form] < ASIDE for each in theirs if each is not None):
            yield form


def _shares(each: Present) -> dict[str, float] | None:
    """Cosines between its motion and the directions; zero for what stands still."""
    if each.position is None or each.velocity is None or each.speed is None:
        return None
    if each.speed < 0.5 * MOVING:
        return dict.fromkeys(("towards", "away", "to-left", "to-right"), 0.0)
    way = each.velocity[:2] / each.speed
    out = each.position[:2] / max(float(np.hypot(*each.position[:2])), 1e-9)
    return {
        "towards": float(-way @ out),
        "away": float(way @ out),
        "to-left": float(way[1]),
        "to-right": -float(way[1]),
    }


_RELATIONS: tuple[tuple[Kind, Callable[[Present, Sequence[Present]], Iterator[str]]], ...] = (
    ("size", _sizes),
    ("place", _places),
    ("speed", _speeds),
    ("direction", _directions),
)


def _mixed(found: Sequence[Description], rng: np.random.Generator) -> list[Description]:
    """In random order, but each kind once before any kind twice."""
    shuffled = [found[place] for place in rng.permutation(len(found))]
    seen: Counter[Kind] = Counter()
    rounds = []
    for each in shuffled:
        rounds.append(seen[each.kind])
        seen[each.kind] += 1
    return [shuffled[place] for place in np.argsort(rounds, kind="stable")]
