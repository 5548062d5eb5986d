"""The policy as LeRobot uses it: losses, what is trained, actions one by one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from dynacollect.rig.errors import DynacollectError
from dynacollect.training.dynamicvla.modeling_dynamicvla import DynamicVLAPolicy

from .tiny_policy import CAMERAS, batch, config, noise, policy

TIME = torch.tensor([0.3, 0.9])
FROZEN = {"freeze_vision_model": True, "freeze_connector": True, "freeze_text_model": True}


def test_the_loss_is_that_of_the_velocity() -> None:
    one, given = policy(), batch()
    with torch.no_grad():
        loss, _ = one.forward(given, noise(), TIME)
        actions = torch.nn.functional.pad(one.normalize_targets["buffer_action"].normalise(given["action"]), (0, 25))  # type: ignore[operator]
        share = TIME[:, None, None]
        velocity = one.model.velocity(one.prefix(given), share * noise() + (1 - share) * actions, TIME)
    assert torch.allclose(loss, (noise() - actions - velocity).square().mean(), atol=1e-6)


def test_losses_of_samples_average_to_the_loss() -> None:
    one, given = policy(), batch()
    with torch.no_grad():
        each, _ = one.forward(given, noise(), TIME, reduction="none")
        assert each.shape == (2,)
        assert torch.allclose(each.mean(), one.forward(given, noise(), TIME)[0])


@pytest.mark.parametrize("masked", [False, True])
def test_steps_beyond_the_episode_count_as_the_field_says(masked: bool) -> None:
    one = policy(mask_action_padding=masked)
    given = batch() | {"action_is_pad": torch.arange(20)[None].expand(2, -1) >= 15}
    wild = {**given, "action": given["action"].clone()}
    wild["action"][:, 15:] += 50
    with torch.no_grad():
        same, other = (one.forward(each, noise(), TIME)[0] for each in (given, wild))
    # Later actions are not seen by earlier ones, so they change nothing else.
    assert torch.allclose(same, other) == masked


def test_padding_dimensions_count_as_the_field_says() -> None:
    loud = noise()
    loud[..., 7:] *= 3
    whole, real = policy(), policy(loss_on_real_dims=True)
    with torch.no_grad():
        actions = torch.nn.functional.pad(real.normalize_targets["buffer_action"].normalise(batch()["action"]), (0, 25))  # type: ignore[operator]
        share = TIME[:, None, None]
        error = loud - actions - real.model.velocity(real.prefix(batch()), share * loud + (1 - share) * actions, TIME)
        assert torch.allclose(real.forward(batch(), loud, TIME)[0], error[..., :7].square().mean(), rtol=1e-5)
        assert torch.allclose(whole.forward(batch(), loud, TIME)[0], error.square().mean(), rtol=1e-5)


def test_what_is_frozen_gets_no_gradient_and_what_is_not_does() -> None:
    one = policy(**FROZEN)
    one.train()
    one.forward(batch(), noise(), TIME)[0].backward()
    trained = ("model.vlm_with_expert.lm_expert.", "model.state_proj", "model.action_")
    for name, parameter in one.named_parameters():
        assert parameter.requires_grad == name.startswith(trained)
        assert (parameter.grad is not None and bool(parameter.grad.abs().sum() > 0)) == name.startswith(trained), name


def test_a_whole_policy_is_trained_everywhere_but_at_its_last_text_layer() -> None:
    one = policy()
    one.train()
    one.forward(batch(), noise(), TIME)[0].backward()
    last = "model.vlm_with_expert.vlm.model.text_model.layers.3."
    unread = {f"{last}{part}" for part in ("self_attn.q_proj.weight", "self_attn.o_proj.weight", "mlp.gate_proj.weight",
              "mlp.up_proj.weight", "mlp.down_proj.weight", "post_attention_layernorm.weight")}  # fmt: skip
    unread.add("model.vlm_with_expert.vlm.model.text_model.norm.weight")
    without = {name for name, each in one.named_parameters() if each.requires_grad and each.grad is None}
    assert without == unread


def test_running_statistics_of_a_frozen_tower_stand_still() -> None:
    one = policy(**FROZEN)
    before = {name: value.clone() for name, value in one.named_buffers()}
    one.train()
    one.forward(batch(), noise(), TIME)
    assert all(torch.equal(before[name], value) for name, value in one.named_buffers())


@pytest.mark.slow
def test_training_overfits() -> None:
    torch.manual_seed(0)
    one = DynamicVLAPolicy(config())
    one.train()
    given = batch(1)
    optimizer = torch.optim.AdamW(one.get_optim_params(), lr=1e-3)
    losses = []
    for _ in range(40):
        loss, _ = one.forward(given, noise(1), TIME[:1])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


def test_actions_are_the_chunk_plus_the_state_but_for_the_gripper() -> None:
    one, given = policy(), batch()
    expected = one.predict_action_chunk(given, noise())
    expected[..., :6] += given["observation.state"][:, -1:, :]
    one.reset()
    for step in range(20):
        moved = given if step == 0 else {**given, "observation.state": given["observation.state"] + step}
        assert torch.allclose(one.select_action(moved, noise()), expected[:, step], atol=1e-6)
    assert not torch.allclose(one.select_action(batch(seed=5), noise()), expected[:, 0], atol=1e-2)


def test_a_robot_shows_one_picture_at_a_time() -> None:
    one = policy(n_action_steps=1)
    film = [batch(seed=number) for number in range(5)]
    one.reset()
    for number, given in enumerate(film):
        newest = {key: given[key][:, -1] for key in (*CAMERAS, "observation.state")}
        got = one.select_action({**given, **newest}, noise())
        past = film[max(0, number - 2)]
        both = {key: torch.stack([past[key][:, -1], given[key][:, -1]], dim=1) for key in CAMERAS}
        told = {**given, **both}
        assert torch.allclose(got, one.absolute(one.predict_action_chunk(told, noise()), told)[:, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda given: given.pop(CAMERAS[1]), "looks through 'observation.images.wrist_cam' and the batch has"),
        (lambda given: given.update(action=torch.zeros(2, 20, 8)), "makes actions of 7 values and the data has 8"),
        (
            lambda given: given.update({"observation.state": torch.zeros(2, 2, 7)}),
            "a state of 6 values and got 7",
        ),
    ],
)
def test_wrong_batches_are_refused_in_a_sentence(change: Callable[[dict], object], said: str) -> None:
    given = batch()
    change(given)
    with pytest.raises(DynacollectError, match=said):
        policy().forward(given)


def test_a_missing_camera_may_be_blank_or_left_out() -> None:
    given = batch()
    del given[CAMERAS[1]]
    blank, short = policy(empty_cameras=1), policy(allow_missing_cameras=True)
    with torch.no_grad():
        assert blank.embedded(given)[1].sum(1).tolist() == [36 + 7 + 1] * 2
        assert short.embedded(given)[0].shape[1] == 36 + 7 + 1
    assert torch.allclose(
        blank.predict_action_chunk(given, noise()), short.predict_action_chunk(given, noise()), atol=1e-5
    )
