"""Latencies as stated, and the quantile of measured ones."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from dynacollect.controllers.streaming.delay import Delay
from dynacollect.controllers.streaming.latency import parse_latency
from dynacollect.rig.errors import DynacollectError


def drawn(text: str, count: int, seed: int = 1) -> np.ndarray:
    return np.array(list(islice(parse_latency(text).draws(seed), count)))


def test_each_kind_draws_what_it_says() -> None:
    assert set(drawn("226ms", 5)) == {0.226} == set(drawn("0.226s", 5))
    normal, uniform = drawn("normal:226,30ms", 4000), drawn("uniform:0.1,0.3s", 4000)
    assert normal.mean() == pytest.approx(0.226, abs=0.002) and normal.std() == pytest.approx(0.03, rel=0.05)
    assert uniform.min() >= 0.1 and uniform.max() <= 0.3 and uniform.mean() == pytest.approx(0.2, abs=0.003)
    assert drawn("normal:1,50ms", 1000).min() == 0.0, "none is negative"


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    assert np.array_equal(drawn("normal:226,30ms", 50), drawn("normal:226,30ms", 50))
    assert not np.array_equal(drawn("normal:226,30ms", 50), drawn("normal:226,30ms", 50, seed=2))


def test_a_trace_goes_round_from_somewhere(tmp_path: Path) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text("100\n200.5\n\n300\n")
    values = (1e3 * drawn(str(trace), 30)).round(6)
    assert set(values) == {100.0, 200.5, 300.0}
    assert np.array_equal(values[3:], values[:-3])
    assert len({drawn(str(trace), 1, seed)[0] for seed in range(20)}) == 3


@pytest.mark.parametrize("text", ["226", "fast", "normal:226ms", "-5ms", "999s", "uniform:1,2", "", "nanms"])
def test_what_is_no_latency_is_refused(text: str) -> None:
    with pytest.raises(DynacollectError, match="--latency"):
        parse_latency(text)


@pytest.mark.parametrize("held", ["", "a\n", "12 b", "-4", "nan", "inf"])
def test_a_trace_of_anything_else_is_refused(tmp_path: Path, held: str) -> None:
    trace = tmp_path / "trace.txt"
    trace.write_text(held)
    with pytest.raises(DynacollectError, match="--latency"):
        parse_latency(str(trace))


def test_the_delay_forgets_an_outlier() -> None:
    delay = Delay(quantile=0.9, keep=10)
    assert delay.value == 0.0
    delay.add(5.0)
    assert delay.value == 5.0
    for _ in range(9):
        delay.add(0.2)
    assert delay.value in (0.2, 5.0)
    for _ in range(3):
        delay.add(0.2)
    assert delay.value == 0.2
