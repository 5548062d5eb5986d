"""All findings, of this machine or of what one rig needs of it."""

from __future__ import annotations

from pathlib import Path

from ...rig.config import RigConfig
from .devices import devices
from .finding import Finding
from .host import Host
from .machine import machine
from .needs import plugged_for
from .software import EXTRAS, software

ROOT = Host()


def examine(rig: RigConfig | None, folder: Path, host: Host = ROOT) -> tuple[Finding, ...]:
    """Nothing is opened and nothing moves."""
    drivers = set() if rig is None else {rig.arm.driver, *(camera.driver for camera in rig.cameras.values())}
    needed = {driver.removesuffix("-sim") for driver in drivers} & EXTRAS.keys()
    found = [*software(needed), *machine(host, folder, franka="franka" in drivers), *devices(host)]
    return (*found, *(plugged_for(rig, host) if rig is not None else ()))
