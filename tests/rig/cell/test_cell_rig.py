"""The cell as a rig: complete sets, safe exits, checks and pictures."""

from collections.abc import Callable

import numpy as np
import pytest

from dynacollect.rig.cell.cell import Cell
from dynacollect.rig.check import check
from dynacollect.rig.clock import Ticker
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import SetPoints
from dynacollect.rig.rig import Rig
from dynacollect.rig.show import contact_sheet, views
from dynacollect.rig.stage import Request


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_an_aligned_loop_gets_complete_sets(seed: int, opened: Callable[..., Rig]) -> None:
    with opened(seed=seed, size=96) as rig:
        for _ in range(25):
            rig.clock.wait_until(rig.clock.now() + 0.04)
            rig.see()
        complete = []
        for slot in Ticker(rig.clock, 0.04, start=rig.next_start(0.04)):
            complete.append(not rig.see().missing)
            if slot.index >= 59:
                break
        assert np.mean(complete) >= 0.95


def test_an_exception_stops_the_arm(opened: Callable[..., Rig]) -> None:
    rig = opened(cameras=("opst_cam",))
    home = rig.arm.model.home

    def crash() -> None:
        with rig:
            times = np.linspace(0.0, 5.0, 50, dtype=np.float64)
            rig.arm.command(SetPoints(times, home + np.outer(times, np.eye(len(home))[0]) * 0.3))
            rig.clock.wait_until(1.0)
            assert np.abs(rig.feel().joint_velocity[0]) > 0.2
            raise RuntimeError("the loop broke")

    with pytest.raises(RuntimeError, match="the loop broke"):
        crash()
    rig.clock.wait_until(1.6)
    assert isinstance(rig.stage, Cell)
    _, velocity, _ = rig.stage.world.joints()
    assert np.abs(velocity).max() < 0.01
    with pytest.raises(DynacollectError, match="not connected"):
        rig.feel()
    with pytest.raises(DynacollectError, match="not connected"):
        rig.cameras["opst_cam"].latest()


def test_set_points_are_followed(opened: Callable[..., Rig]) -> None:
    """Inside the limits the arm is where it was told, its delay later."""
    with opened(cameras=("opst_cam",)) as rig:
        model = rig.arm.model
        times = 0.1 + np.linspace(0.0, 3.0, 151, dtype=np.float64)
        swing = 0.2 * np.sin(1.5 * (times - 0.1))[:, None] ** 2 * np.ones(model.joints)
        rig.arm.command(SetPoints(times, model.home + swing))
        for now in np.arange(0.5, 3.0, 0.1):
            rig.clock.wait_until(float(now))
            state = rig.feel()
            meant = 0.2 * np.sin(1.5 * (state.measured_at - model.command_delay - 0.1)) ** 2
            assert state.joints - model.home == pytest.approx(np.full(model.joints, meant), abs=0.006)


@pytest.mark.slow
def test_a_good_rig_passes_its_check(opened: Callable[..., Rig]) -> None:
    found = check(opened(size=96), 2.0)
    assert found.ok, found
    assert [part.name for part in found.parts] == [
        "arm", "opst_cam", "side_cam", "wrist_cam", "pairing", "clock", "calibration"
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ("opst_cam.freeze@1.2", "opst_cam"),
        ("arm.estop@1.5", "arm"),
        pytest.param("side_cam.gap@1.2+9", "side_cam", marks=pytest.mark.long),
    ],
)
def test_a_faulty_part_fails_the_check(fault: str, part: str, opened: Callable[..., Rig]) -> None:
    found = check(opened(size=96, faults=(fault,)), 2.0)
    assert not found.ok
    assert part in {item.name for item in found.parts if not item.ok}


@pytest.mark.slow
def test_pictures_of_all_views(opened: Callable[..., Rig]) -> None:
    frames = views(opened(seed=1), 0.6)
    assert set(frames.frames) == {"opst_cam", "side_cam", "wrist_cam"}
    assert contact_sheet(frames).size == (3 * 160 + 2 * 4, 120 + 22)
    for frame in frames.frames.values():
        assert 30 < frame.image.mean() < 230
        assert frame.image.std() > 15


@pytest.mark.slow
def test_no_picture_is_said_so(opened: Callable[..., Rig]) -> None:
    with pytest.raises(DynacollectError, match="no picture from opst_cam; see: dynacollect rig check"):
        views(opened(faults=("opst_cam.freeze@0",), size=96))


def test_preparing_again_gives_what_was_asked(opened: Callable[..., Rig]) -> None:
    with opened(cameras=("opst_cam",)) as rig:
        staged = rig.stage.prepare(5, Request(target="mug", container="bowl", distractors=("egg",), several=2))
        assert staged.targets[0] == "mug"
        assert len(staged.targets) == 2
        assert (staged.container, staged.distractors) == ("bowl", ("egg",))
        now = rig.clock.now()
        rig.stage.prepare(6)
        assert rig.clock.now() == now
