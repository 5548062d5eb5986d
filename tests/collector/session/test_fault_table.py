"""The table covers everything that can be seen, and every row can come to an end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dynacollect import rig
from dynacollect.collector.session.fault_table import ALL, BY_NAME, LONGEST_S, Device, pause_of, rule_of
from dynacollect.rig.cell.faults import KINDS, STAGE

DEVICES: dict[str, Device] = {"camera": "camera", "light": "camera", "arm": "arm", "gripper": "gripper"}


@pytest.mark.parametrize("kind", [*KINDS, *STAGE], ids=lambda kind: f"{kind.device}.{kind.name}")
def test_every_fault_of_the_cell_has_a_row(kind: object) -> None:
    device = DEVICES.get(getattr(kind, "device"), "object")  # noqa: B009
    assert (device, getattr(kind, "seen_as")) in BY_NAME  # noqa: B009


def test_every_fault_that_a_driver_names_has_a_row() -> None:
    folder = Path(rig.__file__).parent
    named = {
        name
        for path in folder.rglob("*.py")
        if "cell" not in path.parts
        for name in re.findall(r'\bFault\(\s*"(\w+)"', path.read_text())
    }
    rows = {name for _, name in BY_NAME}
    assert {"mode_lost", "estop"} < named
    assert named <= rows


def test_rows_are_distinct_and_bounded() -> None:
    assert len(BY_NAME) == len(ALL)
    for rule in ALL:
        assert 0 <= rule.tries <= 10
        assert (rule.deed == "none") == (rule.tries == 0)
        assert all(0 < pause_of(rule, number) <= LONGEST_S for number in range(rule.tries))
        assert rule.remedy or rule.name == "killed"


def test_tries_back_off() -> None:
    for rule in ALL:
        pauses = [pause_of(rule, number) for number in range(rule.tries)]
        assert pauses == sorted(pauses)


def test_what_nobody_foresaw_is_tried_and_then_a_persons() -> None:
    rule = rule_of("arm", "spontaneous_combustion")
    assert rule.tries > 0
    assert rule.ends
