"""`evaluate --state vision`: words that go with it, what it needs, and a whole episode on tracked states."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.rig import open_rig
from dynacollect.rig.stage import Request
from dynacollect.training.evaluation import Settings, run_one
from dynacollect.training.vision import keys_of, models_from, with_fixed_cameras


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--state", "vision", "--noise", "pos=2mm"], "--noise is put on the truth"),
        (["--calibration", "nowhere.yaml"], "add --state vision"),
        (["--state", "vision", "--calibration", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_words_that_do_not_go_together_are_one_sentence(words: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli.app, ["evaluate", "--episodes", "1", *words], prog_name="dynacollect")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert complaint in done.stderr


def test_things_are_called_as_in_the_truth() -> None:
    with open_rig(load_rig("cell"), seed=2) as rig:
        staged = rig.stage.prepare(2, Request(place=True, several=3))
        assert keys_of(staged) == Truth(rig).names


def test_only_the_cameras_beside_the_table_are_used() -> None:
    config = load_rig("cell")
    assert set(with_fixed_cameras(config).cameras) == {"opst_cam", "side_cam"}
    wrist = config.model_copy(update={"cameras": {"wrist_cam": config.cameras["wrist_cam"]}})
    with pytest.raises(DynacollectError, match="beside the table; "):
        with_fixed_cameras(wrist)


def test_the_cameras_stand_where_they_stand_with_the_wrist_camera() -> None:
    """So that episodes pair with those on the truth."""
    config = load_rig("cell")
    with open_rig(config, seed=9) as every, open_rig(with_fixed_cameras(config), seed=9) as fixed:
        for name, model in Truth(fixed).camera_models.items():
            there = Truth(every).camera_models[name].T_parent_camera
            assert (model.T_parent_camera.as_matrix() == there.as_matrix()).all()


def test_a_calibration_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="missing"):
        models_from(tmp_path / "missing.yaml", with_fixed_cameras(load_rig("cell")))


@pytest.mark.slow
def test_an_episode_on_tracked_states() -> None:
    """On pictures of three quarters the size, with nothing else on the table."""
    rig = load_rig("cell")
    alone = rig.cell.model_copy(update={"episodes": rig.cell.episodes.model_copy(update={"distractors": (0, 0)})})
    smaller = {name: one.model_copy(update={"width": 360, "height": 270}) for name, one in rig.cameras.items()}
    rig = rig.model_copy(update={"cell": alone, "cameras": smaller})
    real, tracked = (run_one(Settings(rig, state=state), 0) for state in ("truth", "vision"))
    assert (real.seed, real.speed, real.launcher, real.target) == (
        tracked.seed, tracked.speed, tracked.launcher, tracked.target,
    )  # fmt: skip
    assert real.success and tracked.success
