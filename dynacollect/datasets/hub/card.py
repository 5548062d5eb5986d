"""The card of a data set on the Hub: what is in it, how it was collected, how to load it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from huggingface_hub import DatasetCardData

from ..built import BuiltSet
from ..checks import Report
from ..merge.agree import TOGETHER
from ..merge.merge import MERGED
from .pictures import SHEET

ROWS = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
"""How the Hub calls sizes, by the first number of rows that is too much."""
MORE_ROWS = "10M<n<100M"
NOT_SAID = "not stated; ask before you use it"


def card(built: BuiltSet, repo: str, report: Report | None) -> str:
    """Markdown with what the Hub reads in front."""
    parts = [
        f"---\n{_front(built, repo)}\n---",
        f"# {repo.split('/')[-1]}",
        _first(built),
        f"![A row for each of some episodes, with the picture of every camera in its middle]({SHEET})",
        "## What is in it",
        _table(_facts(built)),
        "## How it was collected",
        _how(built, report),
        "## Load it",
        _load(built, repo),
        "## What the numbers mean",
        _meaning(built),
    ]
    return "\n\n".join(parts) + "\n"


def _front(built: BuiltSet, repo: str) -> str:
    licence, rows = built.ledger.options.licence, built.info["total_frames"]
    size = next((name for limit, name in ROWS.items() if rows < limit), MORE_ROWS)
    data = DatasetCardData(
        license=licence and licence.lower(), pretty_name=repo.split("/")[-1], task_categories=["robotics"],
        size_categories=size, tags=["LeRobot", "dynacollect", *built.ledger.robot.split(TOGETHER)],
        configs=[{"config_name": "default", "data_files": "data/*/*.parquet"}],
    )  # fmt: skip
    return data.to_yaml().strip()


def _first(built: BuiltSet) -> str:
    count = len(built.episodes)
    robots = _listed(built.ledger.robot.split(TOGETHER))
    return (
        f"{count} episode{'s' if count > 1 else ''} of {robots} and moving objects, {built.seconds / 60:.1f} minutes "
        f"at {built.ledger.fps} rows a second, collected by a scripted expert without teleoperation."
    )


def _facts(built: BuiltSet) -> Iterable[tuple[str, str]]:
    episodes, ledger = built.episodes, built.ledger
    speeds = sorted(speed for each in episodes if (speed := each.get("speed") or 0.0) > 0)
    verdicts = Counter({1: "success", 0: "failure", -1: "unsure"}[each["verdict"]] for each in episodes)
    yield "episodes", f"{len(episodes)}, {built.info['total_frames']} rows, {built.seconds:.0f} s"
    yield "robot", _listed(ledger.robot.split(TOGETHER))
    yield "tasks", _counted(each["kind"] for each in episodes)
    yield "success", ", ".join(f"{count} {name}" for name, count in verdicts.most_common())
    yield "objects", _counted(each["object"] for each in episodes)
    if containers := _counted(each["container"] for each in episodes):
        yield "containers", containers
    if speeds:
        yield "speed of the object", f"{speeds[0]:.2f} to {speeds[-1]:.2f} m/s, median {median(speeds):.2f} m/s"
    width, height = ledger.size
    yield "cameras", f"{_listed(ledger.cameras)}; {width}x{height} px, {ledger.fps} a second, H.264"
    yield "instructions", f"{len({text for each in episodes for text in each['instructions']})} different ones"
    yield "sessions", f"{len({each['session'] for each in episodes})}, {_dates(episodes)}"
    yield "calibrations", f"{len({each['calibration'] for each in episodes})}"
    yield "action", f"{ledger.options.action}, {ledger.options.ahead} ticks ahead"
    yield "licence", ledger.options.licence or NOT_SAID


def _how(built: BuiltSet, report: Report | None) -> str:
    made = built.statement["made_by"]
    told = [
        "A scripted expert met each object while it moved, by what calibrated cameras and a 6D tracker saw of it. "
        "Whether an episode succeeded was judged by independent cues; `verdict`, `confidence` and `reason` are kept. "
        "Each row has the picture that the controller had at that tick, with the time at which it was taken.",
        f"Written by {made}, of the episodes for which `{built.ledger.options.where}` held.",
    ]
    if (built.folder / MERGED).exists():
        told.append(f"It was merged of several data sets; [{MERGED}]({MERGED}) has what each said of itself.")
    if report is not None:
        warnings = sum(finding.severity == "warning" for finding in report.findings)
        errors = len(report.findings) - warnings
        told.append(f"`dataset check` found {errors} errors and {warnings} warnings.")
    return "\n\n".join(told)


def _load(built: BuiltSet, repo: str) -> str:
    if built.ledger.options.format == "v2.1":
        return (
            "With lerobot 0.3:\n\n```python\nfrom lerobot.datasets.lerobot_dataset import LeRobotDataset\n\n"
            f'data = LeRobotDataset("{repo}")\n```'
        )
    return (
        "With lerobot 0.6:\n\n```python\nfrom lerobot.datasets.lerobot_dataset import LeRobotDataset\n\n"
        f'data = LeRobotDataset("{repo}")\n'
        f'good = LeRobotDataset("{repo}", episode_filter=lambda episode: episode["success"])\n```\n\n'
        "Which episodes are for training and which for validation is in `meta/splits.json`."
    )


def _meaning(built: BuiltSet) -> str:
    said = built.statement
    kept = {key: said[key] for key in ("units", "frame", "angles", "tool", "action") if key in said}
    return (
        "All of it is in [meta/dynacollect.json](meta/dynacollect.json), with the source of every episode:\n\n"
        f"```json\n{json.dumps(kept, indent=1)}\n```"
    )


def _table(facts: Iterable[tuple[str, str]]) -> str:
    lines = ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts)]
    return "\n".join(lines)


def _counted(names: Iterable[str]) -> str:
    counts = Counter(name for name in names if name)
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _dates(episodes: Sequence[Any]) -> str:
    days = sorted({str(each["started"])[:10] for each in episodes})
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
