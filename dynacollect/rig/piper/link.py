"""Whether a CAN interface of the host is fit for the arm: there, up, at the right bit rate, not bus-off."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ..errors import DynacollectError
from .frames import BIT_RATE

NETWORK = Path("/sys/class/net")
ANSWER_S = 5.0


def check_link(channel: str, network: Path = NETWORK, described: str | None = None) -> None:
    """DynacollectError says in one sentence what is wrong and how to put it right; `described` is what `ip` says."""
    up = f"sudo ip link set {channel} down; sudo ip link set {channel} up type can bitrate {BIT_RATE} restart-ms 100"
    state = network / channel / "operstate"
    if not state.is_file():
        raise DynacollectError(
            f"there is no CAN interface '{channel}'; plug in the adapter, see its name with `ip -br link`, "
            "and write it under arm.channel"
        )
    # Only virtual interfaces report `unknown`, and only while they are up.
    if state.read_text().strip() not in ("up", "unknown"):
        raise DynacollectError(f"the CAN interface '{channel}' is down; run: {up}")
    data = _can_data(_ip(channel) if described is None else described)
    rate = data.get("bittiming", {}).get("bitrate")
    if rate is not None and rate != BIT_RATE:
        raise DynacollectError(f"'{channel}' runs at {rate} bit/s and the arm at {BIT_RATE}; run: {up}")
    if data.get("state") == "BUS-OFF":
        raise DynacollectError(
            f"'{channel}' is bus-off after too many errors; check CAN-H, CAN-L and termination, then run: {up}"
        )


def _can_data(description: str) -> dict[str, Any]:
    """What `ip` knows of the interface as a CAN bus; empty where it cannot say."""
    try:
        return json.loads(description)[0]["linkinfo"]["info_data"]
    except (ValueError, LookupError, TypeError):
        return {}


def _ip(channel: str) -> str:
    command = ["ip", "-details", "-json", "link", "show", channel]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
