"""Several data sets at once: shares are exact, and every sample has its turn."""

from collections import Counter

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SHARES = (0.25, 0.25)
PARTS = (range(20), range(20, 27), range(27, 127))


def orders(epochs: int, seed: int = 0) -> list[list[int]]:
    from dynacollect.training.finetune.mixture import SharedSampler

    sampler = SharedSampler(PARTS, SHARES, seed)
    return [list(sampler) for _ in range(epochs)]


def test_each_epoch_has_the_shares() -> None:
    for order in orders(5):
        assert [sum(index in part for index in order) for part in PARTS] == [20, 10, 10]
        assert sorted(index for index in order if index in PARTS[0]) == list(PARTS[0])


def test_all_of_a_part_come_equally_often() -> None:
    """Also where it is smaller than its share, or larger: after 70 epochs each a whole number of times."""
    counts = Counter(index for order in orders(70) for index in order)
    assert [{counts[index] for index in part} for part in PARTS] == [{70}, {100}, {7}]


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_going_on_is_as_if_never_stopped(processes: int) -> None:
    """Through accelerate's loader, from any step of three epochs on, though they do not divide into batches."""
    from accelerate.data_loader import prepare_data_loader
    from lerobot.datasets import compute_sampler_state
    from lerobot.utils.utils import cycle
    from torch.utils.data import DataLoader

    from dynacollect.training.finetune.mixture import SharedSampler

    batch, steps = 2, 30

    def seen(process: int, begin: int) -> list[list[int]]:
        sampler = SharedSampler((range(11), range(11, 30)), (0.25,), 5, batch * processes)
        sampler.load_state_dict(compute_sampler_state(begin, len(sampler), batch, processes))
        loader = prepare_data_loader(
            DataLoader(range(30), batch, sampler=sampler), num_processes=processes, process_index=process,  # type: ignore[arg-type]
            put_on_device=False,
        )  # fmt: skip
        batches = cycle(loader)
        return [next(batches).tolist() for _ in range(begin, steps)]

    whole = [seen(process, 0) for process in range(processes)]
    counts = Counter(index for row in whole for batch_ in row for index in batch_ if index < 11)
    assert max(counts.values()) - min(counts.values()) <= 2
    for process in range(processes):
        for begin in (0, 1, 7, 12, 29):
            assert seen(process, begin) == whole[process][begin:]


def test_the_order_follows_from_seed_and_epoch() -> None:
    from dynacollect.training.finetune.mixture import SharedSampler

    first, second = orders(2)
    assert first != second and orders(1, seed=1)[0] != first
    going_on = SharedSampler(PARTS, SHARES, 0)
    going_on.load_state_dict({"epoch": 1, "start_index": 13})
    assert list(going_on) == second[13:]
    assert len(going_on) == 40


def test_a_mixture_is_its_first_part_but_for_samples() -> None:
    import pickle

    from dynacollect.training.finetune.mixture import Mixture

    mixture = pickle.loads(pickle.dumps(Mixture([_Own(3), _Other(2)])))  # as workers get it
    assert [mixture[index] for index in range(len(mixture))] == [{"a": 0}, {"a": 1}, {"a": 2}, {"a": 10}, {"a": 11}]
    assert (mixture.fps, mixture.num_frames, list(mixture.begins)) == (25, 5, [0, 3])


class _Own:
    fps = 25

    def __init__(self, count: int) -> None:
        self.count = count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"a": index, "own": 1}


class _Other(_Own):
    fps = 10

    def __getitem__(self, index: int) -> dict[str, int]:
        return {"a": 10 + index, "other": 1}


@pytest.mark.parametrize(("size", "count"), [(8, 1), (8, 2), (7, 3), (2, 4)])
def test_parts_are_the_batch(size: int, count: int) -> None:
    import torch

    from dynacollect.training.finetune.parts import split

    batch = {"x": torch.arange(size), "task": [str(each) for each in range(size)], "fps": 25, "t": torch.tensor(1.0)}
    parts = split(batch, count)
    assert len(parts) == min(size, count)
    assert torch.cat([part["x"] for part in parts]).tolist() == list(range(size))
    assert [name for part in parts for name in part["task"]] == batch["task"]
    assert all(part["fps"] == 25 and part["t"] == 1.0 for part in parts)
    assert max(len(part["x"]) for part in parts) - min(len(part["x"]) for part in parts) <= 1


def test_a_step_in_parts_is_the_step_of_the_whole() -> None:
    """By LeRobot's own step: the same weights after two of them, whether a batch comes in one part or in four."""
    import torch
    from accelerate import Accelerator
    from accelerate.state import AcceleratorState
    from lerobot.scripts.lerobot_train import update_policy
    from lerobot.utils.logging_utils import AverageMeter, MetricsTracker

    from dynacollect.training.finetune.parts import update_in_parts

    class Policy(torch.nn.Linear):
        def forward(self, batch: dict[str, torch.Tensor]) -> tuple[torch.Tensor, None]:  # type: ignore[override]
            return (super().forward(batch["x"]) - batch["y"]).square().mean(), None

    rng = np.random.default_rng(0)
    batches = [{name: torch.tensor(rng.normal(size=(8, 3))) for name in ("x", "y")} for _ in range(2)]
    weights, losses = [], []
    for count in (1, 4):
        AcceleratorState._reset_state(True)
        accelerator = Accelerator(cpu=True, gradient_accumulation_steps=count)
        torch.manual_seed(0)
        policy = Policy(3, 3).double()
        optimizer = accelerator.prepare(torch.optim.SGD(policy.parameters(), 0.1))
        meters = {name: AverageMeter(name) for name in ("loss", "grad_norm", "lr", "update_s")}
        metrics = MetricsTracker(8, 8, 1, meters)
        for batch in batches:
            update_in_parts(update_policy, count, metrics, policy, batch, optimizer, 0.5, accelerator=accelerator)
        weights.append(policy.weight.detach().numpy())
        losses.append(meters["loss"].avg)
    AcceleratorState._reset_state(True)
    np.testing.assert_allclose(*weights, atol=1e-12)
    assert losses[0] == pytest.approx(losses[1])


def test_the_average_is_the_one_of_its_definition() -> None:
    import torch

    from dynacollect.training.finetune.averaged import Averaged

    policy = torch.nn.Linear(2, 2)
    policy.bias.requires_grad_(False)
    bias = policy.bias.clone()
    mean, averaged = policy.weight.detach().clone(), Averaged(policy, 0.9)
    for step in range(5):
        policy.weight.data += step
        averaged.update()
        mean = 0.9 * mean + 0.1 * policy.weight.detach()
    own = policy.weight.detach().clone()
    with averaged.in_place():
        torch.testing.assert_close(policy.weight.detach(), mean)
    assert torch.equal(policy.weight, own) and torch.equal(policy.bias, bias)
