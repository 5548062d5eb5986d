"""Connects every part of a rig, watches it for a while, and says of each whether it will do."""

from __future__ import annotations

from dataclasses import dataclass

from .camera import CameraHealth, CameraInfo
from .clock import Clock, Ticker
from .config import RigConfig
from .errors import DynacollectError
from .rig import Rig

WATCH_S = 3.0
RATE_TOLERANCE = 0.05
PERIOD_S = 0.04
SETTLE_S = 1.0
ENOUGH_SETS = 0.9


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the rig and the finding on it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Check:
    """All findings."""

    parts: tuple[Part, ...]

    @property
    def ok(self) -> bool:
        return all(part.ok for part in self.parts)


def check(rig: Rig, watch_s: float = WATCH_S) -> Check:
    """Connect, watch for some seconds, and report part by part; nothing moves."""
    try:
        with rig:
            return Check((*devices(rig, watch_s), _clock(rig.clock), _calibration(rig.config)))
    except DynacollectError as error:
        return Check((Part("connect", False, str(error)),))


def devices(rig: Rig, watch_s: float = WATCH_S) -> tuple[Part, ...]:
    """Arm, cameras and their pairing, of a rig that is connected."""
    sets = _watch(rig, watch_s) if rig.cameras else []
    cameras = [_camera(rig.config, name, rig) for name in rig.cameras]
    return (_arm(rig), *cameras, *([_pairing(rig, sets)] if rig.cameras else []))


def _watch(rig: Rig, watch_s: float) -> list[tuple[float, int]]:
    """Skew and number of missing cameras of each tick, once the streams have settled."""
    begin = rig.clock.now()
    for slot in Ticker(rig.clock, PERIOD_S):
        rig.see()
        if slot.due >= begin + SETTLE_S:
            break
    found: list[tuple[float, int]] = []
    for slot in Ticker(rig.clock, PERIOD_S, start=rig.next_start(PERIOD_S)):
        frames = rig.see()
        rig.feel()
        found.append((frames.skew, len(frames.missing)))
        if slot.index * PERIOD_S >= watch_s:
            break
    return found


def _arm(rig: Rig) -> Part:
    rig.feel()
    health, info = rig.arm.health(), rig.arm_info
    label = f"{info.driver} {info.serial}, firmware {info.firmware}" if info else "?"
    faults = "; ".join(f"{fault.name}: {fault.detail}" for fault in health.faults)
    detail = f"{label}, {rig.arm.model.name}, feedback {1e3 * health.age_s:.0f} ms old, {health.temperature_c:.0f} C"
    return Part("arm", not health.faults, f"{detail}; {faults}" if faults else detail)


def _camera(config: RigConfig, name: str, rig: Rig) -> Part:
    info, health, asked = rig.camera_infos[name], rig.cameras[name].health(), config.cameras[name]
    wrong = [f"{fault.name}: {fault.detail}" for fault in health.faults]
    if (info.width, info.height) != (asked.width, asked.height):
        wrong.append(f"asked for {asked.width}x{asked.height}; set a size that the camera offers")
    if abs(health.rate_hz / asked.fps - 1.0) > RATE_TOLERANCE:
        wrong.append(f"delivers {health.rate_hz:.1f} of {asked.fps:g} frames/s; check cable, hub and exposure")
    return Part(name, not wrong, "; ".join([_camera_detail(info, health), *wrong]))


def _camera_detail(info: CameraInfo, health: CameraHealth) -> str:
    return (
        f"{info.driver} {info.serial}, firmware {info.firmware}, "
        f"{info.width}x{info.height} at {health.rate_hz:.1f} Hz, exposure {1e3 * info.exposure_s:g} ms, "
        f"frame {1e3 * health.age_s:.0f} ms old, latency {1e3 * health.latency_s:.0f} ms, "
        f"clock drift {health.clock_drift_ppm:+.0f} ppm, "
        f"{health.dropped} dropped, {health.repeated} repeated"
    )


def _pairing(rig: Rig, sets: list[tuple[float, int]]) -> Part:
    complete = [skew for skew, missing in sets if missing == 0]
    share = len(complete) / max(1, len(sets))
    worst = max(complete, default=float("nan"))
    pairing = rig.config.pairing
    detail = (
        f"{share:.0%} of ticks have all {len(rig.cameras)} cameras, skew at most {1e3 * worst:.1f} ms "
        f"(soft {1e3 * pairing.soft_s:g}, hard {1e3 * pairing.hard_s:g})"
    )
    enough = share >= ENOUGH_SETS
    return Part("pairing", enough, detail if enough else f"{detail}; raise pairing.hard_s or sync the cameras")


def _clock(clock: Clock) -> Part:
    late = getattr(clock, "late_waits", 0)
    return Part("clock", True, f"{type(clock).__name__}, now {clock.now():.2f} s, {late} late")


def _calibration(config: RigConfig) -> Part:
    if config.calibration is None:
        return Part("calibration", True, "none named; tracking and collecting will need one")
    return Part("calibration", True, str(config.calibration))
