"""What is plugged in: cameras on USB and on V4L2, and CAN adapters."""

from __future__ import annotations

from dataclasses import dataclass

from .host import Host

INTEL, USB3_MBIT = "8086", 5000
REALSENSE = "realsense"
CAN = "280"
"""A CAN interface's type in sysfs."""


@dataclass(frozen=True, slots=True)
class Video:
    """A V4L2 camera."""

    device: str
    """/dev/video0."""
    name: str
    by_id: str
    """A path that stays the same when it is plugged in again; empty where there is none."""
    usable: bool


@dataclass(frozen=True, slots=True)
class RealSense:
    """A RealSense camera on USB, whether its SDK is installed or not."""

    name: str
    serial: str
    """Of the USB device: the SDK's own serial number is another one."""
    mbit: float
    usable: bool


def videos(host: Host) -> list[Video]:
    """One for each camera: its first stream, without those of RealSense cameras."""
    links = {host.path(f"/dev/v4l/by-id/{link}").resolve().name: link for link in host.names("/dev/v4l/by-id")}
    found = []
    for number in host.names("/sys/class/video4linux"):
        name, index = (host.read(f"/sys/class/video4linux/{number}/{key}") for key in ("name", "index"))
        if index not in ("0", "") or REALSENSE in name.lower():
            continue
        by_id = f"/dev/v4l/by-id/{links[number]}" if number in links else ""
        found.append(Video(f"/dev/{number}", name or number, by_id, host.may_use(f"/dev/{number}")))
    return found


def realsenses(host: Host) -> list[RealSense]:
    found = []
    for device in host.names("/sys/bus/usb/devices"):
        said = {key: host.read(f"/sys/bus/usb/devices/{device}/{key}") for key in _USB}
        if said["idVendor"] == INTEL and REALSENSE in said["product"].lower():
            node = f"/dev/bus/usb/{said['busnum']:0>3}/{said['devnum']:0>3}"
            found.append(RealSense(said["product"], said["serial"], _number(said["speed"]), host.may_use(node)))
    return found


def can_links(host: Host) -> list[str]:
    """CAN interfaces, by name."""
    return [name for name in host.names("/sys/class/net") if host.read(f"/sys/class/net/{name}/type") == CAN]


_USB = ("idVendor", "product", "serial", "speed", "busnum", "devnum")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
