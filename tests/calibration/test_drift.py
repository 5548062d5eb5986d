"""Between episodes a fixed camera's picture is watched against its reference, whatever lies on the table."""

import numpy as np
import pytest

from dynacollect.calibration.verify.drift import DriftWatch
from dynacollect.rig.errors import DynacollectError

from .rendered_rig import Lab, bumped

FIXED = ("opst_cam", "side_cam")
ZERO = np.zeros(3)


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


@pytest.fixture(scope="module")
def watches(lab: Lab) -> dict[str, DriftWatch]:
    home = lab.arm.home[None]
    looks = lab.expose(home, lab.render(home), 0)
    return {name: DriftWatch(lab.bench, lab.models[name], lab.arm.home, looks.pictures[name][0]) for name in FIXED}


@pytest.mark.slow
def test_objects_light_and_noise_are_no_drift(lab: Lab, watches: dict[str, DriftWatch]) -> None:
    home = lab.arm.home[None]
    for layout in range(3):
        lab.lay_out(60 + layout)
        rendered = lab.render(home, light=(1.0, 0.8, 1.25)[layout])
        for noise in range(2):
            looks = lab.expose(home, rendered, 1 + noise)
            for name, watch in watches.items():
                drift = watch.check(looks.pictures[name][0])
                assert drift.moved is False, drift
                assert drift.shift_px < 0.15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("turn_deg", "shift_mm"),
    [([0.2, 0, 0], ZERO), ([0, 0, 0.4], ZERO), (ZERO, [2.0, 2.0, 0]), (ZERO, [0, 0, -3.0]), ([3.0, 2.0, -1.0], ZERO)],
)
@pytest.mark.parametrize("name", FIXED)
def test_a_motion_is_seen(name: str, turn_deg, shift_mm, lab: Lab, watches: dict[str, DriftWatch]) -> None:
    home, model = lab.arm.home[None], lab.models[name]
    truth = bumped(model.T_parent_camera, np.array(turn_deg, float), np.array(shift_mm, float))
    looks = lab.expose(home, {name: lab.only(name, home, truth)}, 9)
    assert watches[name].check(looks.pictures[name][0]).moved


@pytest.mark.slow
@pytest.mark.parametrize("name", FIXED)
def test_a_sideways_shift_is_given_in_millimetres_at_the_table(
    name: str, lab: Lab, watches: dict[str, DriftWatch]
) -> None:
    home, model = lab.arm.home[None], lab.models[name]
    aside = 4.0 * model.T_parent_camera.rotation.apply([1.0, 0.0, 0.0])
    looks = lab.expose(home, {name: lab.only(name, home, bumped(model.T_parent_camera, ZERO, aside))}, 3)
    assert watches[name].check(looks.pictures[name][0]).shift_mm == pytest.approx(4.0, rel=0.4)


@pytest.mark.slow
def test_a_blocked_camera_cannot_tell(watches: dict[str, DriftWatch]) -> None:
    drift = watches["side_cam"].check(np.full((360, 480, 3), 90, np.uint8))
    assert drift.moved is None
    assert np.isnan(drift.shift_px)
    assert "cannot tell" in drift.sentence


@pytest.mark.slow
def test_what_cannot_be_watched_is_refused(lab: Lab, watches: dict[str, DriftWatch]) -> None:
    picture = np.zeros((360, 480, 3), np.uint8)
    with pytest.raises(DynacollectError, match="wrist_cam is on the wrist"):
        DriftWatch(lab.bench, lab.models["wrist_cam"], lab.arm.home, picture)
    with pytest.raises(DynacollectError, match="another size"):
        watches["side_cam"].check(picture[::2])
