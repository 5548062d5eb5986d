"""Which sources are taken, and how others are refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.finetune.fitting import refuse_other_features, refuse_what_does_not_fit
from dynacollect.training.finetune.rows import Rows, read_rows
from dynacollect.training.finetune.settings import Plan, Settings, differences, read_plan
from dynacollect.training.finetune.sources import data_of, read_set

from ...datasets.made_sessions import Course, make_session
from .made_sets import rows_of, write_set


def refuse(folder: Path, settings: Settings, start: Path | None = None) -> None:
    """What is said about this folder's data and these settings."""
    data = read_set(str(folder))
    refuse_what_does_not_fit(Plan(settings, str(folder), start=start and str(start)), data, read_rows(folder))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_set(tmp_path / "set", rows_of((9, 12)))


def checkpoint(folder: Path, **config: object) -> Path:
    """Published layout, as far as it is looked at."""
    from safetensors.numpy import save_file

    folder.mkdir()
    features = {
        "observation.images.opst_cam": {"type": "VISUAL", "shape": [3, 360, 480]},
        "observation.state": {"type": "STATE", "shape": [6]},
    }
    said = {
        "type": "dynamicvla", "input_features": features,
        "output_features": {"action": {"type": "ACTION", "shape": [7]}}, **config,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(said))
    own = "normalize_inputs.buffer_observation_state."
    numbers = {own + "mean": np.zeros(6, np.float32), own + "std": np.ones(6, np.float32)}
    save_file(numbers, folder / "model.safetensors")
    return folder


def test_a_fitting_set_is_taken(folder: Path, tmp_path: Path) -> None:
    refuse(folder, Settings((str(folder),), preset="tiny"))
    refuse(folder, Settings((str(folder),)), checkpoint(tmp_path / "old"))


@pytest.mark.parametrize(
    ("info", "said"),
    [
        ({"codebase_version": "v2.1"}, "has LeRobot's layout v2.1 and the trainer reads v3.0; build it again"),
        ({"total_episodes": 0}, "has no episodes"),
        ({"features": {}}, "has no 'observation.state'"),
    ],
)
def test_other_sets_are_refused(tmp_path: Path, info: dict[str, Any], said: str) -> None:
    write_set(tmp_path / "set", rows_of((9,)), **info)
    with pytest.raises(DynacollectError, match=said):
        read_set(str(tmp_path / "set"))


def test_what_is_no_source_is_refused(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DynacollectError, match="neither a session nor a LeRobot data set"):
        read_set(str(tmp_path))
    with pytest.raises(DynacollectError, match="there is no folder monday"):
        read_set("monday")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(DynacollectError, match="the Hub did not give a data set of that name"):
        read_set("nobody/has-this-set")
    with pytest.raises(DynacollectError, match="several sources must all be sessions"):
        data_of((str(folder), str(folder)), tmp_path / "out")
    with pytest.raises(DynacollectError, match="cannot be read"):
        (folder / "data/chunk-000/file-000.parquet").write_bytes(b"cut off")
        read_rows(folder)


@pytest.mark.slow
def test_a_session_becomes_a_set(tmp_path: Path) -> None:
    good = make_session(tmp_path / "good", Course(0, 12), Course(1, 12, success=False))
    found = data_of((str(good),), tmp_path / "out")
    assert (found.root, found.episodes, found.frames) == (tmp_path / "out", 1, 12)
    assert found.action_kind() == "absolute"
    bad = make_session(tmp_path / "bad", Course(1, 12, success=False))
    with pytest.raises(DynacollectError, match="no episode to learn from: there are 1 that did not succeed"):
        data_of((str(bad),), tmp_path / "other")


@pytest.mark.parametrize("width", [7, 8])
def test_quaternions_are_refused(tmp_path: Path, width: int) -> None:
    rows = rows_of((9, 12), state=width, action=width)
    rows.state[:, 3:7] /= np.linalg.norm(rows.state[:, 3:7], axis=1, keepdims=True)
    folder = write_set(tmp_path / "set", rows)
    with pytest.raises(DynacollectError, match=r"'observation.state' of .* holds a quaternion"):
        refuse(folder, Settings((str(folder),)))
    refuse(folder, Settings((str(folder),), policy="act"))


@pytest.mark.parametrize(
    ("config", "settings", "said"),
    [
        ({"type": "act"}, {}, "holds a policy of type 'act'; say --policy act"),
        ({}, {"preset": "tiny"}, "leave --preset out"),
        ({}, {"cameras": ("opst_cam",)}, "a checkpoint has its own"),
        (
            {"input_features": {"observation.images.top": {"type": "VISUAL", "shape": [3, 4, 4]}}}, {},
            "looks through top and the data has opst_cam, wrist_cam; say which is which, with --rename opst_cam=top",
        ),
        (
            {"output_features": {"action": {"type": "ACTION", "shape": [8]}}}, {},
            "has 8 values in 'action' and the data has 7",
        ),
        (
            {"input_features": {"observation.state": {"type": "STATE", "shape": [8]}}}, {},
            "has 8 values in 'observation.state' and the data has 6",
        ),
    ],
)  # fmt: skip
def test_a_checkpoint_that_does_not_fit_is_refused(
    folder: Path, tmp_path: Path, config: dict[str, object], settings: dict[str, object], said: str
) -> None:
    with pytest.raises(DynacollectError, match=said):
        refuse(folder, Settings((str(folder),), **settings), checkpoint(tmp_path / "old", **config))  # type: ignore[arg-type]


