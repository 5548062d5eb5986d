"""Where episodes start: laws of the report."""

import numpy as np
import pytest

from dynacollect.training.finetune.coverage import FEW, coverage_of
from dynacollect.training.finetune.rows import Rows

from .made_sets import POSE


def visits(starts: np.ndarray, seed: int = 0) -> Rows:
    """Episodes of ten rows that go from their starts to anywhere in a box of half a metre."""
    rng = np.random.default_rng(seed)
    state = rng.uniform(0.0, 0.5, (10 * len(starts), 6))
    state[::10] = starts
    return Rows(state, np.zeros((len(state), 7)), np.arange(0, len(state), 10))


def test_starts_anywhere_cover_what_is_visited() -> None:
    """Given episodes enough, there is one for each of the thousand cells."""
    starts = np.random.default_rng(1).uniform(0.0, 0.5, (8_000, 6))
    found = coverage_of(visits(starts), POSE)
    assert found.share > 0.99
    assert found.warnings == ()
    np.testing.assert_allclose([each.share for each in found.dimensions], 1.0, atol=0.02)


def test_one_start_is_said_to_be_one() -> None:
    found = coverage_of(visits(np.full((300, 6), 0.21)), POSE)
    assert found.spread_m == pytest.approx(0.0, abs=1e-9)
    assert found.share < 0.01
    assert len(found.warnings) == 1 and "0 mm from their middle" in found.warnings[0]


def test_few_starts_are_said_to_be_few() -> None:
    starts = np.random.default_rng(1).uniform(0.0, 0.5, (FEW - 1, 6))
    assert any(f"{FEW - 1} episodes only" in line for line in coverage_of(visits(starts), POSE).warnings)


def test_angles_have_no_seam() -> None:
    """Turned by any angle, and put back into a full turn, starts spread as before."""
    rng = np.random.default_rng(2)
    starts = rng.normal(0.0, 0.05, (40, 6))
    rows = visits(starts)
    rows.state[:, 3:] = rng.normal(0.0, 0.1, (len(rows.state), 3))
    plain = coverage_of(rows, POSE).dimensions[5]
    turned = Rows(rows.state.copy(), rows.action, rows.begins)
    turned.state[:, 5] = np.mod(turned.state[:, 5] + 3.0, 2 * np.pi)
    other = coverage_of(turned, POSE).dimensions[5]
    np.testing.assert_allclose(
        [other.deviation, other.start, other.visited], [plain.deviation, plain.start, plain.visited], atol=1e-9
    )


def test_joints_are_measured_by_their_ranges() -> None:
    """As many numbers as there are, under any names; one of three starts in half of its range."""
    rng = np.random.default_rng(3)
    state = rng.uniform(-1.0, 1.0, (4000, 3))
    state[::10, 1] = rng.uniform(-0.5, 0.5, 400)
    found = coverage_of(Rows(state, state, np.arange(0, 4000, 10)), ())
    assert found.spread_m is None
    np.testing.assert_allclose([each.share for each in found.dimensions], [1.0, 0.5, 1.0], atol=0.05)
