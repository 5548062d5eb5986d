"""Delays put into the cell are measured by the rig itself, without boards and without a calibration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.collector.timing.grips import grip_delays
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.rig import open_rig


def rig_with(folder: Path, name: str, latencies: tuple[float, ...], command: float, gripper: float) -> Path:
    data = load_rig(name).resolved()
    for camera, latency in zip(data["cameras"].values(), latencies, strict=False):
        camera["sensor"] |= {"latency_s": latency, "clock_drift_ppm": 150.0, "clock_offset_s": 12.0}
    data["cell"]["arm"] = {"command_delay_s": command, "gripper_delay_s": gripper}
    path = folder / "rig.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize(("latencies", "command", "gripper"), [((0.02, 0.06, 0.12), 0.05, 0.31)])
def test_injected_delays_are_found(
    tmp_path: Path, latencies: tuple[float, ...], command: float, gripper: float
) -> None:
    path = rig_with(tmp_path, "cell", latencies, command, gripper)
    ran = CliRunner().invoke(cli.app, ["calibrate", "timing", "--rig", str(path), "--seed", "2", "--json"])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout)
    for camera, latency in zip(said["cameras"].values(), latencies, strict=True):
        assert camera["delay_s"] == pytest.approx(latency, abs=0.003)
        assert camera["lag"]["seconds"] == pytest.approx(latency - 0.03, abs=0.003)
        assert abs(camera["drift_ppm"] - 150.0) < 4 * camera["drift_std_ppm"]
    # The servo itself takes 3 ms.
    assert said["command"]["seconds"] == pytest.approx(command + 0.003, abs=0.002)
    assert said["gripper"]["delay_s"] == pytest.approx(gripper, abs=0.003)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cell", "cell-piper"])
def test_fingers(tmp_path: Path, name: str) -> None:
    with open_rig(load_rig(rig_with(tmp_path, name, (), 0.02, 0.31))) as rig:
        assert np.median(grip_delays(rig)) == pytest.approx(0.31, abs=0.003)


@pytest.mark.slow
def test_fingers_that_do_not_move() -> None:
    with (
        open_rig(load_rig("cell"), faults=("gripper.jammed@0+600",)) as rig,
        pytest.raises(DynacollectError, match="do not move as told"),
    ):
        grip_delays(rig)


@pytest.mark.parametrize("words", [[], ["somewhere", "--rig", "cell"]])
def test_a_rig_or_a_folder(words: list[str]) -> None:
    ran = CliRunner().invoke(cli.app, ["calibrate", "timing", *words])
    assert ran.exit_code == 2
    assert "name either a rig with --rig, or the folder of a capture" in ran.output
