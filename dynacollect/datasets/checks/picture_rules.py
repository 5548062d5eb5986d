"""Rules of pictures, camera by camera."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .case import View
from .rule import Note

SAME = 4.0
"""Levels: blocks of two pictures of the same thing, encoded anew, differ by no more."""
MOVED_M = 0.003
"""A tick in which the tool or an object goes so far changes what a camera sees."""
FROZEN = 5
"""Pictures in a row that are the same while something moves."""
BLURRED = 3
"""Pictures in a row; a single one may be a fast turn of the wrist."""
BLACK = 24.0
"""Luma of a picture on which nothing is to be seen; what is quite black has 16."""
JUST = 2
"""Pictures that make a median of neighbours."""


def undecodable(view: View, _: float) -> Iterator[Note]:
    for first in view.looks.faults[:1]:
        others = len(view.looks.faults) - 1
        yield Note(f"{first}, and {others} more" if others else first, view.camera)


def counts(view: View, _: float) -> Iterator[Note]:
    if view.looks.count != view.record.ticks:
        yield Note(f"{view.looks.count} pictures for {view.record.ticks} ticks", view.camera)


def sizes(view: View, _: float) -> Iterator[Note]:
    looks, video = view.looks, view.video
    if looks.count and (looks.width, looks.height) != (video.width, video.height):
        yield Note(
            f"pictures are {looks.width}x{looks.height}, the record says {video.width}x{video.height}", view.camera
        )


def stamps(view: View, limit: float) -> Iterator[Note]:
    """`limit` in ticks."""
    off = np.abs(view.looks.times * view.record.fps - np.arange(view.looks.count))
    if np.max(off, initial=0.0) > limit:
        tick = int(off.argmax())
        yield Note(f"picture {tick} stands at {view.looks.times[tick]:.3f} s in the video", view.camera, tick)


def black(view: View, limit: float) -> Iterator[Note]:
    yield from _some(view, view.looks.brightness < limit, 0.0, "black")


def blown(view: View, limit: float) -> Iterator[Note]:
    yield from _some(view, view.looks.blown > limit, 0.05, "over-exposed")


def blurred(view: View, limit: float) -> Iterator[Note]:
    """Beside the episode's own typical sharpness."""
    sharpness, lit = view.looks.sharpness, view.looks.brightness >= BLACK
    usual = float(np.median(sharpness[lit])) if lit.any() else 0.0
    start, length = _longest((sharpness < limit * usual) & lit)
    if length >= BLURRED:
        share = float(sharpness[start : start + length].min() / usual)
        yield Note(
            f"{length} pictures from tick {start} on have {share:.0%} of the usual sharpness", view.camera, start
        )


def flicker(view: View, limit: float) -> Iterator[Note]:
    """Exposure or light that changes from one picture to the next and stays."""
    light = view.looks.brightness
    if len(light) < 2 * JUST:
        return
    windows = np.lib.stride_tricks.sliding_window_view(light, JUST)
    medians, dark = np.median(windows, axis=1), windows.min(axis=1) < BLACK
    steps = np.where(dark[JUST:] | dark[:-JUST], 0.0, np.abs(medians[JUST:] - medians[:-JUST]))
    if steps.max() > limit:
        tick = int(steps.argmax()) + JUST
        yield Note(f"the brightness changes by {steps.max():.0f} levels at tick {tick}", view.camera, tick)


def frozen(view: View, limit: float) -> Iterator[Note]:
    """Only while something moves."""
    moving = _moving(view)
    runs = [(moving[start : start + length].sum(), start, length) for start, length in _runs(_same(view))]
    moved, start, length = max((run for run in runs if run[2] >= FROZEN), default=(0, 0, 0))
    if moved >= limit:
        words = f"the picture stands still from tick {start} on for {length} ticks, and things move"
        yield Note(words, view.camera, start)


def duplicates(view: View, limit: float) -> Iterator[Note]:
    if not view.told:
        return
    # What the log admits is counted there.
    moving, same = _moving(view), _same(view) & ~_repeats(view)
    share = float((same & moving).sum() / max(moving.sum(), 1))
    if share > limit:
        first = int(np.flatnonzero(same & moving)[0])
        yield Note(f"{share:.0%} of the pictures are the one before while things move", view.camera, first)


def _same(view: View) -> NDArray[np.bool_]:
    """Pictures that are the one before; what is black has a rule of its own."""
    return (view.looks.change <= SAME) & (view.looks.brightness >= BLACK)


def _repeats(view: View) -> NDArray[np.bool_]:
    """Ticks whose picture is the one before, as the log says itself."""
    count = view.looks.count
    seen = view.told.cameras[view.camera] if view.told else None
    if seen is None:
        return np.zeros(count, bool)
    again = (seen.repeated > 0) | np.concatenate([[False], np.diff(seen.sequence) == 0])[: len(seen.repeated)]
    return np.resize(np.concatenate([again, np.zeros(max(count - len(again), 0), bool)]), count)


def _moving(view: View) -> NDArray[np.bool_]:
    """Ticks to which the tool or the target has gone some way."""
    signals, moving = view.told, np.zeros(view.looks.count, bool)
    if signals is None or signals.ticks < 2:
        return moving
    way = signals.tool_speed * signals.steps
    if signals.target is not None:
        way = np.fmax(way, np.linalg.norm(np.diff(signals.target.pose[:, :3], axis=0), axis=1))
    count = max(min(len(way), len(moving) - 1), 0)
    moving[1 : count + 1] = way[:count] > MOVED_M
    return moving


def _some(view: View, wrong: NDArray[np.bool_], share: float, what: str) -> Iterator[Note]:
    if len(wrong) and wrong.mean() > share:
        yield Note(f"{wrong.sum()} of {len(wrong)} pictures are {what}", view.camera, int(np.flatnonzero(wrong)[0]))


def _longest(wrong: NDArray[np.bool_]) -> tuple[int, int]:
    """Where the longest run begins, and how long it is."""
    return max(_runs(wrong), key=lambda run: run[1], default=(0, 0))


def _runs(wrong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where each run begins, and how long it is."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], wrong.astype(int), [0]])))
    return [(int(start), int(end - start)) for start, end in edges.reshape(-1, 2)]
