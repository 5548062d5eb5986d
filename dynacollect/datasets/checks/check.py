"""Checking a session: every episode once, then the set as a whole."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...rig.clock import HostClock
from ...rig.errors import DynacollectError
from .case import Case, Traits, read_case, traits
from .lerobot import INFO, cases_of, read_tables
from .report import Progress, Report, sorted_findings
from .rule import Finding, found
from .set_rules import Whole
from .table import RECORD, SET, SHARED, SIGNALS, TABLES, VIDEO, rules_named

SPLITS = "splits.json"
"""Beside `episodes`: names of splits with the numbers or ids of their episodes."""
WORKERS = 4
"""Decoding leaves Python alone, so that threads do."""


def check_any(folder: Path, names: Collection[str] = (), progress: Progress | None = None) -> Report:
    """Judge a session, or a LeRobot data set."""
    if (folder / INFO).is_file():
        return check_export(folder, names, progress)
    return check_session(folder, names, progress)


def check_session(session: Path, names: Collection[str] = (), progress: Progress | None = None) -> Report:
    """Judge all episodes of a session by these rules, or by all of them."""
    chosen, folders = rules_named(names), episode_folders(session)
    splits, stopwatch = _splits(session), HostClock()
    began = stopwatch.now()
    findings, kept = list[Finding](), list[Traits]()
    with ThreadPoolExecutor(min(WORKERS, os.cpu_count() or 1)) as pool:
        for done, (about, trait) in enumerate(pool.map(lambda folder: _judged(folder, chosen), folders), start=1):
            findings += about
            kept += [trait] if trait else []
            if progress is not None:
                progress(done, len(folders))
    whole = Whole(kept, splits)
    findings += [each for rule in SET if rule.name in chosen for each in found(rule, whole, None)]
    took = stopwatch.now() - began
    return Report(session, len(folders), sum(each.seconds for each in kept), took, sorted_findings(findings))


def check_export(folder: Path, names: Collection[str] = (), progress: Progress | None = None) -> Report:
    """Judge a LeRobot data set by the rules that make sense for it."""
    chosen, stopwatch = rules_named(names), HostClock()
    shared, began = chosen & SHARED, stopwatch.now()
    tables = read_tables(folder)
    findings = [each for rule in TABLES if rule.name in chosen for each in found(rule, tables, None)]
    kept = list[Traits]()
    for case, trait in cases_of(tables):
        findings += judged(case, shared)
        kept.append(trait)
        if progress is not None:
            progress(len(kept), len(tables.episodes))
    whole = Whole(kept, tables.splits)
    findings += [each for rule in SET if rule.name in shared for each in found(rule, whole, None)]
    seconds, took = sum(each.seconds for each in kept), stopwatch.now() - began
    return Report(folder, len(kept), seconds, took, sorted_findings(findings))


def episode_folders(session: Path) -> list[Path]:
    """The folders of all episodes, readable or not, in order."""
    home = session / "episodes"
    if not home.is_dir():
        raise DynacollectError(f"{session} holds no episodes; name a folder that dynacollect collect has written")
    return sorted(
        (path for path in home.iterdir() if path.name.isdigit() and path.is_dir()), key=lambda path: int(path.name)
    )


def _judged(folder: Path, chosen: Collection[str]) -> tuple[list[Finding], Traits | None]:
    case = read_case(folder)
    return judged(case, chosen), traits(case)


def judged(case: Case, chosen: Collection[str]) -> list[Finding]:
    """What the rules of single episodes say."""
    findings = [each for rule in RECORD if rule.name in chosen for each in found(rule, case, case.number)]
    if case.told is not None:
        findings += [each for rule in SIGNALS if rule.name in chosen for each in found(rule, case.told, case.number)]
    for view in case.views:
        findings += [each for rule in VIDEO if rule.name in chosen for each in found(rule, view, case.number)]
    return findings


def _splits(session: Path) -> Mapping[str, Sequence[int | str]]:
    path = session / SPLITS
    if not path.exists():
        return {}
    try:
        lists = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): list(members) for name, members in lists.items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DynacollectError(f"{path} does not list episodes by split ({error}); remove or mend it") from error
