"""Findings on the machine itself: kernel, rights, clocks, processor, disk."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...rig.clock import HostClock
from .finding import Finding
from .host import Host

TURNS, TURN_S, LATE_S = 100, 0.002, 0.002
"""Waits that are tried, how long each is, and how late one in a hundred may end."""
LITTLE_BYTES = 20e9
"""About 2,000 episodes of three cameras."""
STEADY_CLOCKS = ("tsc", "kvm-clock", "arch_sys_counter")


def machine(host: Host, folder: Path, *, franka: bool) -> Iterator[Finding]:
    """`folder`: where sessions go; `franka`: its 1 kHz loop runs here."""
    yield _kernel(host, franka=franka)
    yield _priority(franka=franka)
    yield _governor(host)
    yield _clock(host)
    yield _wall_clock(host)
    yield _waits()
    yield _disk(folder)


def _kernel(host: Host, *, franka: bool) -> Finding:
    release = host.read("/proc/sys/kernel/osrelease")
    if host.read("/sys/kernel/realtime") == "1":
        return Finding("kernel", "good", f"{release}, real-time")
    remedy = "boot a PREEMPT_RT kernel (docs/franka.md); no other arm needs it"
    return Finding("kernel", "bad" if franka else "note", f"{release}, not real-time", remedy)


def _priority(*, franka: bool) -> Finding:
    most = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
    if os.geteuid() == 0 or most >= 1:
        return Finding("real-time priority", "good", "allowed")
    remedy = "add '@realtime - rtprio 99' to /etc/security/limits.conf, join the group, log in again"
    return Finding("real-time priority", "bad" if franka else "note", "not allowed to this user", remedy)


def _governor(host: Host) -> Finding:
    found = host.read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    said = f"{os.cpu_count()} cores{f', governor {found}' if found else ''}"
    if found in ("", "performance"):
        return Finding("processor", "good", said)
    return Finding("processor", "note", said, "sudo cpupower frequency-set -g performance")


def _clock(host: Host) -> Finding:
    found = host.read("/sys/devices/system/clocksource/clocksource0/current_clocksource")
    if found in ("", *STEADY_CLOCKS):
        return Finding("clock", "good", found or "not told")
    return Finding("clock", "note", f"{found} is slow to read", "boot with clocksource=tsc tsc=reliable")


def _wall_clock(host: Host) -> Finding:
    synced = any(host.path(name).exists() for name in ("/run/systemd/timesync/synchronized", "/run/chrony/chronyd.pid"))
    if synced:
        return Finding("wall clock", "good", "kept by time synchronisation")
    return Finding("wall clock", "note", "not synchronised: labels of sessions may be off", "sudo apt install chrony")


def _waits() -> Finding:
    clock, late = HostClock(), []
    for _ in range(TURNS):
        due = clock.now() + TURN_S
        clock.wait_until(due)
        late.append(clock.now() - due)
    worst = float(np.quantile(late, 0.99))
    said = f"a wait of {1e3 * TURN_S:.0f} ms ends up to {1e3 * worst:.1f} ms late"
    return Finding("timing", "good", said) if worst < LATE_S else Finding("timing", "note", said, "stop what else runs")


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder.resolve(), *folder.resolve().parents) if path.exists())
    free = shutil.disk_usage(there).free
    said = f"{free / 1e9:.0f} GB free at {there}"
    if not os.access(there, os.W_OK):
        return Finding("disk", "bad", f"{there} cannot be written to", "name another folder with --out")
    if free < LITTLE_BYTES:
        return Finding("disk", "note", said, "2,000 episodes take about 20 GB: make room")
    return Finding("disk", "good", said)
