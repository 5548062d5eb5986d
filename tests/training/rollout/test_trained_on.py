"""What is kept beside weights says what their numbers mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.export.options import Options
from dynacollect.rig.errors import DynacollectError
from dynacollect.training.rollout.trained_on import FILE, MOST, TrainedOn, read_trained_on, trained_on


def test_it_reads_what_it_wrote(tmp_path: Path) -> None:
    said = {
        "robot": "piper", "options": Options(angles="signed", ahead=3).as_dict(),
        "cameras": {"width": 96, "height": 64},
    }  # fmt: skip
    starts = np.random.default_rng(0).normal(size=(7, 6))
    known = trained_on(said, 25, starts)
    known.write(tmp_path)
    assert read_trained_on(tmp_path) == known
    assert (known.robot, known.angles, known.ahead, known.size) == ("piper", "signed", 3, (96, 64))
    assert np.allclose(known.starts, starts, atol=1e-5)


def test_of_many_starts_some_are_kept_from_all_over() -> None:
    starts = np.repeat(np.arange(5.0 * MOST)[:, None], 6, axis=1).astype(np.float64)
    kept = np.array(trained_on(None, 25, starts).starts)[:, 0]
    assert len(kept) <= MOST
    assert np.ptp(kept) > 0.99 * np.ptp(starts)


def test_a_published_checkpoint_says_nothing_and_is_taken_as_published(tmp_path: Path) -> None:
    assert read_trained_on(tmp_path) == TrainedOn()


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"format": 99}), json.dumps({"format": 1, "angles": "x"})])
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(DynacollectError, match=FILE):
        read_trained_on(tmp_path)
