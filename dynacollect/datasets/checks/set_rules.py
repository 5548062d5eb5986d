"""Rules of the set as a whole: what cannot be told from one episode alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np

from ..raw.record import EpisodeRecord
from .case import Traits
from .rule import Note

LEAST = 8
"""Episodes of which one can say what is usual."""
SPREAD_FLOOR = 0.02
"""Share of the typical value that episodes differ by anyway."""
ALIKE = 1.5
"""Levels by which mean pictures of one view differ, encoded twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """All episodes that have a record, in order, and the lists that divide them."""

    episodes: Sequence[Traits]
    splits: Mapping[str, Sequence[int | str]]
    """By name of the split: numbers or ids."""


def same_ids(whole: Whole, _: float) -> Iterator[Note]:
    for group in _groups(whole.episodes, lambda each: each.record.id):
        yield Note(f"its id is that of episode {group[0].number}", episode=group[1].number)


def same_content(whole: Whole, _: float) -> Iterator[Note]:
    """Copies of pictures, or of signals drawn from the same seeds."""
    copies: dict[int, Note] = {}
    for what, key in (("pictures", _picture_key), ("signals and seeds", _motion_key)):
        for group in _groups(whole.episodes, key):
            for each in group[1:]:
                copies.setdefault(
                    each.number, Note(f"its {what} are those of episode {group[0].number}", episode=each.number)
                )
    yield from copies.values()


def leaks(whole: Whole, _: float) -> Iterator[Note]:
    """The same episode, or a copy of it, on both sides."""
    places = _places(whole)
    for number, names in places.items():
        if len(set(names)) > 1:
            yield Note(f"it is in {' and in '.join(sorted(set(names)))}", episode=number)
    for key in (_picture_key, _motion_key):
        for group in _groups((each for each in whole.episodes if each.number in places), key):
            sides = {name for each in group for name in places[each.number]}
            if len(sides) > 1 and not any(len(set(places[each.number])) > 1 for each in group):
                numbers = ", ".join(str(each.number) for each in group)
                yield Note(f"episodes {numbers} have the same content and are in {' and in '.join(sorted(sides))}",
                           episode=group[-1].number)  # fmt: skip


def unknown_splits(whole: Whole, _: float) -> Iterator[Note]:
    known = {each.number for each in whole.episodes} | {each.record.id for each in whole.episodes}
    for name, members in whole.splits.items():
        lost = [str(member) for member in members if member not in known]
        if lost:
            yield Note(f"{name} names {', '.join(lost[:5])}, which {'is' if len(lost) == 1 else 'are'} not there")


def wall_clock(whole: Whole, limit: float) -> Iterator[Note]:
    last: tuple[int, datetime] | None = None
    for each in whole.episodes:
        try:
            began = datetime.fromisoformat(each.record.started)
            late = 0.0 if last is None else (last[1] - began).total_seconds()
        except (ValueError, TypeError):
            yield Note(f"it began at '{each.record.started}', which is no time with its zone", episode=each.number)
            continue
        if last is not None and late > limit:
            yield Note(f"it began {late:.0f} s before episode {last[0]}", episode=each.number)
        last = each.number, began


def cameras(whole: Whole, _: float) -> Iterator[Note]:
    yield from _odd(whole, "cameras", lambda record: tuple(sorted(record.videos)))
    yield from _odd(whole, "fps", lambda record: record.fps)
    yield from _odd(whole, "codec", lambda record: tuple(sorted({video.codec for video in record.videos.values()})))
    for name in sorted({name for each in whole.episodes for name in each.record.videos}):
        yield from _odd(whole, f"size of {name}", lambda record, name=name: _size(record, name))


def robots(whole: Whole, _: float) -> Iterator[Note]:
    yield from _odd(whole, "robot", lambda record: record.robot)


def calibrations(whole: Whole, _: float) -> Iterator[Note]:
    """What follows another one is told once, where it begins."""
    before: Traits | None = None
    for each in whole.episodes:
        if before is not None:
            now, then = (str(one.record.provenance.get("calibration")) for one in (each, before))
            moved = [name for name in each.lenses if name in before.lenses and each.lenses[name] != before.lenses[name]]
            if now != then:
                yield Note(
                    f"the calibration is {now}, and was {then} up to episode {before.number}", episode=each.number
                )
            elif moved:
                yield Note(f"the camera model of {', '.join(moved)} is not that of episode {before.number}",
                           episode=each.number)  # fmt: skip
        before = each


