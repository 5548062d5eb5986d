"""A checkpoint as a source of chunks: its numbers are the policy's own, in the meaning that an executor takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lerobot.configs import FeatureType, PolicyFeature

from dynacollect.controllers.streaming.source import Request
from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.modeling_dynamicvla import TOKENS, TOKENS_VALID
from dynacollect.training.dynamicvla.tokens import tokenizer_from, tokens_of
from dynacollect.training.rollout.facts import facts_of
from dynacollect.training.rollout.seen import INSTRUCTION, written_out
from dynacollect.training.rollout.source import PolicySource
from dynacollect.training.rollout.trained_on import TrainedOn

from ..dynamicvla import tiny_policy

WORDS = "pick up the apple"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("policy")
    tiny_policy.policy().save_pretrained(place)
    TrainedOn(robot="franka-panda", size=(48, 36)).write(place)
    return place


def request(state: np.ndarray, seed: int = 0, step: int = 3) -> Request:
    rng = np.random.default_rng(seed)
    pictures = {name: rng.integers(0, 255, (2, 36, 48, 3), np.uint8) for name in ("opst_cam", "wrist_cam")}
    return Request(step, {**pictures, INSTRUCTION: written_out(WORDS)}, state, step)


def test_chunks_are_the_policys_own_made_absolute(folder: Path) -> None:
    """The state goes in with angles as the data has them, and comes back added to the differences."""
    source, asked = PolicySource(facts_of(str(folder)), "cpu"), request(np.array([0.4, 0.1, 0.3, 3.1, 0.1, -0.5]))
    rows = source(asked)
    state = torch.tensor([[0.4, 0.1, 0.3, 3.1, 0.1, 2 * np.pi - 0.5]], dtype=torch.float32)
    own = tiny_policy.policy()
    words, valid = tokens_of([WORDS], tokenizer_from(own.config.tokenizer_source))
    shown = {
        f"observation.images.{name}": torch.tensor(asked.seen[name]).permute(0, 3, 1, 2)[None] / 255.0
        for name in ("opst_cam", "wrist_cam")
    }
    batch = {**shown, "observation.state": state, TOKENS: words, TOKENS_VALID: valid}
    torch.manual_seed(3)
    wanted = own.absolute(own.predict_action_chunk(batch), batch)[0].numpy()
    apart = rows - wanted
    apart[:, 3:6] = np.mod(apart[:, 3:6] + np.pi, 2 * np.pi) - np.pi
    assert np.abs(apart).max() < 1e-3
    assert np.all((rows[:, 3] >= 0) & (rows[:, 3] < 2 * np.pi) & (np.abs(rows[:, 5]) <= np.pi))


def test_the_same_request_has_the_same_answer_and_another_step_another(folder: Path) -> None:
    source, state = PolicySource(facts_of(str(folder)), "cpu"), np.zeros(6)
    first = source(request(state))
    assert np.array_equal(first, source(request(state)))
    assert not np.array_equal(first, source(request(state, step=4)))
    assert not np.array_equal(first, source(request(state, seed=1)))


def test_it_goes_on_from_what_is_left_over(folder: Path) -> None:
    """The first steps of the new chunk are those of the old one, wherever the tool has got to meanwhile."""
    source = PolicySource(facts_of(str(folder)), "cpu")
    assert source.supports_rtc
    last = source(request(np.zeros(6)))
    asked = request(np.array([0.02, -0.01, 0.03, 0.05, -0.02, 0.01]), seed=1, step=8)
    free, guided = source(asked), source(replace(asked, left_over=last[5:], delay=4))
    apart, away = (np.abs(_turned(rows[:4] - last[5:9])).mean() for rows in (guided, free))
    assert apart < 0.3 * away
    assert np.array_equal(source(replace(asked, left_over=last[:0])), free)


def _turned(apart: np.ndarray) -> np.ndarray:
    return np.hstack([apart[:, :3], np.mod(apart[:, 3:6] + np.pi, 2 * np.pi) - np.pi, apart[:, 6:]])


def test_policies_of_lerobots_own_are_sources_too(tmp_path: Path) -> None:
    from lerobot.policies.act.configuration_act import ACTConfig
    from lerobot.policies.act.modeling_act import ACTPolicy
    from lerobot.policies.factory import make_pre_post_processors

    config = ACTConfig(
        input_features={
            "observation.images.opst_cam": PolicyFeature(FeatureType.VISUAL, (3, 36, 48)),
            "observation.state": PolicyFeature(FeatureType.STATE, (6,)),
        },
        output_features={"action": PolicyFeature(FeatureType.ACTION, (7,))},
        chunk_size=10, n_action_steps=10, dim_model=32, n_heads=2, dim_feedforward=32, n_encoder_layers=1,
        n_vae_encoder_layers=1, pretrained_backbone_weights=None, device="cpu",
    )  # fmt: skip
    ACTPolicy(config).save_pretrained(tmp_path)
    mean = np.full(7, 0.25, np.float32)
    stats = {"action": {"mean": mean, "std": np.zeros(7, np.float32)}}
    for processor in make_pre_post_processors(config, dataset_stats={key: _tensors(v) for key, v in stats.items()}):
        processor.save_pretrained(tmp_path)
    facts = facts_of(str(tmp_path))
    assert (facts.cameras, facts.moments) == (("opst_cam",), (0,))
    asked = request(np.zeros(6))
    shown = {"opst_cam": asked.seen["opst_cam"][-1:], INSTRUCTION: asked.seen[INSTRUCTION]}
    rows = PolicySource(facts, "cpu")(Request(0, shown, np.zeros(6), 0))
    # Unnormalised by the statistics that were saved beside it.
    assert rows.shape == (10, 7)
    assert np.allclose(rows, 0.25, atol=1e-5)


def _tensors(stats: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: torch.tensor(value) for name, value in stats.items()}


@pytest.mark.parametrize(
    ("change", "said"),
    [({"action": "joint"}, "absolute goals"), ({"action": "delta"}, "absolute goals"), ({"fps": 30}, "30 rows")],
)
def test_other_numbers_are_refused(folder: Path, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    (tmp_path / "config.json").write_text((folder / "config.json").read_text())
    (tmp_path / "trained_on.json").write_text(json.dumps({"format": 1, **change}))
    with pytest.raises(DynacollectError, match=said):
        facts_of(str(tmp_path))


def test_a_folder_without_a_policy_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match=r"config\.json"):
        facts_of(str(tmp_path))
    with pytest.raises(DynacollectError, match="no folder"):
        facts_of(str(tmp_path / "nowhere"))
