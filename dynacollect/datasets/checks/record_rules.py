"""Rules of the record: what it says of itself, and of the files beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ...controllers.machine import Phase, Task
from ...controllers.tasks import TASKS
from ..raw.reader import changed_pictures, in_pictures
from .case import Case, FileState
from .rule import Note

NEEDED = ("version", "calibration")
"""Keys of the provenance without which nobody can tell later what an episode was recorded with."""
TASK_OF: Mapping[str, Task] = {str(name): task for name, task in TASKS.items()}
"""Our own tasks."""
UNKNOWN_LIMIT_S = 60.0
"""Time limit of tasks that are not ours."""
ORDER: dict[str, int] = {
    Phase.INIT: 0, Phase.RESET: 0, Phase.APPROACH_ABOVE: 1, Phase.HOVER: 1, Phase.AHEAD: 1, Phase.APPROACH: 2,
    Phase.MEET: 2, Phase.CLOSE: 3, Phase.GRASP: 3, Phase.LIFT: 4, Phase.APPROACH_ABOVE_TARGET: 5,
    Phase.APPROACH_TARGET: 6, Phase.PLACE: 7, Phase.TO_GOAL: 8, Phase.DONE: 9, Phase.FAILED: 9,
}  # fmt: skip
"""How far an attempt is; going on one may skip, going back only begins anew."""
AGAIN = 2
"""An attempt that begins anew is at most so far."""
ATTEMPTED = 3
"""From here on the object was grasped."""


def unreadable(case: Case, _: float) -> Iterator[Note]:
    if case.problem is not None:
        yield Note(case.problem)


def misnumbered(case: Case, _: float) -> Iterator[Note]:
    if (record := case.record) and record.number != case.number:
        yield Note(f"the folder is {case.folder.name}, the record says episode {record.number}")


def muddled(case: Case, _: float) -> Iterator[Note]:
    there = next((state.bytes is not None for state in case.files if state.kept.file.endswith(".mcap")), False)
    if case.muddle is not None and there:
        yield Note(case.muddle)


def missing_files(case: Case, _: float) -> Iterator[Note]:
    yield from (
        Note(f"{state.kept.file} is not there", _camera(case, state)) for state in case.files if state.bytes is None
    )


def truncated_files(case: Case, _: float) -> Iterator[Note]:
    for state in case.files:
        if state.bytes is not None and state.bytes < state.kept.bytes:
            yield Note(f"{state.kept.file} has {state.bytes} of {state.kept.bytes} bytes", _camera(case, state))


def changed_files(case: Case, _: float) -> Iterator[Note]:
    for state in case.files:
        if state.bytes is not None and state.bytes >= state.kept.bytes and not state.same:
            ticks = changed_pictures(case.folder / state.kept.file, state.kept)
            what = f"{state.kept.file} is not what was committed: its SHA-256 differs{in_pictures(ticks)}"
            yield Note(what, _camera(case, state), ticks[0] if ticks else None)


def provenance(case: Case, _: float) -> Iterator[Note]:
    if record := case.record:
        lacking = [key for key in NEEDED if key not in record.provenance]
        if lacking:
            yield Note(f"nothing says the {' and the '.join(lacking)}")


def too_short(case: Case, limit: float) -> Iterator[Note]:
    if (record := case.record) and record.ticks < limit:
        yield Note(f"it has {record.ticks} ticks")


def too_long(case: Case, limit: float) -> Iterator[Note]:
    if record := case.record:
        task = TASK_OF.get(record.task)
        allowed = task.time_limit if task else UNKNOWN_LIMIT_S
        seconds = record.ticks / record.fps
        if seconds > allowed + limit:
            yield Note(f"it takes {seconds:.1f} s, and {record.task} ends after {allowed:.0f} s", tick=record.ticks - 1)


def verdict(case: Case, limit: float) -> Iterator[Note]:
    if not (record := case.record):
        return
    ending, last = record.verdict, _phase(record.phases[-1][1]) if record.phases else ""
    if not 0.0 <= ending.confidence <= 1.0:
        yield Note(f"its confidence is {ending.confidence:g}")
    if ending.success and last == Phase.FAILED:
        yield Note(f"the verdict is success, and the last phase is {last}")
    if ending.success and ending.confidence < limit:
        yield Note(f"the verdict is success with a confidence of {ending.confidence:.2f}")


def faults(case: Case, _: float) -> Iterator[Note]:
    if (record := case.record) and record.verdict.success:
        for time, name, detail in record.faults:
            yield Note(f"{name} at {time:.2f} s ({detail}), and the verdict is success")
        reported = [row["fault"]["name"] for row in (case.told.rows["/arm"] if case.told else ()) if row.get("fault")]
        if reported and not record.faults:
            yield Note(f"the arm reports {reported[0]}, and the verdict is success")


def phases(case: Case, _: float) -> Iterator[Note]:
    """Phases that nobody knows have no place in the order and are let pass; a policy has none."""
    if not (record := case.record):
        return
    if not record.phases:
        if case.told is None or all(row["chunk"] is None for row in case.told.rows["/tick"]):
            yield Note("it has no phases")
        return
    highest, last_tick = 0, 0
    for tick, name, _why in record.phases:
        rank = rank_of(name, highest)
        if tick < last_tick or tick > record.ticks:
            yield Note(
                f"{name} begins at tick {tick}, after one that begins at {last_tick}, of {record.ticks}", tick=tick
            )
        if rank < highest and rank > AGAIN:
            yield Note(f"{name} at tick {tick} comes after a later phase", tick=min(tick, record.ticks - 1))
        highest, last_tick = max(rank, highest) if rank > AGAIN else rank, tick
    known = [ORDER[name] for _, given, _ in record.phases if (name := _phase(given)) in ORDER]
    if record.verdict.success and record.task in TASK_OF and known and ATTEMPTED not in known:
        yield Note("the verdict is success, and there is no phase in which the fingers close")


def empty_instructions(case: Case, _: float) -> Iterator[Note]:
    if record := case.record:
        if not record.instructions:
            yield Note("it has no instruction")
        yield from (
            Note(f"instruction {number} is empty")
            for number, text in enumerate(record.instructions)
            if not any(letter.isalnum() for letter in text)
        )


def repeated_instructions(case: Case, _: float) -> Iterator[Note]:
    if record := case.record:
        plain = [" ".join(text.lower().strip(" .!").split()) for text in record.instructions]
        yield from (
            Note(f"'{text}' stands there {plain.count(text)} times")
            for text in dict.fromkeys(plain)
            if plain.count(text) > 1
        )


def rank_of(phase: str, otherwise: int = 0) -> int:
    """How far an attempt is in this phase."""
    return ORDER.get(_phase(phase), otherwise)


def _phase(name: str) -> str:
    """As our own machine writes it."""
    return name.lower().replace("_", "-")


def _camera(case: Case, state: FileState) -> str | None:
    stem = Path(state.kept.file).stem
    return stem if case.record and stem in case.record.videos else None
