"""The stage of a real rig: what people are asked, what commands are told, and that nobody is asked twice."""

from __future__ import annotations

import json
import os
import pty
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest

from dynacollect.rig.asking import Terminal
from dynacollect.rig.attended_stage import AttendedStage
from dynacollect.rig.config import load_rig
from dynacollect.rig.config_stage import StageConfig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.rig import Rig, open_rig
from dynacollect.rig.stage import Panel, Request


class Heard:
    """A person who does everything at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.told: list[str] = []

    def ask(self, sentence: str) -> None:
        self.asked.append(sentence)

    def tell(self, sentence: str) -> None:
        self.told.append(sentence)

    def answered(self) -> bool:
        return bool(self.told)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with open_rig(load_rig("cell")) as opened:
        yield opened


def stage_on(rig: Rig, config: StageConfig | None = None) -> tuple[AttendedStage, Heard]:
    heard = Heard()
    return AttendedStage(config or StageConfig(), rig.arm, rig.clock, heard, ("apple", "can", "mug")), heard


def test_what_lies_there_still_is_not_asked_for_again(rig: Rig) -> None:
    stage, heard = stage_on(rig)
    apple = Request(target="apple", speed=0.3, side="left")
    assert stage.prepare(1, apple).targets == ("apple",)
    stage.launch()
    stage.prepare(2, apple)
    assert len(heard.asked) == 1
    # It was not found, so that it was not launched: somebody has to look.
    stage.prepare(2, apple)
    assert len(heard.asked) == 2
    stage.launch()
    stage.prepare(3, Request(target="can"))
    stage.clear()
    stage.prepare(4, Request(target="can"))
    assert [one.split(",")[0] for one in heard.asked] == [
        "Put on the table apple", "Put on the table apple", "Put on the table can", "Clear the table",
        "Put on the table can",
    ]  # fmt: skip
    assert all("Push the apple now" in one for one in heard.told)


def test_several_are_named(rig: Rig) -> None:
    stage, heard = stage_on(rig)
    assert stage.prepare(1, Request(target="mug", several=3, container="tray")).targets == ("mug", "apple", "can")
    assert "mug, apple, can, tray" in heard.asked[0]
    with pytest.raises(DynacollectError, match="needs 4 objects and 3 are named"):
        stage.prepare(1, Request(target="mug", several=4))


def test_a_rival_is_laid_and_pushed_as_well(rig: Rig) -> None:
    stage, heard = stage_on(rig)
    staged = stage.prepare(1, Request(target="apple", distractors=("can",), speed=0.4, rival=0.2))
    stage.launch()
    assert staged.distractors == ("apple", "can")
    assert heard.asked[0].startswith("Put on the table apple, apple, can")
    assert "0.40 m/s, and the other one beside it at 0.20 m/s" in heard.told[0]


def test_commands_do_it_in_place_of_people(rig: Rig, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    script = tmp_path / "lab.py"
    script.write_text(f"import sys; open({str(log)!r}, 'a').write(sys.stdin.read() + chr(10))")
    command = (sys.executable, str(script))
    stage, heard = stage_on(rig, StageConfig(lay=command, launch=command))
    assert stage.prepare(1, Request(target="apple", speed=0.3, heading=0.0, side="right")).launcher == "push"
    stage.launch()
    stage.clear()
    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert [one["do"] for one in told] == ["lay", "launch", "clear"]
    assert told[0]["targets"] == ["apple"]
    assert (told[1]["speed"], told[1]["heading_deg"], told[1]["side"]) == (0.3, 0.0, "right")
    assert not heard.asked


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("/nowhere/launch",), "cannot be started"),
        ((sys.executable, "-c", "raise SystemExit('belt is off')"), r"failed \(belt is off\)"),
        ((sys.executable, "-c", "import time; time.sleep(30)"), "took more than 0.5 s"),
    ],
)
def test_a_command_that_fails_is_named(rig: Rig, command: tuple[str, ...], sentence: str) -> None:
    stage, _ = stage_on(rig, StageConfig(launch=command, timeout_s=0.5))
    stage.prepare(1, Request(target="apple", speed=0.3))
    with pytest.raises(DynacollectError, match=sentence):
        stage.launch()


@pytest.mark.slow
def test_a_board_is_clamped_and_let_go(rig: Rig) -> None:
    stage, heard = stage_on(rig)
    panel = Panel(np.full((30, 40), 255, np.uint8), 0.2, 0.15)
    box = stage.present(held=panel)
    assert box is not None
    hung = rig.arm.model.T_flange_tool.apply([0.1, 0.0, 0.17])
    inside = box.T_flange_box.inv().apply(hung)
    assert all(abs(inside) <= box.half)
    assert rig.feel().gripper_width < 0.005
    stage.present()
    assert rig.feel().gripper_width > 0.07
    assert [one.split()[0] for one in heard.asked] == ["Hold", "Hold", "Clear"]


@pytest.fixture
def terminal() -> Iterator[tuple[TextIO, int]]:
    """A terminal's far end as a file, and where somebody types."""
    types, reads = pty.openpty()
    with os.fdopen(reads, "r") as file:
        yield file, types
    os.close(types)


def test_a_person_at_a_terminal(terminal: tuple[TextIO, int]) -> None:
    read, types = terminal
    said, wishes = StringIO(), [""]
    person = Terminal(lambda: wishes[0], read, said)
    assert not person.answered()
    os.write(types, b"\n")
    assert person.answered()
    assert not person.answered()
    wishes[0] = "stopped by Ctrl-C"
    with pytest.raises(DynacollectError, match="stopped by Ctrl-C while"):
        person.ask("Clear the table")
    assert "Clear the table. Then press Enter." in said.getvalue()


def test_nobody_at_a_terminal(tmp_path: Path) -> None:
    with (tmp_path / "none").open("w+") as file:
        person = Terminal(None, file, StringIO())
        assert not person.answered()
        with pytest.raises(DynacollectError, match=r"there is no terminal: Clear the table; .* under stage:"):
            person.ask("Clear the table")
