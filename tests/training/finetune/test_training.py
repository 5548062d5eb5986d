"""Small trainings by LeRobot's trainer, in this process: that they do what was asked for, to the last bit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from dynacollect.rig.errors import DynacollectError

from .trained import QUICK, cut_back, made_set, train, weights

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_set(tmp_path_factory.mktemp("data"), 0, 1, 2)


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    import torch

    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def events(out: Path, event: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (out / "progress.jsonl").read_text().splitlines()]
    return [row for row in rows if row["event"] == event]


@pytest.fixture(scope="module")
def base(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained from nothing, with everything that has a state of its own."""
    out = tmp_path_factory.mktemp("base") / "run"
    train(out, data, steps=4, save_every=2, validate=0.3, ema=0.5)
    return out


def test_it_goes_on_bit_by_bit(base: Path, data: Path, tmp_path: Path) -> None:
    """Two steps and two more are four: weights, their average, the optimizer's state, and the validation loss."""
    out = shutil.copytree(base, tmp_path / "run", symlinks=True)
    cut_back(out, 2)
    found = train(out, data, steps=4, save_every=2, validate=0.3, ema=0.5)
    assert found.finished
    for name in (
        "pretrained_model/model.safetensors", "policy/model.safetensors", "training_state/averaged.safetensors",
        "training_state/optimizer_state.safetensors",
    ):  # fmt: skip
        assert same(weights(out / "checkpoints/000004", name), weights(base / "checkpoints/000004", name)), name
    assert events(out, "validation")[-1] == events(base, "validation")[-1]
    assert not same(weights(base / "checkpoints/000004"), weights(base / "checkpoints/000002"))


def test_the_average_is_a_policy_of_its_own(base: Path) -> None:
    from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy

    checkpoint = base / "checkpoints/000004"
    policy = DynamicVLAPolicy.from_pretrained(checkpoint / "policy")
    mean, own = weights(checkpoint, "training_state/averaged.safetensors"), weights(checkpoint)
    trained = dict(policy.named_parameters())
    assert all((trained[name] == value).all() for name, value in mean.items())
    assert any((own[name] != value).any() for name, value in mean.items())
    names = {path.name for path in (checkpoint / "policy").iterdir()}
    assert {"config.json", "model.safetensors", "policy_preprocessor.json", "policy_postprocessor.json"} <= names


def test_the_best_checkpoint_is_marked(base: Path) -> None:
    losses = {row["step"]: row["loss"] for row in events(base, "validation")}
    assert set(losses) == {2, 4}
    best = min(losses, key=losses.__getitem__)
    assert (base / "checkpoints/best").resolve() == base / f"checkpoints/{best:06d}"
    said = json.loads((base / "summary.json").read_text())
    assert said["validation"] == {"best": losses[best], "at": best}
    assert said["checkpoint"] == str(base / f"checkpoints/{best:06d}/policy")


def test_statistics_are_those_of_differences(base: Path, data: Path) -> None:
    """They go with the weights, and what LeRobot's loader and our step make of the data has them."""
    import numpy as np
    import torch
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    from dynacollect.training.dynamicvla.processor_dynamicvla import differences
    from dynacollect.training.finetune.embodiment import LEAST

    config = json.loads((base / "checkpoints/last/pretrained_model/config.json").read_text())
    assert (config["wrapped_dims"], config["delta_statistics"], config["statistics"]) == ([3, 5], True, "weights")
    assert set(config["input_features"]) == {"observation.images.opst_cam", "observation.state"}
    rows: Any = LeRobotDataset("made/up", root=data, delta_timestamps={"action": [k / 25 for k in range(20)]})
    learnt = []
    for row in (rows[index] for index in range(len(rows))):
        chunk = differences(row["action"][None], row["observation.state"][None], 6, (3, 5))[0]
        learnt.append(chunk[~row["action_is_pad"]])
    every = torch.cat(learnt).double().numpy()
    found = weights(base / "checkpoints/000004")
    np.testing.assert_allclose(found["normalize_targets.buffer_action.mean"], every.mean(0), atol=1e-6)
    deviation = np.maximum(every.std(0), LEAST["action"])
    np.testing.assert_allclose(found["normalize_targets.buffer_action.std"], deviation, atol=1e-6)
    assert found["normalize_inputs.buffer_observation_state.std"].min() >= LEAST["observation.state"] - 1e-9


