"""Every fault that can be injected is seen by the drivers, under its name and in time; without injection nothing is."""

from collections.abc import Callable, Iterator

import pytest

from dynacollect.rig.cell.faults import KINDS, FaultKind, parse
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.rig import Rig

START = {"camera": 0.8, "light": 0.8, "arm": 2.3, "gripper": 4.3}
LATER = {"clock_drift": 6.0, "offset": 3.0, "opens": 3.6, "jammed": 1.9, "slow": 1.9}


def faults_of(rig: Rig) -> set[str]:
    """What all drivers say is wrong."""
    cameras = {fault.name for camera in rig.cameras.values() for fault in camera.health().faults}
    state = rig.feel()
    arm = {fault.name for fault in rig.arm.health().faults} | ({state.fault.name} if state.fault else set())
    return cameras | arm


def spec(kind: FaultKind) -> tuple[str, float]:
    start = LATER.get(kind.name, START[kind.device]) if kind.device in ("gripper", "camera") else START[kind.device]
    return f"{'opst_cam' if kind.device == 'camera' else kind.device}.{kind.name}@{start}", start


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.device}.{kind.name}")
def test_seen_under_its_name_in_time(
    kind: FaultKind, opened: Callable[..., Rig], exercise: Callable[..., Iterator[float]]
) -> None:
    order, start = spec(kind)
    looks = kind.device in ("camera", "light")
    found: set[str] = set()
    with opened(seed=1, faults=(order,), cameras=("opst_cam",)) as rig:
        for now in exercise(rig, start + kind.within_s + 0.1, see=looks, move=not looks):
            found = faults_of(rig)
            if not looks:
                found -= {"freeze"}
            if now <= start:
                assert found == set(), f"at {now:.2f} s, before {order}"
            elif kind.seen_as in found:
                assert now - start <= kind.within_s + 0.04
                return
    pytest.fail(f"{order} was never seen as {kind.seen_as}, only {found}")


@pytest.mark.slow
@pytest.mark.parametrize("rig_name", ["cell", "cell-piper"])
@pytest.mark.parametrize("seconds", [3.0, pytest.param(20.0, marks=pytest.mark.long)])
def test_a_clean_run_raises_nothing(
    rig_name: str, seconds: float, opened: Callable[..., Rig], exercise: Callable[..., Iterator[float]]
) -> None:
    with opened(seed=2, name=rig_name, episodes={"still_share": 0.0}) as rig:
        rig.stage.launch()
        for now in exercise(rig, seconds):
            assert faults_of(rig) == set(), f"at {now:.2f} s"


@pytest.mark.long
@pytest.mark.slow
def test_the_arm_alone_stays_clean_for_20_s(
    opened: Callable[..., Rig], exercise: Callable[..., Iterator[float]]
) -> None:
    with opened(seed=3, cameras=("opst_cam",)) as rig:
        rig.stage.launch()
        for now in exercise(rig, 20.0, see=False):
            assert faults_of(rig) <= {"freeze"}, f"at {now:.2f} s"


def test_what_software_may_clear_it_clears(opened: Callable[..., Rig]) -> None:
    with opened(faults=("arm.reflex@0.5+0.2", "arm.estop@1.5+1"), cameras=("opst_cam",)) as rig:
        rig.clock.wait_until(1.0)
        state = rig.feel()
        assert state.fault is not None and state.fault.name == "reflex"
        assert rig.arm.recover()
        rig.clock.wait_until(1.2)
        assert rig.feel().fault is None
        assert rig.arm.health().recoveries == 1
        rig.clock.wait_until(2.0)
        assert not rig.arm.recover()
        rig.clock.wait_until(3.0)
        assert rig.arm.recover()


@pytest.mark.slow
def test_a_restart_brings_a_frozen_camera_back(
    opened: Callable[..., Rig], exercise: Callable[..., Iterator[float]]
) -> None:
    with opened(faults=("opst_cam.freeze@1",), cameras=("opst_cam",)) as rig:
        assert any("freeze" in faults_of(rig) for _ in exercise(rig, 2.0))
        rig.cameras["opst_cam"].restart()
        assert any(faults_of(rig) == set() for _ in exercise(rig, 2.0))
        assert rig.cameras["opst_cam"].health().restarts == 1


def test_an_unplugged_camera_cannot_be_restarted(opened: Callable[..., Rig]) -> None:
    with opened(faults=("opst_cam.unplugged@1",), cameras=("opst_cam",)) as rig:
        rig.clock.wait_until(1.5)
        with pytest.raises(DynacollectError, match="not on the bus; check its cable"):
            rig.cameras["opst_cam"].restart()


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ("opst_cam.frezze@1", "did you mean 'freeze'"),
        ("opst_can.freeze@1", "did you mean 'opst_cam'"),
        ("opst_cam.freeze", "is not DEVICE.FAULT@SECONDS"),
        ("arm.freeze@1", "arm has no fault 'freeze'"),
        ("arm.hot@1.2.3", "'1.2.3' is not a number"),
        ("", "is not DEVICE.FAULT@SECONDS"),
    ],
)
def test_a_wrong_order_is_refused(order: str, sentence: str) -> None:
    with pytest.raises(DynacollectError, match=sentence):
        parse([order], ["opst_cam"])
