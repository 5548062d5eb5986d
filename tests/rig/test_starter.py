"""The starter file loads as it stands, for every arm, and overwrites nothing."""

from pathlib import Path
from typing import get_args

import pytest

from dynacollect.rig.config import load_rig
from dynacollect.rig.config_cell import Cell, CellEpisodes
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.starter import BUILT_IN, STAND_INS, Robot, starter_text, write_starter


@pytest.mark.parametrize("robot", get_args(Robot))
def test_the_starter_loads_without_change(robot: Robot, tmp_path: Path) -> None:
    write_starter(tmp_path / "rig.yaml", robot)
    rig = load_rig(tmp_path / "rig.yaml")
    assert rig.arm.model == robot
    assert list(rig.cameras) == ["opst_cam", "side_cam", "wrist_cam"]


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_rigs_are_the_starter_by_another_name(name: str, tmp_path: Path) -> None:
    write_starter(tmp_path / "rig.yaml", BUILT_IN[name])
    path = tmp_path / "rig.yaml"
    path.write_text(path.read_text().replace("driver: cell ", f"driver: {STAND_INS.get(name, 'cell')} ", 1))
    assert load_rig(name).resolved() == load_rig(path).resolved() | {"name": name}


def test_the_values_shown_are_the_defaults() -> None:
    assert load_rig("cell").cell == Cell()


def test_every_episode_knob_is_shown() -> None:
    shown = starter_text("franka-panda").split("episodes:")[1]
    assert [name for name in CellEpisodes.model_fields if f"    {name}: " not in shown] == []


def test_a_file_that_exists_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text("mine")
    with pytest.raises(DynacollectError, match="exists and is left as it is"):
        write_starter(path, "piper")
    assert path.read_text() == "mine"


def test_a_folder_or_a_missing_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="is a folder; name the file to write"):
        write_starter(tmp_path, "piper")
    with pytest.raises(DynacollectError, match="cannot be written"):
        write_starter(tmp_path / "no" / "rig.yaml", "piper")
