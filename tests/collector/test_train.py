"""`dynacollect train` as a user types it, with the process that trains."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from dynacollect.collector import cli
from dynacollect.rig.clock import HostClock

from ..datasets.made_sessions import Course, make_session
from ..training.finetune.made_sets import rows_of, write_set
from ..training.finetune.trained import cut_back, weights

QUICK = ("--preset", "tiny", "--cameras", "opst_cam", "--batch", "2", "--workers", "0", "--device", "cpu")


def train(*words: object) -> Result:
    return CliRunner().invoke(cli.app, ["train", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", rows_of((9, 12)))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "there is nothing to train on"),
        (("nowhere",), "there is no folder nowhere"),
        (("SET", "--resume"), "--resume goes on with what is in --out"),
        (("SET", "--mix", "other"), "--mix other has no NAME=VALUE"),
        (("SET", "--mix", "other=3"), "--mix other=3 gives no share"),
        (("SET", "--mix", "a=0.5", "--mix", "b=0.5"), "leave nothing for SOURCE"),
        (("SET", "--set", "chunk_size"), "--set chunk_size has no NAME=VALUE"),
        (("SET",), "there is nothing to begin with"),
        (("SET", "--cameras", "top_cam"), "the data has no camera top_cam"),
        (("SET", "--from", "nowhere"), "there is no folder nowhere; name one with a checkpoint"),
        (("SET", "--preset", "tiny", "--train", "lora"), "adapts a trained policy"),
        (("SET", "--validate", "1"), "Invalid value for '--validate'"),
        (("--selftest", "parity"), "name both, with --weights and --inputs"),
    ],
)
def test_wrong_input_is_one_sentence(folder: Path, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    given = [str(folder) if word == "SET" else word for word in words]
    done = train(*given, "--out", tmp_path / "run", "--json")
    assert done.exit_code == 2, done.output
    assert said in json.loads(done.stdout)["error"]
    assert not (tmp_path / "run/train.json").exists()


def test_nothing_is_overwritten(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    there = train(folder, "--out", tmp_path)
    assert there.exit_code == 2 and "holds other things" in there.stderr
    given = ("--weights", "a", "--inputs", "b")
    there = train("--selftest", "parity", *given, "--out", tmp_path / "notes")
    assert there.exit_code == 2 and "exists already" in there.stderr
    assert (tmp_path / "notes").read_text() == "mine"


@contextmanager
def ctrl_c_at_the_first_step(out: Path) -> Iterator[None]:
    """From a thread, as soon as the record has a step of training."""
    clock, end = HostClock(), threading.Event()

    def press() -> None:
        record = out / "progress.jsonl"
        while not end.is_set():
            clock.wait_until(clock.now() + 0.05)
            if record.is_file() and '"train"' in record.read_text():
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


@pytest.mark.slow
def test_ctrl_c_saves_and_the_same_line_goes_on(tmp_path: Path) -> None:
    """A session becomes a set; stopped after a few steps, and gone on, the weights are those of one go from there."""
    session, out = make_session(tmp_path / "monday", Course(0, 14), Course(1, 16)), tmp_path / "run"
    line = (session, "--out", out, *QUICK, "--steps", 16, "--save-every", 16, "--validate", 0)
    with ctrl_c_at_the_first_step(out):
        stopped = train(*line, "--json")
    said = json.loads(stopped.stdout)
    assert stopped.exit_code == 130, stopped.output
    assert not said["finished"] and 0 < said["steps"] < 16
    assert said["checkpoint"] == str(out / f"checkpoints/{said['steps']:06d}/pretrained_model")
    assert (out / "checkpoints/last").resolve().name == f"{said['steps']:06d}"
    done = train("--out", out, "--resume")
    assert done.exit_code == 0, done.output
    assert f"{out}: 16 steps." in done.stdout and "The policy is in" in done.stdout
    assert {path.name for path in out.iterdir()} >= {
        "train.json", "progress.jsonl", "coverage.json", "summary.json", "set", "checkpoints",
    }  # fmt: skip
    files = {path: path.stat().st_mtime_ns for path in (out / "checkpoints").rglob("*")}
    again = json.loads(train(*line, "--json").stdout)
    assert again["finished"] and {path: path.stat().st_mtime_ns for path in files} == files
    assert (again["data"], again["policy"]) == ({"episodes": 2, "frames": 30}, "dynamicvla")


@pytest.mark.long
def test_two_processes_go_on_bit_by_bit(tmp_path: Path) -> None:
    session, out = make_session(tmp_path / "monday", Course(0, 14), Course(1, 16)), tmp_path / "run"
    line = (session, "--out", out, *QUICK, "--steps", 20, "--save-every", 10, "--validate", 0.5, "--processes", 2)
    first = train(*line)
    assert first.exit_code == 0, first.output
    whole = weights(out / "checkpoints/000020")
    cut_back(out, 10)
    assert train(*line).exit_code == 0
    assert all((value == whole[key]).all() for key, value in weights(out / "checkpoints/000020").items())


@pytest.mark.long
def test_one_batch_is_learnt_by_heart(tmp_path: Path) -> None:
    session = make_session(tmp_path / "monday", Course(0, 14))
    line = (session, *QUICK, "--overfit-one-batch", "--json")
    done = train(*line, "--steps", 400, "--out", tmp_path / "enough")
    said = json.loads(done.stdout)
    assert done.exit_code == 0, done.output
    assert said["loss"]["last"] < 0.05 * said["loss"]["first"] and said["steps"] < 400
    short = train(*line, "--steps", 3, "--out", tmp_path / "short")
    assert short.exit_code == 1 and not json.loads(short.stdout)["finished"]
