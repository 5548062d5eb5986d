"""Statistics of differences, and what the names of a data set's numbers mean for a policy."""

import json
from pathlib import Path

import numpy as np
import pytest

from dynacollect.training.finetune.embodiment import own_fields, spread_of_differences
from dynacollect.training.finetune.rows import read_rows
from dynacollect.training.finetune.sources import read_set

from .made_sets import POSE, rows_of, write_set

CHUNK = 20


def test_the_spread_is_that_of_all_chunks() -> None:
    """By the definition: chunk by chunk, each difference to the state at its start, none beyond the end."""
    rows = rows_of((7, 31, 1))
    learnt = []
    for begin, end in zip(rows.begins, rows.ends, strict=True):
        for start in range(begin, end):
            chunk = rows.action[start : min(start + CHUNK, end)].copy()
            chunk[:, :6] -= rows.state[start, :6]
            for angle in (3, 5):
                chunk[:, angle] = np.angle(np.exp(1j * chunk[:, angle]))
            learnt.append(chunk)
    every = np.concatenate(learnt)
    mean, deviation = spread_of_differences(rows, 6, (3, 5), CHUNK)
    np.testing.assert_allclose(mean, every.mean(0), atol=1e-12)
    np.testing.assert_allclose(deviation, every.std(0), atol=1e-12)


def test_a_number_that_never_changes_has_no_spread() -> None:
    rows = rows_of((50, 50))
    rows.action[:, 6], rows.action[:, 2], rows.state[:, 2] = 1.0, 1000.1, 1000.0
    mean, deviation = spread_of_differences(rows, 6, (3, 5), CHUNK)
    np.testing.assert_allclose(mean[[2, 6]], [0.1, 1.0])
    np.testing.assert_allclose(deviation[[2, 6]], 0.0, atol=1e-9)


def test_rows_come_back_from_their_files(tmp_path: Path) -> None:
    rows = rows_of((9, 12))
    found = read_rows(write_set(tmp_path / "set", rows))
    np.testing.assert_array_equal(found.state, rows.state.astype(np.float32))
    np.testing.assert_array_equal(found.action, rows.action.astype(np.float32))
    assert (found.begins.tolist(), found.ends.tolist()) == ([0, 9], [9, 21])


@pytest.mark.parametrize(
    ("names", "kind", "delta", "wrapped"),
    [
        (POSE, "absolute", True, (3, 5)),
        # These are differences already.
        (POSE, "delta", False, ()),
        # Other labs' sets: joints before and after.
        (("waist", "elbow"), None, True, ()),
    ],
)
def test_names_say_what_is_a_difference(
    tmp_path: Path, names: tuple[str, ...], kind: str | None, delta: bool, wrapped: tuple[int, ...]
) -> None:
    width = len(names)
    root = write_set(tmp_path / "set", rows_of((9,), state=width, action=width + 1), names=names)
    if kind is not None:
        (root / "meta/dynacollect.json").write_text(json.dumps({"action": {"kind": kind}}))
    fields = own_fields(read_set(str(root)))
    assert (fields["use_delta_action"], fields["delta_statistics"], fields["wrapped_dims"]) == (delta, delta, wrapped)
    assert fields["observation_steps"] == (-2, 0)


def test_joints_are_no_differences_to_a_pose(tmp_path: Path) -> None:
    root = write_set(tmp_path / "set", rows_of((9,)))
    info = json.loads((root / "meta/info.json").read_text())
    info["features"]["action"]["names"] = [f"joint_{number}" for number in range(1, 7)] + ["gripper"]
    info["fps"] = 50
    (root / "meta/info.json").write_text(json.dumps(info))
    fields = own_fields(read_set(str(root)))
    assert not fields["use_delta_action"]
    assert fields["observation_steps"] == (-4, 0)
