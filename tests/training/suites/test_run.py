"""`evaluate --suite`: figures by suite, the table and the page beside the paper's, and words that are wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.collector.commands.evaluate_view import view_of
from dynacollect.collector.evaluated.page import page_of
from dynacollect.collector.evaluated.told import Told
from dynacollect.rig.config import load_rig
from dynacollect.training.evaluation import Result as EpisodeResult
from dynacollect.training.evaluation import Settings, summarise
from dynacollect.training.suites.figures import by_suite, mean_of
from dynacollect.training.suites.table import SUITES


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["evaluate", *words], prog_name="dynacollect")


def results(suites: tuple[str, ...]) -> list[EpisodeResult]:
    rng = np.random.default_rng(2)
    return [
        EpisodeResult(
            index, index % 5, 0.1, "push", "apple", bool(rng.random() < 0.6), "<b>out of time",
            float(rng.uniform(2, 9)), float(rng.uniform(1, 3)), None, suite,
        )
        for suite in suites
        for index in range(12)
    ]  # fmt: skip


def told(suites: tuple[str, ...]) -> Told:
    settings, found = Settings(load_rig("cell")), results(suites)
    return Told("expert", summarise(settings, found), by_suite(settings, found))


def shown(run_: Told) -> str:
    console = Console(width=140, file=StringIO())
    with console.capture() as capture:
        console.print(view_of(run_))
    return capture.get()


def test_path_and_time_are_over_all_episodes_and_every_suite_counts_the_same() -> None:
    found = results(("CR", "DA"))
    figures = by_suite(Settings(load_rig("cell")), found)
    assert list(figures) == ["CR", "DA"]
    for name, each in figures.items():
        members = [result for result in found if result.suite == name]
        assert each.n == 12 and each.success == pytest.approx(np.mean([result.success for result in members]))
        assert each.path_m == pytest.approx(np.mean([result.path_m for result in members]))
        assert each.time_s == pytest.approx(np.mean([result.time_s for result in members]))
        assert sum(row.n for row in each.by_speed) == 12
    assert mean_of(figures).success == pytest.approx(np.mean([each.success for each in figures.values()]))
    assert by_suite(Settings(load_rig("cell")), [replace(each, suite=None) for each in found]) == {}


def test_the_table_has_the_papers_figures_and_their_mean_only_for_all_nine() -> None:
    some, all_nine = shown(told(("CR", "MP"))), shown(told(tuple(SUITES)))
    assert "60.5%" in some and "33.5%" in some and "47.1%" not in some
    assert "47.1%" in all_nine and "2.50 m" in all_nine and "8.53 s" in all_nine


@pytest.mark.parametrize("suites", [(), ("MP",), tuple(SUITES)], ids=len)
def test_the_page_needs_nothing_else_and_escapes_what_it_is_told(suites: tuple[str, ...]) -> None:
    run_ = told(suites) if suites else Told("expert", summarise(Settings(load_rig("cell")), results(("CR",))), {})
    page = page_of(run_)
    assert page == page_of(run_) and "<b>out of time" not in page and "&lt;b&gt;out of time" in page
    assert not re.search(r"(src|href)=", page)
    opened: list[str] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
            opened.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert opened.pop() == tag

    Tags().feed(page)
    assert opened == []
    for name in suites:
        assert SUITES[name].meaning.split(":")[0] in page


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--suite", "CR,XX"), "there is no suite 'XX'"),
        (("--suite", "CR", "--task", "pick"), "leave out --task"),
        (("--suite", "CR", "--bound"), "leave out --suite"),
        (("--html", "no/such/page.html"), "there is no folder"),
        (("--html", "pyproject.toml"), "exists already"),
    ],
)
def test_wrong_words_leave_with_2_before_anything_runs(words: tuple[str, ...], sentence: str) -> None:
    done = run("--episodes", "1", *words)
    assert done.exit_code == 2 and sentence in done.output


@pytest.mark.slow
def test_two_suites_through_the_command(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = run("--suite", "CR,MP", "--episodes", "1", "--seed", "3", "--html", str(page), "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert document["task"] == "CR,MP" and document["n"] == 2
    assert [each["suite"] for each in document["results"]] == ["CR", "MP"]
    for each in document["by_suite"].values():
        assert {"n", "success", "ci95", "path_m", "time_s", "executor", "by_speed"} <= each.keys()
    assert "motion perception" in page.read_text()
    again = tmp_path / "again.json"
    again.write_text(done.stdout)
    same = json.loads(run("compare", str(again), str(again), "--json").stdout)
    assert same["paired"] is True and same["rows"][0]["p"] == 1.0
