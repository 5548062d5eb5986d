"""What `dynacollect evaluate` prints for people."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table

from ...controllers.streaming.course import Figures
from ...training.suites.paper import MEAN_PATH_M, MEAN_SUCCESS, MEAN_TIME_S, SUCCESS
from ...training.suites.table import SUITES
from ..evaluated.told import Told, speed_name


def view_of(told: Told) -> RenderableType:
    by_speed = _by_speed(told)
    return Group(_by_suite(told), by_speed) if told.suites else by_speed


def _by_suite(told: Told) -> Table:
    title = f"{told.title}; paper: DynamicVLA in its own simulator"
    heads = ("suite", "", "n", "success", "95 %", "paper", "path m", "time s")
    table = Table(*heads, title=title, title_justify="left")
    for name, row in told.suites.items():
        table.add_row(
            name, SUITES[name].title, str(row.n), f"{row.success:.1%}", f"{row.ci95[0]:.0%} to {row.ci95[1]:.0%}",
            f"{SUCCESS[name]:.1%}", f"{row.path_m:.2f}", f"{row.time_s:.2f}",
        )  # fmt: skip
    if mean := told.mean:
        table.add_section()
        table.add_row(
            "mean", "", "", f"{mean.success:.1%}", "", f"{MEAN_SUCCESS:.1%}", f"{mean.path_m:.2f}", f"{mean.time_s:.2f}"
        )
        table.caption = f"the paper's path {MEAN_PATH_M:.2f} m and time {MEAN_TIME_S:.2f} s, as here over all episodes"
    return table


def _by_speed(told: Told) -> Table:
    found = told.found
    title = "all of them" if told.suites else told.title
    heads = ("speed m/s", "n", "success", "95 %")
    table = Table(*heads, title=f"{title}: {found.success:.1%} of {found.n}", title_justify="left")
    for row in found.by_speed:
        table.add_row(speed_name(row), str(row.n), f"{row.success:.1%}", f"{row.ci95[0]:.1%} to {row.ci95[1]:.1%}")
    for reason, count in found.failures.items():
        table.add_row("failed", str(count), reason, "")
    if found.success:
        table.caption = f"successes: mean time {found.time_s:.2f} s, mean path {found.path_m:.2f} m"
    if found.executor:
        _add_executor(table, found.executor)
    if told.possible:
        share = f"{told.possible.share_reached:.1%}"
        table.add_row("possible", str(told.possible.n), share, "of what any motion could reach")
    return table


def _add_executor(table: Table, executor: Figures) -> None:
    table.add_row("starved", "", f"{executor.starved:.1%}", "of the steps")
    table.add_row("", "", f"{executor.stale_age_ms:.0f} ms", "age of an executed action")
    table.add_row("", "", f"{executor.latency_ms:.0f} ms", "for an inference")
