"""What a rig names, and is not there."""

from __future__ import annotations

from collections.abc import Iterator

from ...rig.config import RigConfig
from .finding import Finding
from .host import Host
from .plugged import can_links


def plugged_for(rig: RigConfig, host: Host) -> Iterator[Finding]:
    """The rig's parts that can be looked for without opening them."""
    arm = rig.arm
    if arm.driver == "piper" and arm.interface == "socketcan":
        there = can_links(host)
        if arm.channel not in there:
            remedy = f"plug in the adapter, or name one of {', '.join(there)}" if there else "plug in the CAN adapter"
            yield Finding("arm", "bad", f"there is no CAN interface {arm.channel}", remedy)
    for name, camera in rig.cameras.items():
        if camera.driver == "uvc" and not host.path(camera.device).exists():
            yield Finding(
                name, "bad", f"there is no {camera.device}", "plug the camera in, or look into /dev/v4l/by-id"
            )
