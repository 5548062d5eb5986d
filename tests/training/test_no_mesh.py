"""`evaluate --no-mesh`: the expert grasps what was only ever shown, by the form that it was measured to have."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.rig.config import load_rig
from dynacollect.training.evaluation import Settings, run_one


@pytest.mark.parametrize("words", [[], ["--state", "truth"]])
def test_it_goes_with_what_is_seen(words: list[str]) -> None:
    done = CliRunner().invoke(cli.app, ["evaluate", "--no-mesh", "--episodes", "1", *words], prog_name="dynacollect")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert "--no-mesh is for what is seen" in done.stderr


@pytest.mark.long
@pytest.mark.slow
def test_an_episode_in_which_nobody_but_the_cell_knows_a_mesh(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = load_rig("cell")
    alone = rig.cell.model_copy(update={"episodes": rig.cell.episodes.model_copy(update={"distractors": (0, 0)})})
    rig = rig.model_copy(update={"cell": alone})

    for module in ("controllers.episode", "tracking.live"):
        monkeypatch.setattr(f"dynacollect.{module}.catalogue", None)
    done = run_one(Settings(rig, state="vision", meshes=False), 0)
    assert done.success, done.reason
