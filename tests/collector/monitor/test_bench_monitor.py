"""The bench runs the real thing: a terminal takes the view, a browser gets its answers, ticks are paced."""

from __future__ import annotations

import pytest

from dynacollect.collector.benches.monitor import bench_monitor


@pytest.mark.slow
def test_it_measures_with_viewers_that_really_look() -> None:
    cost = bench_monitor(seconds=1.2, rounds=1)
    assert [part.watched for part in cost.parts] == [False, True]
    assert cost.ticks == 30
    assert cost.drawn_bytes > 50_000 and cost.answers >= 1
    assert 0.0 < cost.off_median_ms <= cost.off_p99_ms
    assert cost.median_change == cost.parts[1].median_ms / cost.parts[0].median_ms - 1.0