def test_a_published_checkpoint_is_tuned_by_an_adapter(base: Path, data: Path, tmp_path: Path) -> None:
    """From a folder without processors; the merged policy does what adapter and base do together."""
    import torch

    published = tmp_path / "published"
    published.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copy(base / "checkpoints/000004/pretrained_model" / name, published)
    config = json.loads((published / "config.json").read_text())
    # As upstream's training script leaves it.
    config |= {"delta_timestamps": {"observation": [-2, 0]}, "epoch": 3}
    (published / "config.json").write_text(json.dumps(config))
    out = tmp_path / "run"
    how = {"start": str(published), "preset": None, "cameras": (), "train": "lora", "rank": 4, "rate": 0.1}
    found = train(out, data, steps=2, save_every=1, **how)
    assert found.parameters and found.trainable and found.trainable < 0.2 * found.parameters
    cut_back(out, 1)
    again = train(out, data, steps=2, save_every=1, **how)
    assert again.loss["last"] == found.loss["last"]
    merged, start = (
        weights(out / "checkpoints/000002", "policy/model.safetensors"),
        weights(published, "model.safetensors"),
    )
    changed = {key for key in start if not torch.equal(merged[key], start[key])}
    assert merged.keys() == start.keys()
    # What is normalised by comes from the data, and of the rest only the expert and what is around it is touched.
    own = ("normalize_", "unnormalize_", "model.vlm_with_expert.lm_expert.", "model.action_", "model.state_proj.")
    assert changed and all(key.startswith(own) for key in changed), changed
    merged_config = json.loads((out / "checkpoints/000002/policy/config.json").read_text())
    assert (merged_config["use_peft"], merged_config["wrapped_dims"]) == (False, [3, 5])
    with pytest.raises(DynacollectError, match="holds what LoRA has learnt and no whole policy"):
        train(tmp_path / "next", data, start=str(out / "checkpoints/000002/pretrained_model"), preset=None, cameras=())


def test_two_sets_in_parts_with_colours(base: Path, data: Path, tmp_path: Path) -> None:
    """Mixed, accumulated, in bfloat16, the expert alone of a trained policy."""
    other = made_set(tmp_path, 5)
    found = train(
        tmp_path / "run", data, steps=2, batch=1, accumulate=2, mix=((str(other), 0.5),), augment=True,
        precision="bf16", train="expert", rate=3e-4, fields=(("n_action_steps", "5"),),
        start=str(base / "checkpoints/000004/policy"), preset=None, cameras=(),
    )  # fmt: skip
    assert found.finished and found.trainable and found.trainable < 0.5 * (found.parameters or 0)
    config = json.loads((tmp_path / "run/checkpoints/last/pretrained_model/config.json").read_text())
    assert (config["optimizer_lr"], config["n_action_steps"], config["dtype"]) == (3e-4, 5, "bfloat16")
    assert config["freeze_vision_model"] and config["freeze_text_model"]
    saved = json.loads((tmp_path / "run/checkpoints/last/pretrained_model/train_config.json").read_text())
    assert (saved["batch_size"], saved["wandb"]["enable"]) == (2, False)


def test_lerobots_own_policies_train_on_the_same(data: Path, tmp_path: Path) -> None:
    """And know nothing of the target's pose, which is in the data."""
    small = {
        "pretrained_backbone_weights": "null", "dim_model": "64", "dim_feedforward": "64", "n_encoder_layers": "1",
        "n_vae_encoder_layers": "1", "chunk_size": "10", "n_action_steps": "10",
    }  # fmt: skip
    found = train(tmp_path / "run", data, policy="act", preset=None, steps=2, fields=tuple(small.items()))
    assert found.finished and found.checkpoint
    config = json.loads((found.checkpoint / "config.json").read_text())
    assert set(config["input_features"]) == {"observation.images.opst_cam", "observation.state"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"policy": "actt", "preset": None}, "there is no policy 'actt'; choose one of act, "),
        ({"preset": "huge"}, "there is no preset 'huge'"),
        ({"policy": "act"}, "presets are of dynamicvla"),
        ({"fields": (("chunk_sise", "5"),)}, "has no field 'chunk_sise'; did you mean chunk_size"),
        ({"fields": (("chunk_size", "many"),)}, "--set is not understood"),
        ({"policy": "act", "preset": None, "train": "expert"}, "act has no expert"),
        ({"device": "cuda"}, "no GPU that torch can use"),
        ({"policy": "act", "preset": None, "precision": "bf16", "steps": 10**12}, "do not go into the"),
    ],
)
def test_what_the_worker_finds_wrong_is_a_sentence(
    data: Path, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    import torch

    if settings.get("device") == "cuda" and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    small = (("pretrained_backbone_weights", "null"),) if "steps" in settings else ()
    train(tmp_path / "run", data, **{"fields": small, "save_every": 1, **settings})
    assert said in events(tmp_path / "run", "error")[-1]["sentence"]
    # Nothing was learnt, so that the corrected line may be given at once.
    assert not (tmp_path / "run/checkpoints").exists()


def test_another_line_is_refused_where_something_was_learnt(base: Path, data: Path, tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match=r"was begun with batch 2; give the same line"):
        train(base, data, steps=4, save_every=2, validate=0.3, ema=0.5, batch=3)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DynacollectError, match=r"holds other things, such as notes\.txt"):
        train(tmp_path, data)
    assert QUICK["batch"] == 2
