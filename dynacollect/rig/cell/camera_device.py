"""The camera itself, as a thing in the cell: exposes on its own clock and sends frames on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..camera_model import CameraModel
from ..config import CameraConfig
from ..config_cell import CellSensor
from ..errors import DynacollectError
from ..nouns import Image
from .eye import Eye
from .faults import FaultPlan, Injected
from .sensor import Flaws, Sensor
from .world import Snapshot

MAX_SAMPLES = 4
"""Renderings for one blurred picture, at most."""
SMEAR_PX = 1.5
"""Motion during the exposure that still passes as sharp."""
KEPT = 64
"""Exposures remembered for whoever measures against truth."""
BOOT_S = 0.5
"""From a restart to the first frame."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """A frame on its way to the host."""

    sequence: int
    shots: tuple[Snapshot, ...]
    middle: float
    device_time: float
    arrives_at: float
    flaws: Flaws
    T_parent_camera: RigidTransform
    repeats: bool


class CameraDevice:
    """What is inside the housing; `expose` is called by the cell at `next_exposure`."""

    def __init__(
        self, config: CameraConfig, sensor: CellSensor, truth: CameraModel, eye: Eye, faults: FaultPlan, seed: int
    ) -> None:
        self.config, self.sensor_config, self.truth, self.eye = config, sensor, truth, eye
        self._faults, self.seed = faults, seed
        self.sensor = Sensor(truth, sensor.vignetting, sensor.shot_noise, sensor.read_noise, seed)
        rng = np.random.default_rng([seed, 0xC0])
        self.period = 1.0 / config.fps
        self.streaming = False
        self._phase = float(rng.uniform(0.0, 0.2)) * self.period
        self._clock_offset = sensor.clock_offset_s + float(rng.uniform(100.0, 200.0))
        self._count = 0
        self._sequence_base = 0
        self._stalled_until = -1.0
        self._handled: set[int] = set()
        self._in_flight: deque[Exposure] = deque()
        self._developed: dict[int, Image] = {}
        self.recent: deque[Exposure] = deque(maxlen=KEPT)

    @property
    def name(self) -> str:
        return self.truth.name

    def arrived(self, now: float) -> list[Exposure]:
        """Take out what has reached the host by now, in order of capture."""
        done = [exposure for exposure in self._in_flight if exposure.arrives_at <= now]
        for exposure in done:
            self._in_flight.remove(exposure)
        return done

    def start(self) -> None:
        self._in_flight.clear()
        self.streaming = True

    def restart(self, now: float) -> None:
        """Reset the device; a stalled stream comes back unless the device is gone."""
        if "unplugged" in self._faults.active(self.name, now):
            raise DynacollectError(f"{self.name} ({self.config.serial}) is not on the bus; check its cable")
        for index, fault in enumerate(self._faults.of(self.name)):
            if fault.kind.name == "freeze" and fault.active(now):
                self._handled.add(index)
        self._in_flight.clear()
        self._stalled_until = now + BOOT_S

    def temperature(self, now: float) -> float:
        hot = self._faults.active(self.name, now).get("hot")
        return hot.size if hot else 41.0

    @property
    def next_exposure(self) -> float:
        """The middle of the next exposure, true time."""
        return self._phase + self._count * self.period

    def expose(self, take: Callable[[float], Snapshot], smear: Callable[[Snapshot, CameraDevice], float]) -> None:
        """Expose a frame whose middle is now; `take` gives the world at an instant, `smear` its motion in px/s."""
        middle = self.next_exposure
        self._count += 1
        faults = self._faults.active(self.name, middle)
        sequence = self._count + self._sequence_base
        rng = np.random.default_rng([self.seed, 0xF, self._count])
        dropped, repeated = rng.random(2)
        latency = self.sensor_config.latency_s + float(rng.exponential(self.sensor_config.latency_jitter_s))
        if not self.streaming or self._is_stalled(middle) or dropped < self._drop_rate(faults):
            return
        if "late" in faults:
            latency += faults["late"].size
        self._in_flight.append(
            Exposure(
                sequence=sequence,
                shots=self._shots(middle, take, smear),
                middle=middle,
                device_time=self._device_time(middle),
                arrives_at=middle + latency,
                flaws=self._flaws(faults),
                T_parent_camera=self._pose(middle),
                repeats=repeated < self._repeat_rate(faults),
            )
        )
        self.recent.append(self._in_flight[-1])

    def _shots(
        self, middle: float, take: Callable[[float], Snapshot], smear: Callable[[Snapshot, CameraDevice], float]
    ) -> tuple[Snapshot, ...]:
        """The world at the middle of the exposure, or at several instants of it when something smears."""
        shot = take(middle)
        exposure = self.config.exposure_s
        wanted = smear(shot, self) * exposure / SMEAR_PX
        count = int(np.clip(np.ceil(wanted), 1, MAX_SAMPLES))
        if count == 1:
            return (shot,)
        offsets = (np.arange(count) + 0.5) / count - 0.5
        return tuple(take(middle + float(offset) * exposure) for offset in offsets)

    def develop_all(self) -> None:
        """Render what is still on its way, before the scene that it shows is gone."""
        self._developed = {exposure.sequence: self.picture(exposure) for exposure in self._in_flight}

    def picture(self, exposure: Exposure) -> Image:
        if exposure.sequence in self._developed:
            return self._developed.pop(exposure.sequence)
        detail, (width, height) = self.eye.detail, self.sensor.render_size
        size, focal = (detail * width, detail * height), detail * self.sensor.render_focal
        samples = [self.eye.see(shot, self.pose_at(shot, exposure), size, focal) for shot in exposure.shots]
        return self.sensor.expose(samples, exposure.sequence, exposure.flaws, detail)

    def pose_at(self, shot: Snapshot, exposure: Exposure) -> RigidTransform:
        """Where the camera really was."""
        if self.config.mount == "fixed":
            return exposure.T_parent_camera
        return self.eye.flange_pose(shot) * exposure.T_parent_camera

    def _pose(self, time: float) -> RigidTransform:
        bumped = self._faults.active(self.name, time).get("bumped")
        if bumped is None:
            return self.truth.T_parent_camera
        turn = Rotation.from_rotvec(bumped.size * np.array([0.6, 0.75, 0.3]))
        return self.truth.T_parent_camera * RigidTransform.from_components([0.2 * bumped.size, 0.0, 0.0], turn)

    def _flaws(self, faults: Mapping[str, Injected]) -> Flaws:
        share = faults["tint"].size if "tint" in faults else 0.0
        return Flaws(
            defocus_px=faults["blur"].size if "blur" in faults else 0.0,
            tint=(1 + share / 2, 1.0, 1 - share / 2) if share else (1.0, 1.0, 1.0),
            gain=faults["dark"].size if "dark" in faults else 1.0,
            zoom=faults["zoom"].size if "zoom" in faults else 1.0,
        )

    def _drop_rate(self, faults: Mapping[str, Injected]) -> float:
        return max(self.sensor_config.drop_rate, faults["gap"].size if "gap" in faults else 0.0)

    def _repeat_rate(self, faults: Mapping[str, Injected]) -> float:
        return max(self.sensor_config.repeat_rate, faults["repeat"].size if "repeat" in faults else 0.0)

    def _is_stalled(self, time: float) -> bool:
        if time < self._stalled_until:
            return True
        for index, fault in enumerate(self._faults.of(self.name)):
            if fault.kind.name == "restart_jump" and time >= fault.start and index not in self._handled:
                self._handled.add(index)
                self._stalled_until = time + fault.size
                self._sequence_base = -self._count
                self._clock_offset -= 57.0
                return True
            if fault.kind.name in ("freeze", "unplugged") and fault.active(time) and index not in self._handled:
                return True
        return False

    def _device_time(self, time: float) -> float:
        drift, offset = self.sensor_config.clock_drift_ppm, self._clock_offset
        extra = 0.0
        for fault in self._faults.of(self.name):
            if fault.kind.name == "clock_jump" and fault.active(time):
                offset += fault.size
            if fault.kind.name == "clock_drift" and time > fault.start:
                extra += fault.size * 1e-6 * (min(time, fault.end) - fault.start)
        return time * (1 + drift * 1e-6) + extra + offset
