"""`dynacollect replay`, and `evaluate` of a policy, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
import yaml
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.collector.session.journal import read_journal
from dynacollect.datasets.raw.reader import episodes_in
from dynacollect.training.rollout.trained_on import TrainedOn

from ..training.dynamicvla import tiny_policy

CAMERA = {"driver": "cell", "width": 64, "height": 64, "fps": 25, "exposure_s": 0.004}


def run(*words: object) -> Result:
    return CliRunner().invoke(cli.app, [*map(str, words)], prog_name="dynacollect")


@pytest.fixture(scope="module")
def policy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that has learnt nothing, and asks for poses near where the tool is."""
    folder, made = tmp_path_factory.mktemp("policy"), tiny_policy.policy()
    made.take_statistics({"action": {"mean": torch.zeros(7), "std": torch.full((7,), 0.02)}})
    made.save_pretrained(folder)
    TrainedOn(robot="franka-panda", size=(48, 36)).write(folder)
    return folder


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small pictures, quickly drawn."""
    path = tmp_path_factory.mktemp("rig") / "rig.yaml"
    cameras = {
        "opst_cam": {**CAMERA, "serial": "CELL-OPST", "mount": "fixed"},
        "wrist_cam": {**CAMERA, "serial": "CELL-WRIST", "mount": "wrist"},
    }
    episodes = {"shadows": False, "distractors": [0, 0], "room": 1}
    path.write_text(
        yaml.safe_dump(
            {
                "schema": 1, "name": "small", "arm": {"driver": "cell", "model": "franka-panda"}, "cameras": cameras,
                "cell": {"episodes": episodes},
            }
        )
    )  # fmt: skip
    return path


@pytest.mark.slow
def test_attempts_are_recorded_judged_and_counted(policy: Path, rig: Path, tmp_path: Path) -> None:
    out = tmp_path / "session"
    line = (
        "replay", policy, "--rig", rig, "--state", "truth", "--objects", "can", "--top-speed", "0", "--out", out,
        "--latency", "200ms", "--json",
    )  # fmt: skip
    said = json.loads(run(*line, "--episodes", "1").stdout)
    assert (said["attempted"], said["episodes"]) == (1, 0)
    (episode,) = episodes_in(out)
    assert episode.record.verdict.success is False
    assert set(episode.record.videos) == {"opst_cam", "wrist_cam"}
    (verdict,) = (row for row in read_journal(out) if row["event"] == "verdict")
    executed = verdict["executor"]
    assert executed["latency_ms"] == pytest.approx(200)
    assert 0 < executed["starved"] < executed["steps"]
    before = episode.folder.stat().st_mtime_ns
    assert json.loads(run(*line, "--episodes", "1").stdout)["attempted"] == 1
    assert episode.folder.stat().st_mtime_ns == before
    other = run(*line, "--episodes", "2", "--executor", "blocking")
    assert other.exit_code == 2 and "was begun with policy" in json.loads(other.stdout)["error"]


@pytest.mark.long
def test_in_shadow_the_arm_stays(policy: Path, rig: Path, tmp_path: Path) -> None:
    words = ("--state", "truth", "--objects", "can", "--top-speed", "0", "--episodes", "1", "--shadow", "--json")
    run("replay", policy, "--rig", rig, "--out", tmp_path / "session", *words)
    (episode,) = episodes_in(tmp_path / "session")
    tool = episode.signals().tool
    assert abs(tool[:, :3] - tool[0, :3]).max() < 1e-3


@pytest.mark.slow
def test_an_evaluation_of_a_policy_pairs_with_one_of_the_expert(policy: Path, rig: Path) -> None:
    line = ("evaluate", "--rig", rig, "--episodes", "1", "--seed", "2", "--json")
    mine = json.loads(run(*line, "--controller", f"policy:{policy}", "--latency", "120ms").stdout)
    its = json.loads(run(*line).stdout)
    for key in ("seed", "bin", "speed", "launcher", "target"):
        assert [row[key] for row in mine["results"]] == [row[key] for row in its["results"]]
    assert mine["strategy"] == "laas"
    assert mine["executor"]["latency_ms"] == pytest.approx(120)
    assert its["executor"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("replay", "nowhere", "--out", "OUT"), "there is no folder nowhere"),
        (("replay", "POLICY", "--out", "OUT", "--latency", "soon"), "neither a latency nor a file"),
        (("replay", "POLICY", "--out", "OUT", "--realtime", "--latency", "80ms"), "where time is real"),
        (("replay", "POLICY", "--out", "OUT", "--server", "here:1"), "add --realtime"),
        (("replay", "POLICY", "--out", "OUT", "--device", "cuda"), "no GPU that torch can use"),
        (("evaluate", "--controller", "nobody"), "there is no controller 'nobody'"),
        (("evaluate", "--controller", "policy:nowhere"), "there is no folder nowhere"),
        (("evaluate", "--controller", "policy:POLICY", "--state", "vision"), "needs no tracker"),
        (("evaluate", "--latency", "80ms"), "are for chunks"),
    ],
)
def test_wrong_input_is_one_sentence(policy: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    out = tmp_path / "session"
    given = [str(out) if word == "OUT" else word.replace("POLICY", str(policy)) for word in words]
    done = run(*given, "--json")
    assert done.exit_code == 2, done.output
    assert said in json.loads(done.stdout)["error"]
    assert not out.exists()


def test_cameras_that_the_rig_has_not_are_named(policy: Path, tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    camera = {**CAMERA, "serial": "CELL-OPST", "mount": "fixed"}
    arm = {"driver": "cell", "model": "franka-panda"}
    path.write_text(yaml.safe_dump({"schema": 1, "name": "one-eyed", "arm": arm, "cameras": {"top": camera}}))
    done = run("evaluate", "--controller", f"policy:{policy}", "--rig", path, "--json")
    assert done.exit_code == 2
    assert "looks through opst_cam, wrist_cam, and one-eyed has top" in json.loads(done.stdout)["error"]
