"""What can be put right without rewriting anything: episodes with errors go aside, lost records are told anew."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ...rig.errors import DynacollectError
from ..raw.durable import flushed, written
from ..raw.places import SET_ASIDE as ASIDE
from ..raw.record import FILE
from ..repair import common_to, restored
from ..repair.restore import ANEW
from .check import episode_folders
from .lerobot import INFO
from .report import Report
from .rule import Finding

LISTS = frozenset({"split-leakage", "split-unknown"})
"""Rules of lists, which are to be mended themselves."""


@dataclass(frozen=True, slots=True)
class Fix:
    """What was done about an episode."""

    episode: int
    did: str
    where: Path


def fix(report: Report) -> tuple[Fix, ...]:
    """Put right what can be; nothing is overwritten."""
    errors: dict[int, list[Finding]] = {}
    for finding in report.findings:
        if finding.severity == "error" and finding.episode is not None and finding.rule not in LISTS:
            errors.setdefault(finding.episode, []).append(finding)
    folders = {int(folder.name): folder for folder in episode_folders(report.folder)}
    return tuple(_fixed(folders[number], errors[number], report.folder) for number in sorted(errors))


def refuse_export(folder: Path) -> None:
    """Its episodes share files, so that none can be set aside."""
    if (folder / INFO).is_file():
        raise DynacollectError(
            f"{folder} is a data set, of which no episode can be set aside; fix the session that it was made of, and "
            "build it again"
        )


def left(report: Report, fixes: Sequence[Fix]) -> tuple[Finding, ...]:
    """Errors that are still there."""
    done = {each.episode for each in fixes}
    return tuple(
        each for each in report.findings
        if each.severity == "error" and (each.episode not in done or each.rule in LISTS)
    )  # fmt: skip


def _fixed(folder: Path, findings: Sequence[Finding], session: Path) -> Fix:
    number = int(folder.name)
    if {each.rule for each in findings} == {"record-unreadable"} and not (folder / FILE).exists():
        others = [other for other in episode_folders(session) if other != folder]
        record = restored(folder, common_to(others))
        if record is not None:
            anew = "told anew; the verdict is open, and instructions are to be given"
            how = anew if ANEW in record.provenance else "brought back; the signals repeat it"
            return Fix(number, f"its record was {how}", folder)
    return Fix(number, "it was set aside", _set_aside(folder, findings, session / ASIDE))


def _set_aside(folder: Path, findings: Sequence[Finding], home: Path) -> Path:
    """Under its own name, or with a number behind it where that is taken."""
    home.mkdir(exist_ok=True)
    names = [folder.name, *(f"{folder.name}-{again}" for again in range(2, 1000))]
    place = next(home / name for name in names if not (home / name).exists())
    reasons = [{key: value for key, value in asdict(each).items() if value is not None} for each in findings]
    written(place.with_name(f"{place.name}.json"), json.dumps({"set_aside": folder.name, "because": reasons}, indent=1))
    folder.rename(place)
    flushed(home)
    flushed(folder.parent)
    return place
