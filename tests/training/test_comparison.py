"""`evaluate compare`: tests and intervals against known values, and pairs that are the same episode."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.training.comparison import compare, mcnemar, paired_interval, unpaired_interval
from dynacollect.training.documents import Document
from dynacollect.training.suites.table import SUITES
from dynacollect.training.trials import BINS


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["evaluate", *map(str, words)], prog_name="dynacollect")


def told(wins: np.ndarray, first_seed: int = 0, suites: bool = True, **said: str) -> dict[str, Any]:
    """What `evaluate --json` would write of these successes."""
    results = [
        {"seed": first_seed + index, "bin": index % 5, "speed": 0.1 * (index % 5), "target": "apple",
         "success": bool(won), "suite": list(SUITES)[index % 9] if suites else None}
        for index, won in enumerate(wins)
    ]  # fmt: skip
    return {"task": "dom" if suites else "pick", "robot": "franka-panda", "results": results} | said


def document(wins: np.ndarray, first_seed: int = 0, suites: bool = True, **said: str) -> Document:
    return Document.model_validate(told(wins, first_seed, suites, **said))


@pytest.fixture
def wins() -> np.ndarray:
    return np.random.default_rng(5).random((2, 90)) < np.array([[0.5], [0.8]])


@pytest.mark.parametrize(("alone", "p"), [((0, 5), 2 / 32), ((1, 9), 22 / 1024), ((3, 3), 1.0), ((0, 0), 1.0)])
def test_mcnemars_exact_p(alone: tuple[int, int], p: float) -> None:
    assert mcnemar(*alone) == pytest.approx(p)
    assert mcnemar(*reversed(alone)) == pytest.approx(p)


def test_newcombes_interval_is_the_published_one() -> None:
    low, high = unpaired_interval((48, 56), (80, 70))
    assert (low, high) == pytest.approx((0.0524, 0.3339), abs=1e-4)


@pytest.mark.parametrize(("one", "other"), [(0.5, 0.5), (0.3, 0.6), (0.9, 0.95)])
def test_a_paired_interval_holds_the_truth_as_often_as_it_says(one: float, other: float) -> None:
    rng, n, held = np.random.default_rng(7), 40, 0
    for _ in range(2000):
        both = rng.random(n)
        first, second = both < one, np.where(rng.random(n) < 0.5, both, rng.random(n)) < other
        low, high = paired_interval(int((first & ~second).sum()), int((second & ~first).sum()), n)
        held += low <= other - one <= high
    assert 0.935 < held / 2000 < 0.99


def test_fishers_test_is_that_of_the_lady_and_her_tea() -> None:
    first, second = document(np.array([1, 1, 1, 0])), document(np.array([1, 0, 0, 0]), first_seed=100)
    found = compare(first, second)
    assert not found.paired and found.rows[0].p == pytest.approx(34 / 70) and found.rows[0].won_alone is None


def test_a_run_does_not_differ_from_itself(wins: np.ndarray) -> None:
    found = compare(document(wins[0]), document(wins[0]))
    assert found.paired and found.left_out == 0
    assert [row.group for row in found.rows] == ["all", *SUITES, "still", *(f"{a:g} to {b:g} m/s" for a, b in BINS[1:])]
    for row in found.rows:
        assert (row.difference, row.p, row.won_alone) == (0.0, 1.0, (0, 0)) and row.ci95[0] < 0 < row.ci95[1]


def test_turned_round_it_says_the_opposite(wins: np.ndarray) -> None:
    first, second = document(wins[0]), document(wins[1])
    there, back = compare(first, second), compare(second, first)
    assert there.rows[0].p < 0.01 and there.rows[0].ci95[0] > 0
    for one, other in zip(there.rows, back.rows, strict=True):
        assert one.difference == pytest.approx(-other.difference) and one.p == pytest.approx(other.p)
        assert one.ci95 == pytest.approx((-other.ci95[1], -other.ci95[0]))


def test_rows_add_up(wins: np.ndarray) -> None:
    rows = {row.group: row for row in compare(document(wins[0]), document(wins[1])).rows}
    alone = rows["all"].won_alone
    assert alone == (int((wins[0] & ~wins[1]).sum()), int((wins[1] & ~wins[0]).sum()))
    for side in (0, 1):
        assert sum(row.n[side] for name, row in rows.items() if name in SUITES) == 90
        assert rows["all"].success[side] == pytest.approx(wins[side].mean())


def test_only_what_both_have_run_is_paired(wins: np.ndarray) -> None:
    found = compare(document(wins[0]), document(wins[1][:45]))
    assert found.paired and found.left_out == 45 and found.rows[0].n == (45, 45)
    for other in (document(wins[1], robot="piper"), document(wins[1], suites=False)):
        assert not compare(document(wins[0]), other).paired


def test_the_command_prints_a_table_and_one_document(tmp_path: Path, wins: np.ndarray) -> None:
    files = tmp_path / "a.json", tmp_path / "b.json"
    for file, each in zip(files, wins, strict=True):
        file.write_text(json.dumps(told(each, controller="chunked-expert", strategy="laas")))
    shown = run("compare", *files)
    assert shown.exit_code == 0 and "McNemar" in shown.stdout and "chunked-expert, laas" in shown.stdout
    answer = json.loads(run("compare", *files, "--json").stdout)
    assert answer["paired"] is True and answer["rows"][0]["group"] == "all"
    assert {"n", "success", "difference", "ci95", "p", "won_alone"} <= answer["rows"][0].keys()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot read"), ("", "is no evaluation"), ("{}", "is no evaluation (task"), ("[1]", "is no evaluation"),
        ('{"task": "pick", "robot": "piper", "results": []}', "holds no episodes"),
        ('{"task": "pick", "robot": "piper", "results": [{"seed": 1}]}', "is no evaluation (results.0"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_one_sentence(tmp_path: Path, content: str | None, sentence: str) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(told(np.ones(3))))
    if content is not None:
        bad.write_text(content)
    done = run("compare", good, bad, "--json")
    assert done.exit_code == 2
    error = json.loads(done.stdout)["error"]
    assert sentence in error and "evaluate --json" in error


def test_options_before_compare_are_not_passed_over() -> None:
    done = run("--seed", 3, "compare", "a.json", "b.json")
    assert done.exit_code == 2 and "--seed is before compare" in done.output
