"""Commands one after another: what they print is kept where it shall be, and only once it is whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dynacollect.collector.walk import Leg, walk
from dynacollect.rig.errors import DynacollectError


@pytest.mark.slow
def test_what_a_command_prints_is_kept_once_it_has_ended_well(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    leg = Leg("faults", ("rig", "faults", "--json"), done=good, into=good)
    assert leg.line == f"dynacollect rig faults --json > {good}"
    assert list(walk([leg], quiet=True)) == ["faults"]
    assert json.loads(good.read_text())
    assert walk([leg], quiet=True) == {}
    with pytest.raises(DynacollectError, match="ended with exit code 2"):
        walk([Leg("nothing", ("rig", "show", "--rig", "nowhere", "--json"), done=bad, into=bad)], quiet=True)
    assert not bad.exists()
