"""LeRobot's own command trains the policy, as its users type it; and it goes on where a checkpoint was, to the bit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .trained import made_set, undisturbed, weights

pytestmark = pytest.mark.slow

OURS = "--policy.discover_packages_path=dynacollect.training.dynamicvla"


def words(data: Path, out: Path, **more: object) -> list[str]:
    options = {
        "policy.type": "dynamicvla", "policy.preset": "tiny", "policy.device": "cpu", "policy.push_to_hub": "false",
        "dataset.repo_id": "made/up", "dataset.root": data, "steps": 20, "save_freq": 10, "batch_size": 1,
        "num_workers": 0, "output_dir": out, **more,
    }  # fmt: skip
    return [OURS, *(f"--{key}={value}" for key, value in options.items())]


def lerobot_train(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """In this process, whose start would take longer than the training."""
    from lerobot.scripts import lerobot_train as command

    monkeypatch.setattr(sys, "argv", ["lerobot-train", *words])
    with undisturbed():
        command.main()


def test_it_trains_and_goes_on_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the first epoch; in later ones LeRobot 0.6.1 goes on in the order of the first (huggingface/lerobot#4692).

    A number that never changes blows nothing up.
    """
    data, out = made_set(tmp_path, 0, 1), tmp_path / "run"
    lerobot_train(monkeypatch, *words(data, out))
    whole = weights(out / "checkpoints/000020")
    assert all(value.isfinite().all() and value.abs().max() < 100 for value in whole.values())
    shutil.rmtree(out / "checkpoints/000020")
    config = out / "checkpoints/000010/pretrained_model/train_config.json"
    lerobot_train(monkeypatch, OURS, "--resume=true", f"--config_path={config}")
    again = weights(out / "checkpoints/000020")
    assert all((again[key] == value).all() for key, value in whole.items())


@pytest.mark.long
def test_two_processes_train_and_go_on(tmp_path: Path) -> None:
    """Started by accelerate, on the CPU."""
    data, out = made_set(tmp_path, 0, 1, 2), tmp_path / "run"
    command = [
        sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
        "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "0",
        "-m", "lerobot.scripts.lerobot_train",
    ]  # fmt: skip
    config = out / "checkpoints/000010/pretrained_model/train_config.json"
    saved = []
    for given in (words(data, out), [OURS, "--resume=true", f"--config_path={config}"]):
        done = subprocess.run(
            [*command, *given], capture_output=True, text=True, timeout=600, check=False,
            env={**os.environ, "ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        assert "Effective batch size: 1 x 2 = 2" in done.stderr
        saved.append(weights(out / "checkpoints/000020"))
        shutil.rmtree(out / "checkpoints/000020")
    assert all((saved[0][key] == value).all() for key, value in saved[1].items())
