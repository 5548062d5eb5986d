"""The doctor, on machines made of files: every lack is found under its name, with a remedy, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.collector.doctor import Finding, examine
from dynacollect.collector.doctor.host import Host
from dynacollect.collector.doctor.plugged import can_links, realsenses, videos
from dynacollect.collector.doctor.scan import scan
from dynacollect.collector.doctor.software import software
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.starter import Robot

USB = "/sys/bus/usb/devices/2-1"
CAN = "/sys/class/net/can0"
VIDEO = "/sys/class/video4linux/video0"


class Machine:
    """A machine of a lab that has everything."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, text in {
            "/proc/sys/kernel/osrelease": "6.8.0-rt",
            "/sys/kernel/realtime": "1",
            "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "performance",
            "/sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc",
            "/run/systemd/timesync/synchronized": "",
            f"{USB}/idVendor": "8086",
            f"{USB}/product": "Intel(R) RealSense(TM) Depth Camera 435i",
            f"{USB}/serial": "0123456789",
            f"{USB}/speed": "5000",
            f"{USB}/busnum": "2",
            f"{USB}/devnum": "7",
            "/dev/bus/usb/002/007": "",
            f"{VIDEO}/name": "HD Pro Webcam C920",
            f"{VIDEO}/index": "0",
            "/dev/video0": "",
            f"{CAN}/type": "280",
            f"{CAN}/operstate": "up",
            "/ip/can0.json": json.dumps([{"linkinfo": {"info_data": {"bittiming": {"bitrate": 1000000}}}}]),
        }.items():
            self.write(name, text)
        by_id = root / "dev/v4l/by-id"
        by_id.mkdir(parents=True)
        (by_id / "usb-C920-index0").symlink_to("../../video0")

    def write(self, name: str, text: str) -> None:
        path = self.root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def found(self) -> dict[str, Finding]:
        return {one.part: one for one in examine(None, self.root, Host(self.root))}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


BREAKS: dict[str, tuple[str, Callable[[Machine], None], str]] = {
    "kernel": ("kernel", lambda one: one.write("/sys/kernel/realtime", "0"), "PREEMPT_RT"),
    "governor": (
        "processor",
        lambda one: one.write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave"),
        "performance",
    ),
    "clock": (
        "clock",
        lambda one: one.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet"),
        "clocksource=tsc",
    ),
    "no time": ("wall clock", lambda one: (one.root / "run/systemd/timesync/synchronized").unlink(), "chrony"),
    "usb 2": ("Intel(R) RealSense(TM) Depth Camera 435i", lambda one: one.write(f"{USB}/speed", "480"), "USB 3"),
    "usb rights": (
        "Intel(R) RealSense(TM) Depth Camera 435i",
        lambda one: (one.root / "dev/bus/usb/002/007").unlink(),
        "udev",
    ),
    "video rights": ("/dev/video0", lambda one: (one.root / "dev/video0").unlink(), "-aG video"),
    "can down": ("can0", lambda one: one.write(f"{CAN}/operstate", "down"), "up type can bitrate 1000000"),
    "can slow": (
        "can0",
        lambda one: one.write("/ip/can0.json", '[{"linkinfo": {"info_data": {"bittiming": {"bitrate": 500000}}}}]'),
        "bitrate 1000000",
    ),
}


def test_what_is_plugged_in_is_listed(machine: Machine) -> None:
    host = Host(machine.root)
    assert [(one.device, one.by_id) for one in videos(host)] == [("/dev/video0", "/dev/v4l/by-id/usb-C920-index0")]
    assert [(one.serial, one.mbit) for one in realsenses(host)] == [("0123456789", 5000.0)]
    assert can_links(host) == ["can0"]


@pytest.mark.parametrize("name", BREAKS)
def test_each_lack_is_found_alone(machine: Machine, name: str) -> None:
    part, harm, remedy = BREAKS[name]
    before = machine.found()
    assert before[part].state == "good"
    harm(machine)
    after = machine.found()
    assert after[part].state != "good"
    assert remedy in after[part].remedy
    others = [key for key in before.keys() - {part, "timing", "disk"} if before[key].state != after[key].state]
    assert not others


