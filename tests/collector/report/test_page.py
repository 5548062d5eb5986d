"""The page shows the numbers that were written, and needs nothing but itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dynacollect.collector.report import summary_of, write_report
from dynacollect.collector.report.attempts import SECTORS, bin_name
from dynacollect.training.intervals import wilson
from dynacollect.training.trials import BINS

from .made_journals import LAUNCHERS, OBJECTS, REASONS, Known, made
from .reading import Page


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Known]:
    session = tmp_path_factory.mktemp("sessions") / "monday"
    known = made(session, 11, count=120)
    write_report(session)
    return session, known


@pytest.fixture(scope="module")
def page(told: tuple[Path, Known]) -> Page:
    return Page((told[0] / "report.html").read_text(encoding="utf-8"))


def said(name: str, wins: int, n: int) -> str:
    low, high = wilson(wins, n)
    return f"{name}: {wins} of {n}, {100 * wins / n:.1f} %, 95 % {100 * low:.0f} to {100 * high:.0f} %"


def test_the_headline(told: tuple[Path, Known], page: Page) -> None:
    session, known = told
    wins, n = known.rate()
    tiles, (low, high) = page.tiles(), wilson(wins, n)
    assert f"{wins} of 120 kept" in page.text
    about = f"success of {n} attempts with a verdict, 95 % {100 * low:.0f} to {100 * high:.0f}\u00a0%"
    assert tiles[about] == f"{100 * wins / n:.1f} %"
    assert tiles["failures"] == f"{known.count('failure')}"
    assert tiles["doubtful: the cues disagree"] == f"{known.count('doubtful')}"
    assert tiles["discarded, of 120 begun"] == f"{known.count('discarded')}"
    assert tiles["calls of a person"] == f"{known.calls}"
    assert tiles["3 runs"] == f"{known.seconds / 60:.0f} min"
    assert tiles["kept an hour"] == f"{3600 * wins / known.seconds:,.1f}"
    for fact in ("franka-panda", "cell", "vision", "pick, place"):
        assert fact in page.text
    assert page.text.count("killed") == 2
    assert "all are there" in page.text
    assert summary_of(session).episodes == wins


def test_success_by_every_group(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    assert page.figures("success", "Success by object") == [said(name, *known.rate(object=name)) for name in OBJECTS]
    speeds = [said(bin_name(each), *known.rate(bin=list(each))) for each in BINS]
    assert page.figures("success", "Success by speed") == speeds
    launchers = [said(name, *known.rate(launcher=name)) for name in sorted(LAUNCHERS)]
    assert page.figures("success", "Success by launcher") == sorted(
        [*launchers, said("none", *known.rate(launcher=None))]
    )
    assert page.figures("success", "Success by task") == [
        said(name, *known.rate(task=name)) for name in ("pick", "place")
    ]
    ways = [said(name, *known.rate(heading_deg=45.0 * sector)) for sector, name in enumerate(SECTORS)]
    assert page.figures("success", "Success by direction of motion") == ways


def test_coverage_has_every_cell(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    even = known.rate()[0] / (len(OBJECTS) * len(BINS))
    cells = [(name, bin_) for name in OBJECTS for bin_ in BINS]
    assert page.figures("coverage", "Kept episodes by object and speed") == [
        f"{name}, {bin_name(bin_)}: {known.rate(object=name, bin=list(bin_))[0]} kept; {even:.1f} in each would be even"
        for name, bin_ in cells
    ]
    shown = page.figures("coverage", "Success by object and speed")
    assert len(shown) == len(cells)
    for words, (name, bin_) in zip(shown, cells, strict=True):
        wins, n = known.rate(object=name, bin=list(bin_))
        assert words.startswith(f"{name}, {bin_name(bin_)}: " + (f"{wins} of {n}," if n else "not tried"))


def test_failures_are_ranked_and_numbers_in_reasons_do_not_part_them(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    failed = [each["reason"] for each in known.attempts if each["outcome"] == "failure"]
    rows = page.table("failures")
    counts = [int(row[0]) for row in rows]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == len(failed)
    lost = next(int(row[0]) for row in rows if row[3].startswith("lost at"))
    assert lost == sum(reason.startswith("lost at") for reason in failed)
    assert len(rows) == len({reason[:7] for reason in failed}) < len(REASONS)


def test_doubtful_ones_are_listed_with_both_cues(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    unsure = [each for each in known.attempts if each["outcome"] == "doubtful"]
    rows = page.table("doubtful")
    assert [row[:2] for row in rows] == [[str(each["episode"]), each["object"]] for each in unsure]
    assert {tuple(row[3:5]) for row in rows} == {("success: 31 mm", "failure: 90 mm off")}


def test_every_fault_is_accounted_for(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    rows = {row[0]: row for row in page.table("faults")}
    assert rows.keys() == {*known.faults, "all"}
    for name, counts in known.faults.items():
        assert [int(cell) for cell in rows[name][1:5]] == counts
        seconds = known.recovery_s.get(name)
        assert rows[name][5] == (f"{np.mean(seconds):.1f} s" if seconds else "-")
    assert [int(cell) for cell in rows["all"][1:5]] == np.sum(list(known.faults.values()), axis=0).tolist()
    assert len(page.table("faults", 1)) == known.calls
    assert all(row[1] == "2 min" for row in page.table("faults", 1))
    assert [row[0] for row in page.table("faults", 2)] == ["egg"]


def test_timing_resets_and_drift(told: tuple[Path, Known], page: Page) -> None:
    _, known = told
    missed = sum(each["missed"] for each in known.attempts)
    assert f"{missed:,} of {150 * 120:,} ticks were missed" in page.text
    assert page.table("timing") == [
        ["approach", "4.00 s", "40 %"], ["lift", "2.00 s", "20 %"], ["setting up, reset, recovery", "4.00 s", "40 %"],
    ]  # fmt: skip
    for name in ("Work in a tick, median", "Latency, 99th percentile"):
        marks = page.figures("timing", f"{name} of each attempt")
        assert sum(int(mark.split(": ")[1].split()[0]) for mark in marks) == 120
    assert sum(int(row[1]) for row in page.table("resets")) == 120
    assert page.table("calibration")[-2:] == [
        ["opst_cam", "120", "0.10 px", "0.10 px"], ["side_cam", "120", "0.20 px", "0.20 px"],
    ]  # fmt: skip


def test_the_page_needs_nothing_else(page: Page) -> None:
    for tag, attrs in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        assert not [name for name in attrs if name.startswith("on")]
        assert attrs.get("src", "data:image/").startswith("data:image/")
        assert attrs.get("href", "#").startswith(("#", "./"))
    text = page.text
    assert not re.search(r"@import|url\(", text)
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    links = {attrs["href"][1:] for tag, attrs in page.tags if tag == "a" and attrs["href"].startswith("#")}
    assert links <= {attrs.get("id") for _, attrs in page.tags}


def test_the_same_session_gives_the_same_bytes(told: tuple[Path, Known], tmp_path: Path) -> None:
    session, _ = told
    first = (session / "report.html").read_bytes()
    write_report(session)
    assert (session / "report.html").read_bytes() == first
    assert write_report(session, tmp_path / "copy.html").read_bytes() == first
