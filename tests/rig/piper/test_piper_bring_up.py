"""What keeps an arm from being used is said on connecting, in one sentence with its remedy."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.rig.arms import kinematics
from dynacollect.rig.arms.piper import PIPER
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.piper.bring_up import version_of
from dynacollect.rig.piper.coding import Coding
from dynacollect.rig.piper.frames import MOTION
from dynacollect.rig.piper.link import check_link

FOREVER = "@0+1000"


@pytest.mark.parametrize(
    ("failing", "sentence"),
    [
        ("arm.bus_off", "the CAN bus is silent; power the arm, check CAN-H and CAN-L"),
        ("arm.leader", "in leader mode and takes no commands; make it a follower"),
        ("arm.all_zero", "all joints as exactly zero"),
        ("arm.old_firmware", "write arm.dh_is_offset: 0, or update the firmware"),
        ("arm.corrupted_limits", "joint 1 of the arm is limited to -0 to -0 degrees; set its limits to the default"),
        ("arm.estop", "the emergency stop is on; support the arm, release it"),
        ("arm.disabled", "joint 4 did not enable within 0.5 s; support the arm"),
        ("arm.brake", "a joint's brake is not released; free it, then recover it"),
        ("arm.overheated", "the controller is too hot"),
    ],
)
def test_an_arm_that_cannot_be_used_says_why(failing: str, sentence: str, bench: Callable) -> None:
    on = bench(failing + FOREVER, enable_s=0.5)
    with pytest.raises(DynacollectError) as raised:
        on.arm.connect()
    assert sentence in str(raised.value) and "\n" not in str(raised.value)
    assert on.let_fall == []
    assert [frame for frame in on.sent if frame.id in MOTION] == []
    with pytest.raises(DynacollectError, match="not connected"):
        on.arm.read()
    on.arm.stop()
    on.arm.close()


def test_an_arm_without_power_is_a_silent_bus(bench: Callable) -> None:
    on = bench(powered=False)
    with pytest.raises(DynacollectError, match="the CAN bus is silent"):
        on.arm.connect()


@pytest.mark.parametrize("package", ["piper_sdk", "can"])
def test_without_the_extra_the_remedy_is_one_line(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Absent:
        """As on a machine where it was never installed."""

        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == package:
                raise ModuleNotFoundError(f"No module named '{name}'", name=name)

    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Absent, *sys.meta_path])
    name = {"can": "python-can"}.get(package, package)
    with pytest.raises(DynacollectError) as raised:
        Coding()
    assert str(raised.value) == f"{name} is not installed; run: uv pip install 'dynacollect[piper]'"


def test_a_broken_package_keeps_its_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "piper_sdk"]:
        monkeypatch.delitem(sys.modules, name)
    (tmp_path / "piper_sdk").mkdir()
    (tmp_path / "piper_sdk" / "__init__.py").write_text("raise ImportError('libsomething.so.7 is gone')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(DynacollectError, match=r"cannot be used \(libsomething.so.7 is gone\)") as raised:
        Coding()
    assert isinstance(raised.value.__cause__, ImportError)


def test_power_on_to_motion(bench: Callable) -> None:
    """From standby, drives off, and a gripper that does not know its travel."""
    on = bench()
    firmware = on.stand_in.firmware
    assert not any(firmware.enabled) and firmware.control == 0 and firmware.stroke_mm == 0
    info = on.arm.connect()
    assert (info.driver, info.firmware, info.rate_hz) == ("piper", "S-V1.8-2", 200.0)
    on.wait(0.1)
    assert all(firmware.enabled) and firmware.control == 1 and firmware.stroke_mm == 70 and firmware.hand_enabled
    np.testing.assert_allclose(on.body.joints()[0], PIPER.home, atol=1e-4)
    assert on.arm.read().gripper_width == pytest.approx(0.07, abs=1e-5)


def test_after_a_reset_enabling_is_said_again(bench: Callable) -> None:
    on = bench()
    on.stand_in.firmware.enables_due = 3
    on.arm.connect()
    assert all(on.stand_in.firmware.enabled)


def test_old_firmware_with_its_own_zero(bench: Callable) -> None:
    """The flag is for the joints' zero: the tool of the same joints lies elsewhere."""
    on = bench("arm.old_firmware" + FOREVER, dh_is_offset=0)
    assert on.arm.connect().firmware == "S-V1.5-8"
    moved = kinematics.forward(on.arm.model, PIPER.home).inv() * kinematics.forward(PIPER, PIPER.home)
    assert np.rad2deg(moved.rotation.magnitude()) == pytest.approx(0.0, abs=1e-6)
    assert 0.005 < float(np.linalg.norm(moved.translation)) < 0.05


