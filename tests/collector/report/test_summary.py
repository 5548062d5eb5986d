"""The summary counts what was written, however the session went."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest, norm

from dynacollect.collector.output import plain
from dynacollect.collector.report import FaultCount, summary_of
from dynacollect.collector.report.rates import Rate
from dynacollect.rig.errors import DynacollectError
from dynacollect.training.intervals import wilson
from dynacollect.training.trials import BINS

from .made_journals import OBJECTS, OUTCOMES, Writer, made


@pytest.mark.parametrize("seed", range(6))
def test_counts_are_those_written(tmp_path: Path, seed: int) -> None:
    known = made(tmp_path, seed, count=40 + 7 * seed, runs=1 + seed % 3)
    found = summary_of(tmp_path)
    assert found.wanted == len(known.attempts) == found.attempted
    counts = (found.episodes, found.failures, found.doubtful, found.discarded)
    assert counts == tuple(known.count(outcome) for outcome in OUTCOMES)
    assert found.human_calls == known.calls
    assert found.faults == {name: FaultCount(*counts[:3]) for name, counts in known.faults.items()}
    assert found.seconds == pytest.approx(known.seconds)
    assert found.per_hour == pytest.approx(3600 * found.episodes / known.seconds)


@pytest.mark.parametrize("seed", range(3))
def test_shares_are_of_the_attempts_with_a_verdict(tmp_path: Path, seed: int) -> None:
    known = made(tmp_path, seed)
    found = summary_of(tmp_path)
    wins, n = known.rate()
    assert (found.success, found.ci95) == (wins / n, wilson(wins, n))
    assert list(found.by_object) == sorted(OBJECTS)
    for name, rate in found.by_object.items():
        assert (rate.wins, rate.n) == known.rate(object=name)
    assert [(row.lo, row.hi) for row in found.by_speed] == sorted(BINS)
    for row in found.by_speed:
        wins, n = known.rate(bin=[row.lo, row.hi])
        assert (row.n, row.success, row.ci95) == (n, wins / n, wilson(wins, n))
    assert sum(row.n for row in found.by_speed) == sum(rate.n for rate in found.by_object.values())


def test_intervals_are_wilsons() -> None:
    """Against the closed form, and against the scipy test that the interval inverts."""
    z = float(norm.ppf(0.975))
    for n in (1, 2, 7, 50, 1963):
        for wins in {0, 1, n // 2, n - 1, n}:
            rate = Rate.of(wins, n)
            middle = (wins + z * z / 2) / (n + z * z)
            half = z / (n + z * z) * np.sqrt(wins * (n - wins) / n + z * z / 4)
            assert rate.ci95 == pytest.approx((max(middle - half, 0), min(middle + half, 1)), abs=1e-12)
            low, high = binomtest(wins, n).proportion_ci(0.95, "wilson")
            assert rate.ci95 == pytest.approx((low, high))
            assert rate.ci95[0] <= rate.success <= rate.ci95[1]
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_killed_attempt_is_begun_and_has_no_verdict(tmp_path: Path) -> None:
    known = made(tmp_path, 1)
    writer, before = Writer(tmp_path), summary_of(tmp_path)
    writer.run(4, wanted=100)
    writer.say("attempt", attempt=61, task="pick", object="egg", bin=[0, 0])
    after = summary_of(tmp_path)
    assert after.attempted == before.attempted + 1 == len(known.attempts) + 1
    assert (after.success, after.by_object, after.wanted) == (before.success, before.by_object, 100)


def test_faults_that_no_deed_was_for_leave_no_trace_on_others(tmp_path: Path) -> None:
    """A fault that went by itself is not taken for recovered when its like is, and a call is its own fault's."""
    writer = Writer(tmp_path)
    writer.run(1, wanted=1)
    for name, ending in (("hot", "by itself"), ("freeze", "by itself"), ("hot", "recovered"), ("reflex", "stopped")):
        writer.fault(name, ending)
    writer.run(2, wanted=1)
    writer.say("deed", name="freeze", device="opst_cam", deed="restart", ok=True, seconds=1.0)
    assert summary_of(tmp_path).faults == {
        "freeze": FaultCount(1, 0, 0), "hot": FaultCount(2, 1, 0), "reflex": FaultCount(1, 0, 1),
    }  # fmt: skip


def test_an_empty_session_has_a_summary(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").touch()
    found = summary_of(tmp_path)
    assert (found.wanted, found.episodes, found.attempted, found.human_calls) == (None, 0, 0, 0)
    assert found.ci95 == (0.0, 1.0)
    document = json.dumps(plain(found), allow_nan=False)
    assert json.loads(document)["success"] is None


def test_what_is_no_session_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="is no session; name a folder that dynacollect collect has written"):
        summary_of(tmp_path)
