"""`bench tracking`: figures that follow from each other, of ticks in which the objects really were followed."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from dynacollect.collector import cli


@pytest.mark.long
@pytest.mark.slow
def test_the_command_tells_what_a_tick_costs() -> None:
    done = CliRunner().invoke(cli.app, ["bench", "tracking", "--ticks", "10", "--objects", "2", "--json"])
    assert done.exit_code == 0, done.output
    figures = json.loads(done.output)
    assert figures["size"] == [480, 360] and figures["ticks"] == 10
    several = figures["several"]
    assert several["objects"] == 2
    for cost in (figures, several):
        assert cost["followed"] > 0.8
        assert 0 < cost["tick_ms"]["median"] <= cost["tick_ms"]["p95"]
        assert {"background", "segment", "pose", "search"} <= cost["stage_ms"].keys()
