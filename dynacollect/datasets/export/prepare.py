"""One raw episode, made ready to be written into a data set."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .clips import Clip, copyable, encoded, open_clip
from .columns import VERDICTS, Column, columns, idle_ticks
from .facts import Facts
from .statement import Ledger
from .statistics import Stats, of_column, of_pictures


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """All that a layout writes of an episode."""

    columns: list[Column]
    clips: Mapping[str, Clip]
    """By camera."""
    stats: Mapping[str, Stats]
    """By feature."""
    said: Mapping[str, Any]
    """The columns that it has as a whole."""
    source: Mapping[str, Any]

    @property
    def rows(self) -> int:
        return len(self.columns[0].values)

    @property
    def task(self) -> str:
        return self.said["instructions"][0]


def picture_key(camera: str) -> str:
    return f"observation.images.{camera}"


def prepared(facts: Facts, ledger: Ledger, stack: ExitStack) -> Prepared:
    """Read an episode, whole; its packets are good for as long as the stack is open."""
    options, record = replace(ledger.options, cameras=ledger.cameras), facts.record
    gop = max(video.gop for video in record.videos.values())
    first = idle_ticks(facts.signals) // gop * gop if options.trim else 0
    clips = {}
    for camera in ledger.cameras:
        video = record.videos[camera]
        clip = open_clip(facts.raw.folder / video.file, first, record.ticks - first)
        stack.callback(clip.container.close)
        if not copyable(clip, ledger.size, video.gop):
            aside = Path(stack.enter_context(TemporaryDirectory(prefix="dynacollect-")))
            clip = encoded(clip, ledger.size, ledger.fps, aside / f"{camera}.mp4")
            stack.callback(clip.container.close)
        clips[camera] = clip
    found = columns(facts, options, ledger.phases, first)
    stats = {column.name: of_column(column) for column in found}
    stats |= {picture_key(camera): of_pictures(clip.sampled()) for camera, clip in clips.items()}
    source = {"session": facts.session, "number": record.number, "id": record.id, "first_tick": first}
    return Prepared(found, clips, stats, _said(facts, options.instructions), source)


def _said(facts: Facts, instructions: int) -> dict[str, Any]:
    record = facts.record
    return {
        "success": facts["success"],
        "verdict": VERDICTS[record.verdict.success],
        "confidence": record.verdict.confidence,
        "reason": record.verdict.reason,
        "quality": facts.quality,
        "kind": record.task,
        "object": facts["object"],
        "container": facts["container"],
        "speed": facts.speed,
        "faults": len(record.faults),
        "instructions": list(facts.instructions(instructions)),
        "session": facts.session,
        "number": record.number,
        "id": record.id,
        "started": record.started,
        "calibration": str(record.provenance.get("calibration", "")),
    }
