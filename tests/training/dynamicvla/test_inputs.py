"""Pictures, words and differences, before the model sees them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from lerobot.policies import make_pre_post_processors

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.modeling_dynamicvla import TOKENS, TOKENS_VALID
from dynacollect.training.dynamicvla.pixels import pixels
from dynacollect.training.dynamicvla.processor_dynamicvla import differences
from dynacollect.training.dynamicvla.tokens import ByteTokenizer, tokenizer_from, tokens_of

from .tiny_policy import CAMERAS, batch, config


def test_a_picture_sits_at_the_bottom_right() -> None:
    made = pixels(torch.ones(1, 2, 3, 360, 480), (384, 384))
    assert made.shape == (1, 6, 384, 384)
    assert torch.equal(made[:, :, :96], torch.full((1, 6, 96, 384), -1.0))
    assert torch.equal(made[:, :, 96:], torch.ones(1, 6, 288, 384))
    tall = pixels(torch.ones(1, 2, 3, 480, 360), (384, 384))
    assert torch.equal(tall, made.transpose(2, 3))


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    picture = torch.rand(2, 2, 3, 96, 96)
    assert torch.allclose(pixels(picture, (96, 96)), picture.flatten(1, 2) * 2 - 1)


def test_the_older_picture_comes_first() -> None:
    film = torch.stack([torch.zeros(1, 3, 96, 96), torch.ones(1, 3, 96, 96)], dim=1)
    assert pixels(film, (96, 96))[0, :, 5, 5].tolist() == [-1, -1, -1, 1, 1, 1]


def test_words_are_bytes_and_end_in_a_new_line() -> None:
    numbers, valid = tokens_of(["pick up the müsli.", "go\n"], ByteTokenizer())
    assert bytes(numbers[0][valid[0]].tolist()).decode() == "pick up the müsli.\n"
    assert bytes(numbers[1][valid[1]].tolist()).decode() == "go\n"
    assert (numbers[1][~valid[1]] == 256).all()
    assert tokens_of(["go"], ByteTokenizer(), to=10)[0].shape == (1, 10)


def test_a_tokenizer_file_is_read(tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers

    library = Tokenizer(models.WordLevel({"<|endoftext|>": 0, "pick": 1, "up": 2, "?": 3}, unk_token="?"))
    library.pre_tokenizer = pre_tokenizers.Whitespace()
    library.enable_padding(length=30)
    library.save(str(tmp_path / "tokenizer.json"))
    for source in (tmp_path, tmp_path / "tokenizer.json"):
        numbers, valid = tokens_of(["pick up", "pick"], tokenizer_from(str(source)))
        assert numbers.tolist() == [[1, 2], [1, 0]]
        assert valid.tolist() == [[True, True], [True, False]]


def test_a_tokenizer_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="there is no tokenizer at"):
        tokenizer_from(str(tmp_path / "none.json"))


def test_differences_are_to_the_newest_state_but_for_the_gripper() -> None:
    given = batch()
    done = differences(given["action"], given["observation.state"], 6)
    assert torch.allclose(done[..., :6] + given["observation.state"][:, -1:], given["action"][..., :6])
    assert torch.equal(done[..., 6], given["action"][..., 6])


def test_wrapped_differences_go_the_short_way_round() -> None:
    state, action = torch.zeros(1, 6), torch.zeros(1, 20, 7)
    state[0, 3], action[..., 3] = 6.2, 0.1
    assert torch.allclose(differences(action, state, 6)[..., 3], torch.tensor(-6.1))
    assert torch.allclose(differences(action, state, 6, (3, 5))[..., 3], torch.tensor(2 * torch.pi - 6.1))


def sample() -> dict[str, Any]:
    given: dict[str, Any] = batch()
    del given[TOKENS], given[TOKENS_VALID]
    return {**given, "task": ["pick up the apple.", "pick up the can."]}


def test_lerobot_s_pipelines_prepare_a_batch_and_survive_being_saved(tmp_path: Path) -> None:
    before, after = make_pre_post_processors(config())
    before.save_pretrained(tmp_path)
    after.save_pretrained(tmp_path)
    again, _ = make_pre_post_processors(config(), pretrained_path=str(tmp_path))
    for pipeline in (before, again):
        ready = pipeline(sample())
        assert bytes(ready[TOKENS][1][ready[TOKENS_VALID][1]].tolist()) == b"pick up the can.\n"
        assert torch.allclose(ready["action"], differences(sample()["action"], sample()["observation.state"], 6))
        assert torch.equal(ready[CAMERAS[0]], sample()[CAMERAS[0]])
        assert torch.equal(ready["observation.state"], sample()["observation.state"])
    assert torch.equal(after(torch.ones(2, 7)), torch.ones(2, 7))


def test_a_batch_without_an_instruction_is_refused() -> None:
    given = sample()
    del given["task"]
    with pytest.raises(DynacollectError, match="there is no instruction"):
        make_pre_post_processors(config())[0](given)
