"""Everything that can go wrong in the cell on order: by name, on one device, at a time.

`opst_cam.freeze@3.0` freezes that camera three seconds after the start; `arm.hot@2+10` lasts ten seconds;
`opst_cam.bumped@5=0.02` sets its size. Drivers are not told: they must see it in what the device hands them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from ..errors import DynacollectError

Device = Literal["camera", "arm", "gripper", "light", "stage"]


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One way in which a device fails."""

    name: str
    device: Device
    effect: str
    seen_as: str
    """The fault in the driver's health that shows it."""
    within_s: float
    """How soon it does, while the arm moves and the gripper is used."""
    size: float = 0.0
    unit: str = ""
    lasts: float = float("inf")
    """Seconds, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class Injected:
    """One fault of one device, from when to when."""

    device: str
    kind: FaultKind
    start: float
    end: float
    size: float

    def active(self, time: float) -> bool:
        return self.start <= time < self.end


CAMERA: tuple[FaultKind, ...] = (
    FaultKind("freeze", "camera", "the stream stalls until it is restarted", "freeze", 0.3),
    FaultKind("unplugged", "camera", "the stream stalls and no restart helps while it lasts", "freeze", 0.3, lasts=3.0),
    FaultKind("gap", "camera", "this share of the frames never arrives", "gap", 1.0, 0.4, "of frames", 2.0),
    FaultKind("repeat", "camera", "frames bring the picture of the one before", "repeat", 1.0, 0.5, "of frames", 2.0),
    FaultKind(
        "restart_jump",
        "camera",
        "re-enumerates: a pause, then counter and clock anew",
        "restart_jump",
        1.6,
        1.0,
        "s pause",
    ),
    FaultKind("late", "camera", "frames arrive later than they should", "late", 1.2, 0.15, "s", 3.0),
    FaultKind("clock_jump", "camera", "the device's clock leaps", "restart_jump", 0.6, 0.4, "s"),
    FaultKind("clock_drift", "camera", "the device's clock runs fast", "clock_drift", 12.0, 3000.0, "ppm"),
    FaultKind("bumped", "camera", "the camera is knocked and stays askew", "bumped", 1.0, 0.015, "rad"),
    FaultKind("zoom", "camera", "the lens is turned: another focal length", "bumped", 1.0, 1.06, "times"),
    FaultKind("blur", "camera", "the lens is out of focus or dirty", "blur", 1.0, 2.5, "px"),
    FaultKind("tint", "camera", "white balance wanders off", "tint", 1.0, 0.5, "red over blue"),
    FaultKind("dark", "camera", "the exposure setting is lost", "light", 1.0, 0.55, "times"),
    FaultKind("hot", "camera", "the camera overheats", "hot", 0.5, 78.0, "C"),
)
LIGHT: tuple[FaultKind, ...] = (
    FaultKind("change", "light", "lamps go darker or brighter", "light", 1.0, 0.5, "times"),
    FaultKind("flicker", "light", "lamps pulse", "flicker", 3.0, 0.5, "share", 4.0),
)
ARM: tuple[FaultKind, ...] = (
    FaultKind("reflex", "arm", "a joint reflex stops the arm", "reflex", 0.1),
    FaultKind("packet_loss", "arm", "communication constraints violated: the arm stops", "communication", 0.1),
    FaultKind("bus_off", "arm", "feedback ends without a word; the arm holds", "stale", 0.2, lasts=2.0),
    FaultKind("estop", "arm", "the emergency stop is pressed until a person releases it", "estop", 0.1, lasts=4.0),
    FaultKind("power_cut", "arm", "the drives lose power and the arm sinks", "drives_off", 0.1),
    FaultKind("self_test_due", "arm", "motion refused until the daily safety self-test has run", "self_test_due", 0.1),
    FaultKind("hot", "arm", "the joint motors overheat", "hot", 0.1, 82.0, "C", 5.0),
    FaultKind("all_zero", "arm", "feedback reads zero: wrong mode or old firmware", "all_zero", 0.5, lasts=2.0),
    FaultKind("frozen", "arm", "feedback repeats one sample while the arm moves", "frozen", 1.0, lasts=2.0),
    FaultKind("torn", "arm", "feedback mixes joints of different instants", "torn", 0.3, 0.15, "rad", 1.0),
    FaultKind("clamped", "arm", "feedback of a joint is pinned to its limit", "clamped", 0.3, lasts=2.0),
    FaultKind("stall", "arm", "drives stall: the arm stops following", "tracking", 1.5, lasts=2.0),
    FaultKind(
        "silent_offset",
        "arm",
        "a knock leaves the arm off while feedback says it is not",
        "disturbed",
        0.2,
        0.04,
        "rad",
    ),
)
GRIPPER: tuple[FaultKind, ...] = (
    FaultKind("jammed", "gripper", "the fingers do not move", "gripper_jammed", 4.0, lasts=4.0),
    FaultKind(
        "slow", "gripper", "the fingers move at a fraction of their speed", "gripper_jammed", 4.0, 0.1, "times", 4.0
    ),
    FaultKind("opens", "gripper", "the fingers open by themselves", "gripper_opened_itself", 1.0, lasts=0.5),
    FaultKind("offset", "gripper", "the width reads too large: stroke not set up", "gripper_range", 3.0, 0.012, "m"),
)
STAGE: tuple[FaultKind, ...] = (
    FaultKind("missing", "stage", "the object to be taken is not put on the table", "missing", 3.0, lasts=4.0),
    FaultKind("stuck", "stage", "what sets the object in motion does not start", "stuck", 8.0, lasts=4.0),
    FaultKind("swapped", "stage", "another object stands where the one to be taken belongs", "missing", 3.0, lasts=4.0),
)
"""What goes wrong on the table: no device knows of it."""
KINDS: tuple[FaultKind, ...] = (*CAMERA, *LIGHT, *ARM, *GRIPPER)

SPEC = re.compile(r"^(?P<device>\w+)\.(?P<kind>\w+)@(?P<start>[\d.]+)(?:\+(?P<lasts>[\d.]+))?(?:=(?P<size>-?[\d.]+))?$")


class FaultPlan:
    """The faults of a run; devices ask it what is wrong with them now."""

    def __init__(self, injected: Iterable[Injected] = ()) -> None:
        self.injected = tuple(injected)

    def mend(self, now: float) -> None:
        """Whatever is wrong now ends."""
        self.injected = tuple(
            replace(fault, end=now) if fault.start <= now < fault.end else fault for fault in self.injected
        )

    def active(self, device: str, time: float) -> dict[str, Injected]:
        """What is wrong with a device at this time, by kind."""
        return {fault.kind.name: fault for fault in self.injected if fault.device == device and fault.active(time)}

    def of(self, device: str) -> tuple[Injected, ...]:
        return tuple(fault for fault in self.injected if fault.device == device)

    def light(self, time: float) -> float:
        """Brightness of the lamps over normal."""
        now = self.active("light", time)
        gain = now["change"].size if "change" in now else 1.0
        if "flicker" in now:
            gain *= 1.0 - now["flicker"].size * (int(time * 4) % 2)
        return gain


def parse(specs: Iterable[str], cameras: Iterable[str], known: tuple[FaultKind, ...] = (*KINDS, *STAGE)) -> FaultPlan:
    """Fault specs as a plan; DynacollectError names what is wrong with one and the nearest right word."""
    return FaultPlan([_parse(spec, tuple(cameras), known) for spec in specs])


def _parse(spec: str, cameras: tuple[str, ...], known: tuple[FaultKind, ...]) -> Injected:
    match = SPEC.match(spec)
    if match is None:
        raise DynacollectError(
            f"--fault '{spec}' is not DEVICE.FAULT@SECONDS[+SECONDS][=SIZE]; write e.g. opst_cam.freeze@3.0"
        )
    device, name = match["device"], match["kind"]
    others = {name: name for name in ("arm", "gripper", "light", "stage")}
    devices: dict[str, str] = dict.fromkeys(cameras, "camera") | others
    if device not in devices:
        raise DynacollectError(f"--fault '{spec}': no device '{device}'; {_nearest(device, devices)}")
    kinds = {kind.name: kind for kind in known if kind.device == devices[device]}
    if name not in kinds:
        raise DynacollectError(f"--fault '{spec}': {device} has no fault '{name}'; {_nearest(name, kinds)}")
    kind, start = kinds[name], _number(spec, match["start"])
    lasts = _number(spec, match["lasts"]) if match["lasts"] else kind.lasts
    return Injected(device, kind, start, start + lasts, _number(spec, match["size"]) if match["size"] else kind.size)


def _number(spec: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DynacollectError(f"--fault '{spec}': '{text}' is not a number; write e.g. opst_cam.freeze@3.0") from None


def _nearest(word: str, known: Iterable[str]) -> str:
    names = tuple(known)
    close = difflib.get_close_matches(word, names, 1)
    return f"did you mean '{close[0]}'?" if close else f"there are {', '.join(names)}"
