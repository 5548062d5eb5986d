"""One page about a run: success by suite and by speed, and what failed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...calibration.report.markup import Markup, joined, tag
from ...datasets.raw.durable import written
from ...rig.errors import DynacollectError
from ...training.evaluation import SpeedBin
from ...training.suites.paper import MEAN_PATH_M, MEAN_SUCCESS, MEAN_TIME_S, SUCCESS
from ...training.suites.table import SUITES
from ..report.parts import NOTHING, figure, section, table, tile
from ..report.rate_rows import Row, rate_rows
from ..report.rates import Rate
from ..report.style import CSS
from ..report.wording import interval, percent, plural
from .told import Told, speed_name

MOST_FAILURES = 300
"""Episodes that are listed."""
PAPER = (
    "The paper's figures are of its policy, DynamicVLA, in its own simulator with other objects and launches: they say"
    " which dimensions are hard rather than which of two numbers is better. Path and time are means over all episodes,"
    " failures among them, from the target's first motion on."
)


def refuse_page(path: Path | None) -> None:
    """Before anything runs: nothing is overwritten, and the folder is there."""
    if path is not None and path.exists():
        raise DynacollectError(f"{path} exists already; name another file")
    if path is not None and not path.parent.is_dir():
        raise DynacollectError(f"there is no folder {path.parent}; name a file in a folder that exists")


def write_page(path: Path, told: Told) -> None:
    """One HTML file that needs nothing else; the same run always gives the same bytes."""
    refuse_page(path)
    try:
        written(path, page_of(told))
    except OSError as error:
        raise DynacollectError(f"cannot write {path} ({error}); name a file in a folder that exists") from error


def page_of(told: Told) -> str:
    title = f"Evaluation: {told.title}"
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(CSS)),
    )
    body = joined(tag("h1", title), _headline(told), _suites(told), _speeds(told), _failures(told))
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def _headline(told: Told) -> Markup:
    found = told.found
    said = f"{plural(found.n, 'episode')}, seed {found.seed}; 95 % {interval(found.ci95)}"
    tiles = [tile(percent(told.mean.success, 1), "mean over the nine suites")] if told.mean else []
    if found.success:
        tiles += [tile(f"{found.time_s:.2f} s", "a success takes"), tile(f"{found.path_m:.2f} m", "way of the tool")]
    if found.executor:
        tiles.append(tile(percent(found.executor.starved, 1), "of the steps had no action"))
        tiles.append(tile(f"{found.executor.stale_age_ms:.0f} ms", "age of an executed action"))
        tiles.append(tile(f"{found.executor.latency_ms:.0f} ms", "for an inference"))
    box = tag("div", tag("b", f"{percent(found.success, 1)} success"), said, class_="verdict")
    return joined(box, tag("div", tiles, class_="tiles"))


def _suites(told: Told) -> Markup:
    if not told.suites:
        return NOTHING
    rows: list[tuple[object, ...]] = [
        (
            name, SUITES[name].title, SUITES[name].meaning, f"{each.n:,}", percent(each.success, 1),
            interval(each.ci95), percent(SUCCESS[name], 1), f"{each.path_m:.2f} m", f"{each.time_s:.2f} s",
        )
        for name, each in told.suites.items()
    ]  # fmt: skip
    if mean := told.mean:
        path, time = f"{mean.path_m:.2f} m (paper {MEAN_PATH_M:.2f})", f"{mean.time_s:.2f} s (paper {MEAN_TIME_S:.2f})"
        success, paper = percent(mean.success, 1), percent(MEAN_SUCCESS, 1)
        rows.append(("mean", "", "", "", success, "", paper, path, time))
    heads = ("", "suite", "", "n", "success", "95 %", "paper", "path", "time")
    rates = [(name, _rate(each.success, each.n)) for name, each in told.suites.items()]
    drawn = figure("Success by suite", rate_rows(rates, _whole(told), "Success by suite"))
    return section("suites", "Suites", PAPER, table(heads, rows, why=2), tag("div", drawn, class_="pair"))


def _speeds(told: Told) -> Markup:
    figures = [_by_speed("All" if told.suites else told.found.task, told.found.by_speed, told)]
    figures += [_by_speed(name, each.by_speed, told) for name, each in told.suites.items()]
    words = "Speeds of the target at its release, m/s. Intervals are Wilson's, 95 %."
    return section("speeds", "Speed", words, tag("div", figures, class_="pair"))


def _by_speed(name: str, bins: Iterable[SpeedBin], told: Told) -> Markup:
    rows: list[Row] = [(speed_name(row), _rate(row.success, row.n)) for row in bins]
    return figure(name, rate_rows(rows, _whole(told), f"Success by speed, {name}"))


def _failures(told: Told) -> Markup:
    lost = [result for result in told.found.results if not result.success]
    if not lost:
        return section("failures", "Failures", "There were none.")
    counts = [(f"{count:,}", reason) for reason, count in told.found.failures.items()]
    rows = [
        (each.suite or told.found.task, each.seed, each.target, f"{each.speed:.2f}", each.launcher or "still",
         f"{each.time_s:.2f}", each.reason)
        for each in lost[:MOST_FAILURES]
    ]  # fmt: skip
    more = f"The first {MOST_FAILURES} of {len(lost):,}." if len(lost) > MOST_FAILURES else ""
    heads = ("", "seed", "target", "m/s", "launched by", "s", "what happened")
    reasons = table(("times", "what happened"), counts, why=1)
    return section("failures", "Failures", more, reasons, table(heads, rows, why=6))


def _rate(success: float, n: int) -> Rate:
    return Rate.of(round(success * n), n)


def _whole(told: Told) -> Rate:
    return _rate(told.found.success, told.found.n)