def outliers(whole: Whole, limit: float) -> Iterator[Note]:
    """Beside episodes of the same task."""
    for task in sorted({each.record.task for each in whole.episodes}):
        group = [each for each in whole.episodes if each.record.task == task]
        for name in sorted({name for each in group for name in each.figures}):
            known = [each for each in group if name in each.figures]
            values = np.array([each.figures[name] for each in known])
            if len(values) < LEAST or not np.isfinite(values).all():
                continue
            middle = float(np.median(values))
            spread = max(1.4826 * float(np.median(np.abs(values - middle))), SPREAD_FLOOR * abs(middle), 1e-3)
            for each, value in zip(known, values, strict=True):
                if abs(value - middle) > limit * spread:
                    yield Note(f"{name} is {value:.3g}, usually {middle:.3g} ± {spread:.2g}", episode=each.number)


def soft_cameras(whole: Whole, limit: float) -> Iterator[Note]:
    for name in sorted({name for each in whole.episodes for name in each.record.videos}):
        key = f"sharpness of {name}"
        known = [each for each in whole.episodes if key in each.figures]
        if len(known) < 3:
            continue
        usual = float(np.median([each.figures[key] for each in known]))
        for each in known:
            if each.figures[key] < limit * usual:
                yield Note(f"its sharpness is {each.figures[key]:.1f}, usually {usual:.1f}", name,
                           episode=each.number)  # fmt: skip


def one_view_twice(whole: Whole, _: float) -> Iterator[Note]:
    """Two names for one camera."""
    for each in whole.episodes:
        for first, second in _pairs(sorted(each.pictures)):
            if each.pictures[first] == each.pictures[second]:
                yield Note(f"{first} and {second} show the same", second, 0, each.number)


def swapped(whole: Whole, limit: float) -> Iterator[Note]:
    """Cameras whose pictures look like each other's usual ones; `limit` times more than like their own."""
    names = sorted({name for each in whole.episodes for name in each.means})
    if len(whole.episodes) < 3:
        return
    usual = {name: _usual(whole.episodes, name) for name in names}
    for each in whole.episodes:
        for first, second in _pairs(sorted(each.means)):
            own = _apart(each.means[first], usual[first]) + _apart(each.means[second], usual[second])
            other = _apart(each.means[first], usual[second]) + _apart(each.means[second], usual[first])
            if own > limit * (other + ALIKE):
                yield Note(f"{first} looks like {second}, and {second} like {first}", first, 0, each.number)


def _usual(episodes: Sequence[Traits], name: str) -> np.ndarray:
    return np.median([each.means[name] for each in episodes if name in each.means], axis=0).astype(np.uint8)


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(cv2.absdiff(one, other).mean())


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((first, second) for place, first in enumerate(names) for second in names[place + 1 :])


def _odd(whole: Whole, what: str, value: Callable[[EpisodeRecord], Hashable]) -> Iterator[Note]:
    """Episodes whose value is not what most have."""
    values = {each.number: value(each.record) for each in whole.episodes}
    if len(set(values.values())) > 1:
        most, _ = Counter(values.values()).most_common(1)[0]
        for number, each in values.items():
            if each != most:
                yield Note(f"the {what} is {_words(each)}, elsewhere {_words(most)}", episode=number)


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value}"


def _size(record: EpisodeRecord, name: str) -> str | None:
    video = record.videos.get(name)
    return None if video is None else f"{video.width}x{video.height}"


def _groups(episodes: Iterable[Traits], key: Callable[[Traits], Hashable | None]) -> list[list[Traits]]:
    """Episodes that share a key; those whose key is None share nothing."""
    found: dict[Hashable, list[Traits]] = defaultdict(list)
    for each in episodes:
        if (value := key(each)) is not None:
            found[value].append(each)
    return [group for group in found.values() if len(group) > 1]


def _picture_key(each: Traits) -> Hashable | None:
    return tuple(sorted(each.pictures.values())) or None


def _motion_key(each: Traits) -> Hashable | None:
    return None if each.motion is None else (each.motion, _seed_key(each))


def _seed_key(each: Traits) -> Hashable | None:
    return tuple(sorted(each.record.seeds.items())) or None


def _places(whole: Whole) -> dict[int, list[str]]:
    """The splits that each episode is in."""
    numbers = {each.record.id: each.number for each in whole.episodes} | {
        each.number: each.number for each in whole.episodes
    }
    found: dict[int, list[str]] = defaultdict(list)
    for name, members in whole.splits.items():
        for member in members:
            if member in numbers:
                found[numbers[member]].append(name)
    return found
