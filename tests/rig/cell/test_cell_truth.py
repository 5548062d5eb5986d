"""Truth tells what really is, and only those who measure can reach it."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import dynacollect
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import catalogue
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Request

PACKAGE = Path(dynacollect.__file__).parent
MAY_MEASURE = (
    "rig/cell/", "training/", "collector/benches/", "collector/commands/evaluate", "collector/session/knowing"
)  # fmt: skip
"""The last is `--state truth`, an explicit switch for benches."""


def test_velocity_is_the_slope_of_the_position(opened: Callable[..., Rig]) -> None:
    with opened(cameras=("opst_cam",)) as rig:
        rig.stage.prepare(1, Request(target="tennis_ball", speed=0.5, launcher="push", distractors=()))
        rig.stage.launch()
        truth = Truth(rig)
        rig.clock.wait_until((truth.started_at or 0.0) + 0.6)
        now = rig.clock.now()
        before, state, after = (truth.objects(now - back)["target0"] for back in (0.22, 0.20, 0.18))
        slope = (after.position - before.position) / 0.04
        assert slope == pytest.approx(state.velocity, abs=0.01)
        assert np.linalg.norm(state.velocity) > 0.3
        # Rolling without slip: the spin about the axis across the way is v / r.
        radius = catalogue.load("tennis_ball").rolling_radius
        assert np.linalg.norm(state.angular_velocity) == pytest.approx(
            np.linalg.norm(state.velocity) / radius, rel=0.05
        )


@pytest.mark.slow
def test_masks_show_every_object_once(opened: Callable[..., Rig]) -> None:
    with opened(seed=2, size=320) as rig:
        rig.stage.prepare(2, Request(target="cuboid", speed=0.0, distractors=("apple", "banana"), place=True))
        truth = Truth(rig)
        rig.clock.wait_until(0.5)
        assert set(truth.names) == {"target0", "distractor0", "distractor1", "container"}
        frames = rig.see()
        assert not frames.missing
        masks = truth.masks(frames.frames["side_cam"])
        assert set(masks) == set(truth.names)
        assert all(mask.shape == (240, 320) for mask in masks.values())
        assert sum(mask.any() for mask in masks.values()) >= 3
        assert np.sum(list(masks.values()), axis=0).max() == 1


def test_contacts_and_verdicts_of_a_still_table(opened: Callable[..., Rig]) -> None:
    with opened(cameras=("opst_cam",)) as rig:
        rig.stage.prepare(3, Request(target="cube", speed=0.0, distractors=(), place=True))
        truth = Truth(rig)
        rig.clock.wait_until(1.0)
        weight = sum(contact.force for contact in truth.contacts() if "target0" in (contact.first, contact.second))
        assert weight == pytest.approx(9.81 * catalogue.load("cube").mass, rel=0.05)
        assert truth.picked().success is False
        assert truth.placed().success is False
        assert "outside the container, let go, at rest" in truth.placed().reason


def test_the_past_is_kept_for_two_seconds(opened: Callable[..., Rig]) -> None:
    with opened(cameras=("opst_cam",)) as rig:
        rig.clock.wait_until(3.0)
        assert Truth(rig).objects(1.2)["target0"].valid_at == 1.2


@pytest.mark.slow
def test_old_frames_are_refused(opened: Callable[..., Rig], exercise: Callable[..., Iterator[float]]) -> None:
    with opened(cameras=("opst_cam",), size=96) as rig:
        truth = Truth(rig)
        list(exercise(rig, 0.4))
        frame = next(iter(rig.see().frames.values()), None) or rig.cameras["opst_cam"].latest()
        assert frame is not None
        rig.stage.prepare(7)
        with pytest.raises(DynacollectError, match="shows a table that is gone"):
            truth.masks(frame)
        rig.clock.wait_until(6.0)
        with pytest.raises(DynacollectError, match="is too old"):
            truth.captured_at(frame)


def reaches_truth(path: str, text: str) -> bool:
    if path.startswith(MAY_MEASURE) or "truth" not in text:
        return False
    imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]
    modules, names = [node.module or "" for node in imports], [alias.name for node in imports for alias in node.names]
    return any(module.endswith("cell.truth") for module in modules) or any(
        module.endswith("rig.cell") and "truth" in names for module in modules
    )


@pytest.mark.slow
def test_only_measuring_code_imports_truth() -> None:
    assert reaches_truth("collector/session.py", "from ..rig.cell.truth import Truth")
    sources = ((path.relative_to(PACKAGE).as_posix(), path.read_text()) for path in PACKAGE.rglob("*.py"))
    assert [path for path, text in sources if reaches_truth(path, text)] == []
