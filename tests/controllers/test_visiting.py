"""An arm that is taken from pose to pose with a plate in its hand: it comes to where it is sent, or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.carried import WOULD_TOUCH, Carried
from dynacollect.controllers.envelope import Envelope
from dynacollect.controllers.visiting import NEAR_M, NEAR_RAD, OUT_OF_REACH, SHARE, STILL_RAD_S, Visitor
from dynacollect.rig.arms import kinematics
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import RigConfig, load_rig
from dynacollect.rig.nouns import SetPoints
from dynacollect.rig.rig import Rig, open_rig
from dynacollect.rig.stage import Panel

PLATE, SMALL = (
    Panel(np.full((height, width), 255, np.uint8), 1e-3 * width, 1e-3 * height)
    for width, height in ((268, 196), (160, 120))
)


@dataclass(frozen=True)
class Visited:
    """A cell with a plate in the hand, and every stream that its arm was sent."""

    rig: Rig
    carried: Carried
    visitor: Visitor
    sent: list[SetPoints]

    def flange(self, x: float, y: float, z: float, tilt: float = 0.0) -> RigidTransform:
        """With the tool there, leaning to the side from pointing straight down, m and deg."""
        model = self.rig.arm.model
        turn = Rotation.from_euler("x", tilt, degrees=True) * kinematics.forward(model, model.home).rotation
        return RigidTransform.from_components([x, y, z], turn) * model.T_flange_tool.inv()


def blind(name: str) -> RigConfig:
    """With one small camera that nobody looks through."""
    config = load_rig(name)
    camera = config.cameras["opst_cam"].model_copy(update={"width": 64, "height": 48})
    return config.model_copy(update={"cameras": {"opst_cam": camera}})


def opened(name: str = "cell", faults: tuple[str, ...] = (), plate: Panel = PLATE) -> Iterator[Visited]:
    with open_rig(blind(name), seed=0, faults=faults) as rig, pytest.MonkeyPatch.context() as patch:
        sent, command = list[SetPoints](), rig.arm.command
        patch.setattr(rig.arm, "command", lambda setpoints: (sent.append(setpoints), command(setpoints)))
        box = rig.stage.present(held=plate)
        assert box is not None
        carried = Carried(box, rig.arm.model, rig.config.safety.table_z)
        yield Visited(rig, carried, Visitor(rig, carried=carried), sent)


@pytest.fixture(scope="module")
def cell() -> Iterator[Visited]:
    yield from opened()


def check_there(cell: Visited, pose: RigidTransform, most_m: float = 0.002, most_rad: float = 0.005) -> None:
    """In truth, and at rest."""
    off = Truth(cell.rig).tool_pose().inv() * pose * cell.rig.arm.model.T_flange_tool
    assert np.linalg.norm(off.translation) < most_m
    assert off.rotation.magnitude() < most_rad
    assert np.abs(cell.rig.feel().joint_velocity).max() < STILL_RAD_S


def check_sent(cell: Visited) -> None:
    """All that was sent since the last check: inside all limits, slow, and with the plate clear."""
    arm, envelope = cell.rig.arm.model, Envelope(cell.rig.config.safety, cell.rig.arm.model)
    for setpoints in cell.sent:
        rates = setpoints.joints
        for most in (SHARE * arm.max_velocity, arm.max_acceleration, arm.max_jerk):
            rates = np.diff(rates, axis=0) * arm.rate_hz
            assert np.all(np.abs(rates) <= most * 1.001)
        assert envelope.depths(setpoints.joints).max() < 1e-6
        assert cell.carried.breach(setpoints.joints) == ""
    cell.sent.clear()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "plate"), [("cell", PLATE), ("cell-fr3", PLATE), ("cell-piper", SMALL)])
def test_it_comes_to_where_it_is_sent_and_stands(name: str, plate: Panel) -> None:
    """A Piper's six joints reach little of what a plate needs, and so what is near counts as reached."""
    for cell in opened(name, plate=plate):
        place = kinematics.forward(cell.rig.arm.model, cell.rig.arm.model.home).translation
        near = (NEAR_M, NEAR_RAD) if name == "cell-piper" else (0.002, 0.005)
        rng, reached = np.random.default_rng(0), 0
        for _ in range(6):
            x, y, z = place + rng.uniform(-0.08, 0.08, 3)
            pose = cell.flange(x, y, z, rng.uniform(-15, 15))
            if cell.visitor.allowed(pose):
                assert cell.visitor.visit(pose) == ""
                check_there(cell, pose, *near)
                reached += 1
        assert reached >= 2
        check_sent(cell)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ((0.5, 0.0, 0.05), f"{WOULD_TOUCH} \\d+ mm too near to the table"),
        ((0.5, 0.0, 0.18), f"{WOULD_TOUCH} \\d+ mm too near to the table"),
        ((0.5, 0.58, 0.35), "safety: box by 0.03"),
        ((0.35, 0.0, 0.64), "safety: box by 0.04"),
        ((1.2, 0.0, 0.3), OUT_OF_REACH),
    ],
    ids=["deep in the table", "in the table", "beside the box", "over the box", "far away"],
)
def test_what_may_not_be_is_refused_and_the_arm_rests(
    cell: Visited, place: tuple[float, float, float], reason: str
) -> None:
    before, sent = Truth(cell.rig).joints(), len(cell.sent)
    pose = cell.flange(*place)
    assert not cell.visitor.allowed(pose)
    said = cell.visitor.visit(pose)
    assert pytest.approx(before, abs=1e-4) == Truth(cell.rig).joints()
    assert len(cell.sent) == sent
    assert re.match(reason, said), said