def test_a_renamed_camera_is_there(folder: Path, tmp_path: Path) -> None:
    old = checkpoint(
        tmp_path / "old", input_features={"observation.images.top": {"type": "VISUAL", "shape": [3, 4, 4]}}
    )
    names = (("observation.images.opst_cam", "observation.images.top"),)
    refuse(folder, Settings((str(folder),), rename=names), old)


def test_statistics_of_another_robot_are_refused(tmp_path: Path) -> None:
    """Unless they are replaced: this one's base is two metres lower."""
    rows = rows_of((9, 12))
    rows.state[:, 2] = 0.05 * rows.state[:, 2] + 20.0
    folder, old = write_set(tmp_path / "set", rows), checkpoint(tmp_path / "old", statistics="weights")
    with pytest.raises(DynacollectError, match=r"states whose z is 0 \+- 1, and here it is 20 .*--statistics data"):
        refuse(folder, Settings((str(folder),)), old)
    refuse(folder, Settings((str(folder),), statistics="data"), old)
    near = write_set(tmp_path / "near", rows_of((9, 12)))
    refuse(near, Settings((str(near),)), old)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"preset": None}, "there is nothing to begin with; name a checkpoint with --from"),
        ({"train": "lora"}, "adapts a trained policy"),
        ({"train": "expert"}, "leaves the rest as it is, which is nothing yet"),
        ({"rename": (("a", "b"),)}, "--rename is for"),
        ({"statistics": "weights"}, "--statistics chooses"),
        ({"cameras": ("top_cam",)}, "the data has no camera top_cam; it has opst_cam, wrist_cam"),
    ],
)
def test_options_that_need_something_else_are_refused(folder: Path, settings: dict[str, object], said: str) -> None:
    with pytest.raises(DynacollectError, match=said):
        refuse(folder, Settings((str(folder),), **{"preset": "tiny", **settings}))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("package", "settings", "extra"),
    [
        ("accelerate", {}, "train"), ("peft", {"train": "lora"}, "train"), ("wandb", {"wandb": "arm"}, "wandb"),
        ("tensorboard", {"tensorboard": True}, "tensorboard"),
    ],
)  # fmt: skip
def test_a_missing_package_names_its_extra(
    folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, settings: dict[str, object], extra: str
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == package else name)
    with pytest.raises(DynacollectError, match=rf"needs {package}, .* install dynacollect\[{extra}\]"):
        refuse(folder, Settings((str(folder),), **settings))  # type: ignore[arg-type]


def test_mixed_sets_must_be_alike(folder: Path, tmp_path: Path) -> None:
    data = read_set(str(folder))
    others = {
        "wide": (write_set(tmp_path / "wide", rows_of((9,), action=8)), "has 8 values in 'action'"),
        "slow": (write_set(tmp_path / "slow", rows_of((9,)), fps=10), "has 10 rows a second"),
        "joints": (
            write_set(tmp_path / "joints", rows_of((9,)), names=("a", "b", "c", "d", "e", "f")), "a, b, c, d, e, f",
        ),
    }  # fmt: skip
    refuse_other_features(data, data, ())
    for root, said in others.values():
        with pytest.raises(DynacollectError, match=said):
            refuse_other_features(data, read_set(str(root)), ())
    with pytest.raises(DynacollectError, match="has no camera side_cam"):
        refuse_other_features(data, data, ("observation.images.side_cam",))


def test_a_plan_comes_back(tmp_path: Path) -> None:
    settings = Settings(("a/b",), mix=(("c/d", 0.25),), fields=(("x", "1"),), ema=0.99, seed=3)
    plan = Plan(settings, "/data", ("/other",), "/start")
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan
    text = (tmp_path / "train.json").read_text()
    (tmp_path / "train.json").write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(DynacollectError, match="update dynacollect"):
        read_plan(tmp_path)
    (tmp_path / "train.json").write_text(text[:50])
    with pytest.raises(DynacollectError, match="cannot be read"):
        read_plan(tmp_path)


def test_only_some_settings_may_change() -> None:
    one = Settings(("a",), seed=1)
    assert differences(one, Settings(("a",), steps=5, workers=0, save_every=1, seed=1)) == ()
    assert differences(one, Settings(("a",), batch=5)) == ("batch", "seed")


def test_rows_know_their_episodes() -> None:
    rows = Rows(np.zeros((5, 6)), np.zeros((5, 7)), np.array([0, 2]))
    assert rows.ends.tolist() == [2, 5]
