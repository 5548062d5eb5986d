"""Findings on what is plugged in, and on whether it may be used."""

from __future__ import annotations

from collections.abc import Iterator

from ...rig.errors import DynacollectError
from ...rig.piper.link import check_link
from .finding import Finding
from .host import Host
from .plugged import USB3_MBIT, can_links, realsenses, videos

VIDEO_GROUP = "sudo usermod -aG video $USER, then log in again"
UDEV = "install the udev rules of docs/cameras.md, then plug it in again"


def devices(host: Host) -> Iterator[Finding]:
    """Cameras first, then arms."""
    yield from _realsenses(host)
    yield from _videos(host)
    yield from _can(host)


def _realsenses(host: Host) -> Iterator[Finding]:
    for camera in realsenses(host):
        part = camera.name
        if not camera.usable:
            yield Finding(part, "bad", "plugged in, and this user may not open it", UDEV)
        elif camera.mbit < USB3_MBIT:
            yield Finding(part, "bad", f"on a USB 2 line of {camera.mbit:.0f} Mbit/s", "use a USB 3 port and cable")
        else:
            yield Finding(part, "good", f"USB serial {camera.serial or 'unknown'}, {camera.mbit:.0f} Mbit/s")


def _videos(host: Host) -> Iterator[Finding]:
    for camera in videos(host):
        if camera.usable:
            yield Finding(camera.device, "good", f"{camera.name}{f', {camera.by_id}' if camera.by_id else ''}")
        else:
            yield Finding(camera.device, "bad", f"{camera.name}: this user may not open it", VIDEO_GROUP)


def _can(host: Host) -> Iterator[Finding]:
    for name in can_links(host):
        try:
            check_link(name, host.path("/sys/class/net"), host.described(name))
        except DynacollectError as error:
            problem, _, remedy = str(error).partition("; ")
            yield Finding(name, "bad", problem, remedy)
        else:
            yield Finding(name, "good", "a CAN interface, up")