@pytest.mark.slow
@pytest.mark.parametrize(("height", "tilt"), [(0.24, 45.0), (0.20, 60.0)])
def test_what_is_in_the_way_is_passed_over(cell: Visited, height: float, tilt: float) -> None:
    """Leaning to either side the plate is clear of the table; hanging straight down, half-way, it is not."""
    here, there = cell.flange(0.5, 0.0, height, -tilt), cell.flange(0.5, 0.0, height, tilt)
    assert not cell.visitor.allowed(cell.flange(0.5, 0.0, height))
    assert cell.visitor.visit(here) == ""
    assert cell.visitor.pass_by(there, lambda _: None).startswith(WOULD_TOUCH)
    check_there(cell, here)
    assert cell.visitor.visit(there) == ""
    check_there(cell, there)
    assert cell.visitor.return_to(cell.rig.arm.model.home) == ""
    check_sent(cell)


@pytest.fixture(scope="module")
def lasts() -> float:
    """Seconds of the visit that faults are to end, were there none; the arm stands for the last tenth."""
    for cell in opened():
        assert cell.visitor.visit(cell.flange(0.5, 0.2, 0.3)) == ""
        return cell.rig.clock.now()
    raise AssertionError


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "named", "before_end_s"),
    [
        ("reflex", "the arm reports reflex", 0.6),
        ("packet_loss", "the arm reports communication", 0.6),
        ("bus_off", "safety: stale", 0.6),
        ("estop", "the arm reports estop", 0.06),
        ("power_cut", "the arm reports drives_off", 0.06),
    ],
)
def test_a_fault_ends_the_visit_with_its_name(fault: str, named: str, before_end_s: float, lasts: float) -> None:
    for cell in opened(faults=(f"arm.{fault}@{lasts - before_end_s:.3f}",)):
        said = cell.visitor.visit(cell.flange(0.5, 0.2, 0.3))
        assert said.startswith(named), said
        sent = len(cell.sent)
        cell.rig.clock.wait_until(cell.rig.clock.now() + 1.0)
        assert len(cell.sent) == sent
        check_sent(cell)


def test_whoever_watches_sees_all_of_the_way(cell: Visited) -> None:
    """And the arm is handed back under way to rest, not at rest."""
    assert cell.visitor.return_to(cell.rig.arm.model.home) == ""
    seen = list[float]()
    assert cell.visitor.pass_by(cell.flange(0.5, 0.1, 0.4), lambda state: seen.append(state.measured_at)) == ""
    assert np.all(np.diff(seen) > 0)
    assert np.max(np.diff(seen)) < 0.06
    assert cell.visitor.visit(cell.flange(0.5, 0.1, 0.4)) == ""
    check_there(cell, cell.flange(0.5, 0.1, 0.4))
