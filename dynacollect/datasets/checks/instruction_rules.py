"""Whether instructions name what is there, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ...rig.objects import catalogue
from ..raw.record import EpisodeRecord, Thing
from .rule import Note
from .set_rules import Whole

Phrase = tuple[str, ...]


def absent_objects(whole: Whole, _: float) -> Iterator[Note]:
    """A word counts as the name of an object if the catalogue or any episode of the set uses it so."""
    known = {_words(name) for name in catalogue.names(None)}
    known |= {phrase for each in whole.episodes for thing in each.record.things for phrase in _names(thing)}
    for each in whole.episodes:
        if each.record.things:
            yield from (
                Note(f"'{text}' names {' '.join(name)}, which is not there", episode=each.number)
                for text in each.record.instructions
                for name in _absent(text, each.record, known)
            )


def _absent(text: str, record: EpisodeRecord, known: set[Phrase]) -> list[Phrase]:
    present = {phrase for thing in record.things for phrase in _names(thing)}
    colours = {_words(thing.colour)[-1] for thing in record.things if thing.colour}
    return [
        name
        for name in _named(_words(text), sorted(known | present, key=len, reverse=True))
        if not any(phrase[-len(name) :] == name for phrase in present) and name[-1] not in colours
    ]


def _named(words: Phrase, phrases: Sequence[Phrase]) -> Iterator[Phrase]:
    """The longest names first: a beer can is no can beside it."""
    place = 0
    while place < len(words):
        name = next((phrase for phrase in phrases if words[place : place + len(phrase)] == phrase), None)
        if name:
            yield name
        place += len(name) if name else 1


def _names(thing: Thing) -> Iterator[Phrase]:
    yield from (phrase for text in (thing.name, *thing.words) if (phrase := _words(text)))


def _words(text: str) -> Phrase:
    return tuple(re.findall(r"[a-z0-9]+", text.lower()))