def test_a_machine_with_nothing(tmp_path: Path) -> None:
    found = {one.part: one for one in examine(None, tmp_path, Host(tmp_path))}
    assert found["kernel"].state == "note"
    assert not any(one.startswith(("/dev", "can")) for one in found)


def test_odd_files_are_no_news(machine: Machine) -> None:
    for name in (f"{USB}/speed", f"{USB}/busnum", f"{VIDEO}/index", "/ip/can0.json"):
        machine.write(name, "\udcff?".encode("utf-8", "surrogateescape").decode("latin1"))
    machine.write(f"{CAN}/operstate", "")
    assert machine.found()["can0"].state == "bad"


def test_an_extra_that_the_rig_needs_must_load(monkeypatch: pytest.MonkeyPatch) -> None:
    good = {one.part: one for one in software({"piper"})}
    assert good["extra piper"].state == "good"
    monkeypatch.setattr("dynacollect.collector.doctor.software.EXTRAS", {"piper": ("no-such-package-here", "nothing")})
    lacking = {one.part: one for one in software({"piper"})}["extra piper"]
    assert (lacking.state, lacking.remedy) == ("bad", "uv pip install 'dynacollect[piper]'")
    assert {one.part: one for one in software()}["extra piper"].state == "note"
    monkeypatch.setattr("dynacollect.collector.doctor.software.EXTRAS", {"piper": ("numpy", "numpy.nothing_here")})
    broken = {one.part: one for one in software({"piper"})}["extra piper"]
    assert broken.state == "bad"
    assert "No module named 'numpy.nothing_here'" in broken.detail


def test_what_the_rig_names_and_is_not_there(tmp_path: Path) -> None:
    rig = load_rig("cell-piper")
    arm = {"driver": "piper", "model": "piper", "channel": "can7"}
    rig = type(rig).model_validate({**rig.model_dump(mode="json", by_alias=True), "arm": arm})
    found = {one.part: one for one in examine(rig, tmp_path, Host(tmp_path))}
    assert (found["arm"].state, found["arm"].detail) == ("bad", "there is no CAN interface can7")
    assert found["extra piper"].detail.endswith("loads")


@pytest.mark.parametrize("robot", ["franka-fr3", "piper"])
def test_a_scan_is_a_rig(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, robot: Robot) -> None:
    """What is plugged in is named in a file that loads; no camera of Intel's SDK is there to be asked."""
    monkeypatch.setattr("dynacollect.rig.cameras.realsense.sdk.serials", lambda: ["0146222254321"])
    path = tmp_path / "lab.yaml"
    scan(path, robot, Host(machine.root))
    rig = load_rig(path)
    assert [(camera.driver, camera.serial) for camera in rig.cameras.values()] == [
        ("realsense", "0146222254321"), ("uvc", "usb-C920-index0"),
    ]  # fmt: skip
    assert rig.arm.driver == ("piper" if robot == "piper" else "franka")
    assert rig.stage.launch is None
    before = path.read_text()
    with pytest.raises(DynacollectError, match="exists and is left as it is"):
        scan(path, robot, Host(machine.root))
    assert path.read_text() == before


def test_nothing_to_scan(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match="no camera is plugged in"):
        scan(tmp_path / "lab.yaml", "piper", Host(tmp_path))
    assert not (tmp_path / "lab.yaml").exists()


def test_the_command() -> None:
    ran = CliRunner().invoke(cli.app, ["doctor", "--json"])
    said = json.loads(ran.stdout)
    assert ran.exit_code == (0 if said["ok"] else 1)
    assert {"part", "state", "detail", "remedy"} == set(said["findings"][0])
    assert all(one["remedy"] for one in said["findings"] if one["state"] != "good")
