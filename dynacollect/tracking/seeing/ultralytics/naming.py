"""Which class of a network is which object: by its name in the catalogue, else by what people call it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ....rig.errors import DynacollectError
from ....rig.objects import catalogue

Called = Mapping[str, frozenset[int]]
"""Object -> the network's classes that are it."""
SHOWN = 8
"""Class names that an error lists."""


def words_of(name: str) -> tuple[str, ...]:
    """An object's name, and what people call it where the catalogue knows."""
    if name in catalogue.names(kind=None):
        return (name, *catalogue.load(name).words)
    return (name,)


def called(labels: Mapping[int, str], words: Mapping[str, Sequence[str]]) -> dict[str, frozenset[int]]:
    """The classes of each object, of its first word that the network knows; objects without one are left out."""
    by_word: dict[str, set[int]] = {}
    for number, label in labels.items():
        by_word.setdefault(_plain(label), set()).add(number)
    found = {}
    for name, own in words.items():
        known = next((by_word[_plain(word)] for word in own if _plain(word) in by_word), None)
        if known:
            found[name] = frozenset(known)
    return found


def all_called(labels: Mapping[int, str], words: Mapping[str, Sequence[str]], weights: object) -> Called:
    """As `called`; every object must have a class."""
    found = called(labels, words)
    missing = next((name for name in words if name not in found), None)
    if missing is not None:
        listed = ", ".join(list(labels.values())[:SHOWN]) + (", ..." if len(labels) > SHOWN else "")
        raise DynacollectError(
            f"{weights} has no class for {words[missing][0]}, only {listed}; train one on it with: "
            f"dynacollect objects train-detector {words[missing][0]}"
        )
    return found


def _plain(word: str) -> str:
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())
