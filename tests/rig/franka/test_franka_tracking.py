"""The driver follows set-points that are planned anew 25 times a second, and what it says of its delay is true."""

import pytest

from .tracking import track


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2])
def test_setpoints_are_followed_and_the_delay_is_told_truly(seed: int) -> None:
    tracked = track(4.0, led=True, seed=seed)
    assert tracked.errors == tracked.complaints == 0
    assert abs(tracked.told_lag_ms - tracked.true_lag_ms) < 5.0
    assert tracked.rms_mrad < 5.0
    assert tracked.shake_rms_mrad_s < tracked.told_shake_rms_mrad_s
