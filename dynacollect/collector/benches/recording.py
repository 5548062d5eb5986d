"""What recording costs the control loop: paced ticks with natural pictures, ours beside LeRobot's writer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial.transform import RigidTransform

from ...datasets.raw import EpisodeLostError, Head, Recorder
from ...rig.camera_model import CameraModel
from ...rig.clock import HostClock, Ticker
from ...rig.nouns import ArmState, Command, Frame, FrameSet, Grip, Image, ObjectState, Tick, Vector, Verdict

CAMERAS = ("opst_cam", "side_cam", "wrist_cam")
DIFFERENT = 50
"""Pictures that are made beforehand; they come in turn."""
NOISE = 3.0
"""Grey levels of sensor noise: what makes pictures dear to encode."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one writer took."""

    dropped: int
    """Pictures that were not kept."""
    tick_ms: dict[str, float]
    """Median, p99 and the most of handing one tick over."""
    cpu_cores: float
    """Of the whole process, while it recorded and committed."""
    commit_ms: dict[str, float]
    """From the last tick until the episode is kept."""
    late_ticks: int
    """Ticks that came after they were due."""
    megabytes: float
    """Of one episode."""


@dataclass(frozen=True, slots=True)
class RecordingCost(Cost):
    """Ours, and LeRobot's by codec."""

    lerobot: dict[str, Cost] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Load:
    """What is recorded."""

    width: int = 480
    height: int = 360
    fps: float = 25.0
    seconds: float = 10.0
    episodes: int = 3

    @property
    def ticks(self) -> int:
        return round(self.fps * self.seconds)


def bench_recording(load: Load, codecs: tuple[str, ...]) -> RecordingCost:
    """Ours first, then LeRobot with each codec, one after another in this process."""
    pictures = natural(load)
    with tempfile.TemporaryDirectory(prefix="dynacollect-") as folder:
        ours = _ours(load, pictures, Path(folder) / "raw")
        theirs = {codec: _lerobot(load, pictures, Path(folder) / codec, codec) for codec in codecs}
    parts = {name: getattr(ours, name) for name in Cost.__dataclass_fields__}
    return RecordingCost(**parts, lerobot=theirs)


def natural(load: Load) -> list[Image]:
    """Pictures of a moving scene with noise."""
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(30, 220, (12, 40, 3)).astype(np.uint8), (load.width + 4 * DIFFERENT, load.height))
    fine = cv2.resize(rng.normal(0, 12, (90, 300, 3)), (load.width + 4 * DIFFERENT, load.height))
    scene = ground + fine
    return [
        np.clip(scene[:, 4 * k : 4 * k + load.width] + rng.normal(0, NOISE, (load.height, load.width, 3)), 0, 255)
        .astype(np.uint8)
        for k in range(DIFFERENT)
    ]  # fmt: skip


class _Timed:
    """Gathers what ticks and commits took."""

    def __init__(self) -> None:
        self.clock = HostClock()
        self._begin, self._cpu = self.clock.now(), _cpu_seconds()
        self.ticks: list[float] = []
        self.commits: list[float] = []
        self.late = 0

    def cost(self, dropped: int, size: float) -> Cost:
        cores = (_cpu_seconds() - self._cpu) / (self.clock.now() - self._begin)
        return Cost(dropped, _spread(self.ticks), cores, _spread(self.commits), self.late, size / 1e6)


def _ours(load: Load, pictures: list[Image], folder: Path) -> Cost:
    timed = _Timed()
    clock = timed.clock
    K = np.array([[240.0, 0, load.width / 2], [0, 240.0, load.height / 2], [0, 0, 1]])
    cameras = {name: CameraModel(name, load.width, load.height, K) for name in CAMERAS}
    recorder, dropped, size = Recorder(folder, clock), 0, 0.0
    for _ in range(load.episodes):
        recording = recorder.begin(Head("pick", ("pick up the mug",), "panda", cameras, fps=load.fps))
        for tick in _paced(load, pictures, timed):
            begin = clock.now()
            recording.tick(tick)
            timed.ticks.append(clock.now() - begin)
        begin = clock.now()
        try:
            kept = recording.commit(Verdict(True, 1.0, "held"))
        except EpisodeLostError:
            dropped += load.ticks * len(CAMERAS)
            continue
        timed.commits.append(clock.now() - begin)
        size = sum(file.stat().st_size for file in kept.iterdir())
    return timed.cost(dropped, size)


def _lerobot(load: Load, pictures: list[Image], folder: Path, codec: str) -> Cost:
    from lerobot.configs.video import RGBEncoderConfig
    from lerobot.datasets.lerobot_dataset import LeRobotDataset

    features = {
        **{
            f"observation.images.{name}": {
                "dtype": "video", "shape": (load.height, load.width, 3), "names": ["height", "width", "channels"],
            }
            for name in CAMERAS
        },
        "observation.state": {"dtype": "float32", "shape": (6,), "names": None},
        "action": {"dtype": "float32", "shape": (7,), "names": None},
    }  # fmt: skip
    kept = LeRobotDataset.create(
        "bench/record", round(load.fps), features, root=folder, streaming_encoding=True,
        rgb_encoder=RGBEncoderConfig(vcodec=codec),
    )  # fmt: skip
    timed = _Timed()
    clock = timed.clock
    for _ in range(load.episodes):
        for tick in _paced(load, pictures, timed):
            begin = clock.now()
            row = {f"observation.images.{name}": frame.image for name, frame in tick.frames.frames.items()}
            state, action = np.zeros(6, np.float32), np.zeros(7, np.float32)
            kept.add_frame({**row, "observation.state": state, "action": action, "task": "pick up the mug"})
            timed.ticks.append(clock.now() - begin)
        begin = clock.now()
        kept.save_episode()
        timed.commits.append(clock.now() - begin)
    kept.finalize()
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / load.episodes
    return timed.cost(_missing(folder, load), size)


def _missing(folder: Path, load: Load) -> int:
    """Pictures that were handed over and are in no video."""
    import av

    found = 0
    for path in folder.rglob("*.mp4"):
        with av.open(str(path)) as container:
            found += sum(1 for packet in container.demux(video=0) if packet.size)
    return load.episodes * load.ticks * len(CAMERAS) - found


def _paced(load: Load, pictures: list[Image], timed: _Timed) -> Iterator[Tick]:
    """Ticks at their times."""
    ticker = Ticker(timed.clock, 1.0 / load.fps)
    for index in range(load.ticks):
        slot = ticker.next()
        timed.late += slot.missed
        yield _tick(index, slot.started, pictures)


def _tick(index: int, time: float, pictures: list[Image]) -> Tick:
    frames = {
        name: Frame(pictures[(index + 7 * number) % len(pictures)], name, index, time - 0.02, time - 0.005, time)
        for number, name in enumerate(CAMERAS)
    }
    zeros: Vector = np.zeros(7)
    arm = ArmState(zeros, zeros, zeros, RigidTransform.identity(), 0.08, 0.0, time - 0.002, time - 0.001)
    state = ObjectState("target0", RigidTransform.identity(), np.zeros(3), np.zeros(3), 1e-6 * np.eye(12), time)
    return Tick(
        index, time, FrameSet(frames), arm, {"target0": state}, "APPROACH",
        Command(RigidTransform.identity(), grip=Grip(0.08, 20.0)),
    )  # fmt: skip


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _spread(seconds: list[float]) -> dict[str, float]:
    values = 1e3 * np.array(seconds or [np.nan])
    return {
        "median": float(np.median(values)), "p99": float(np.quantile(values, 0.99)), "max": float(values.max()),
    }  # fmt: skip