def test_shadow_only_listens(bench: Callable) -> None:
    on = bench(shadow=True)
    on.stand_in.firmware.stroke_mm = 70
    on.arm.connect()
    for _ in on.run(0.4):
        pass
    assert not any(on.stand_in.firmware.enabled)
    assert {frame.id for frame in on.sent} <= {0x472, 0x4AF}
    assert on.arm.read().measured_at == pytest.approx(on.now, abs=0.01)
    assert on.faults == {}


def test_slow_is_slow(bench: Callable) -> None:
    on = bench(speed_share=0.1)
    on.arm.connect()
    np.testing.assert_allclose(on.arm.model.max_velocity, 0.3)
    on.arm.command(type(on.swing())(np.array([on.now]), (PIPER.home + 0.5)[None]))
    on.wait(0.5)
    fastest = np.abs(np.diff(on.targets, axis=0)).max() / 0.005
    assert fastest <= 0.3 + 0.01
    assert [frame.data[2] for frame in on.sent if frame.id == 0x151][-1] == 12


def test_a_gripper_that_reports_otherwise_is_corrected(bench: Callable) -> None:
    """45 mm asked for come out as 45 mm, and a 40 mm block reads 40 mm."""
    on = bench(gripper_offset_m=0.002, gripper_scale=1.25, thing_m=0.04)
    plain, body = on.stand_in.firmware.reported_width, on.body
    on.stand_in.firmware.reported_width = lambda width: 0.002 + 1.25 * plain(width)
    on.arm.connect()
    asked = on.swing()
    on.arm.command(type(asked)(asked.times, asked.joints, type(asked.grip)(0.0, 20.0)))
    on.wait(0.6)
    assert body.gripper()[0] == pytest.approx(0.04)
    assert on.arm.read().gripper_width == pytest.approx(0.04, abs=1e-5)


@pytest.mark.parametrize(
    ("text", "version"),
    [("S-V1.8-2", (1, 8, 2)), ("S-V1.6-3", (1, 6, 3)), ("S-V1.5-8", (1, 5, 8)), ("", None), ("S-V1", None)],
)
def test_versions(text: str, version: tuple[int, int, int] | None) -> None:
    assert version_of(text) == version


def description(**data: Any) -> str:
    """As `ip -details -json link show can0` prints it, shortened."""
    info = {"state": "ERROR-ACTIVE", "restart_ms": 100, "bittiming": {"bitrate": 1000000, "sample_point": "0.750"}}
    return json.dumps([{"ifname": "can0", "linkinfo": {"info_kind": "can", "info_data": info | data}}])


def test_the_link_is_checked(tmp_path: Path) -> None:
    (tmp_path / "can0").mkdir()
    state = tmp_path / "can0" / "operstate"
    state.write_text("up\n")
    check_link("can0", tmp_path, description())
    check_link("can0", tmp_path, "")
    with pytest.raises(DynacollectError, match="there is no CAN interface 'can7'; plug in the adapter"):
        check_link("can7", tmp_path, description())
    with pytest.raises(DynacollectError, match=r"runs at 500000 bit/s .* run: sudo ip link set can0 down; .* 1000000"):
        check_link("can0", tmp_path, description(bittiming={"bitrate": 500000}))
    with pytest.raises(DynacollectError, match="'can0' is bus-off"):
        check_link("can0", tmp_path, description(state="BUS-OFF"))
    state.write_text("down\n")
    with pytest.raises(DynacollectError, match="'can0' is down; run: sudo ip link set can0 down"):
        check_link("can0", tmp_path, description())


def test_an_arm_that_lies_a_little_beyond_its_stops_is_taken_over(bench: Callable) -> None:
    """As it does when it rests without power: joints 2 and 3 at 0, less what their encoders are off."""
    on = bench()
    on.body._position[1:3] = np.deg2rad([-0.4, 0.3])
    on.body.follower.rest_at(on.body._position)
    on.arm.connect()
    on.wait(0.4)
    assert on.faults == {} and on.stand_in.firmware.status == 0
    assert PIPER.inside_limits(on.targets[-1])


def test_an_arm_far_beyond_its_limits_is_not_taken_over(bench: Callable) -> None:
    on = bench()
    on.body._position[4] = np.deg2rad(84.0)
    on.body.follower.rest_at(on.body._position)
    with pytest.raises(DynacollectError, match="joint 5 reports 84 degrees, which is beyond its limit; support"):
        on.arm.connect()
    assert on.motion_times == [] and not any(on.stand_in.firmware.enabled)
