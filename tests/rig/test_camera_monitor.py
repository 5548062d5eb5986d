"""A camera's health on synthetic pictures: every anomaly found, none seen where there is none."""

import time as host_time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest

from dynacollect.rig.camera_monitor import CameraMonitor
from dynacollect.rig.clock_fit import ClockFit
from dynacollect.rig.nouns import Frame

PERIOD = 0.04
LATENCY = 0.03
MARGIN = 40
Edit = Callable[[np.ndarray], np.ndarray]


def texture(seed: int) -> np.ndarray:
    """A table with things on it, larger than the view by a margin; float32 RGB."""
    rng = np.random.default_rng(seed)
    height, width = 360 + 2 * MARGIN, 480 + 2 * MARGIN
    picture = np.full((height, width, 3), (150.0, 140.0, 125.0), np.float32)
    for size, strength in ((2, 6.0), (8, 8.0), (40, 12.0)):
        grain = cv2.GaussianBlur(rng.standard_normal((height, width, 1)).astype(np.float32), (0, 0), size)
        picture += (strength / grain.std()) * grain[..., None]
    for _ in range(30):
        corner = rng.integers((0, 0), (width, height))
        end = corner + rng.integers(15, 90, 2)
        cv2.rectangle(picture, corner.tolist(), end.tolist(), rng.uniform(30, 220, 3).tolist(), -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.7)


def view(picture: np.ndarray, dx: float = 0.0, dy: float = 0.0) -> np.ndarray:
    """What a camera sees that turned so that the background moved by (dx, dy) pixels."""
    move = np.array([[1.0, 0.0, dx - MARGIN], [0.0, 1.0, dy - MARGIN]])
    return cv2.warpAffine(picture, move, (480, 360), flags=cv2.INTER_CUBIC)


class Scene:
    """A view with noise and a large patch (a fifth of the view) that wanders through it like an arm."""

    def __init__(self, background: np.ndarray, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self._backgrounds = self._noisy(background, rng)
        arm = np.full((180, 192, 3), (228.0, 226.0, 222.0), np.float32)
        arm[40:90, 30:150] = (40.0, 45.0, 50.0)
        arm[120:150, 60:90] = (200.0, 60.0, 40.0)
        self._arms = self._noisy(arm, rng)

    @staticmethod
    def _noisy(picture: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
        return [np.clip(picture + rng.normal(0.0, 4.0, picture.shape), 0, 255).astype(np.uint8) for _ in range(6)]

    def at(self, time: float, index: int) -> np.ndarray:
        image = self._backgrounds[index % 6].copy()
        x = round(144 + 140 * np.sin(0.7 * time))
        y = round(90 + 85 * np.sin(1.1 * time + 1.0))
        image[y : y + 180, x : x + 192] = self._arms[index % 6]
        return image


@dataclass
class Stream:
    """Frames of one camera; knobs turn while it runs."""

    monitor: CameraMonitor
    scene: Scene
    index: int = 0
    sequence: int = 0
    seed: int = 5
    leap: float = 0.0
    delay: float = 0.0
    temperature_c: float = 45.0

    def __post_init__(self) -> None:
        self._rng = np.random.default_rng(self.seed)
        self._fit = ClockFit(LATENCY)
        self._arrived = 0.0

    def frame(self) -> Frame:
        time = 100.0 + PERIOD * self.index
        late = self._rng.exponential(0.004) + 0.05 * (self._rng.random() < 0.03)
        self._arrived = max(self._arrived, time + LATENCY + self.delay + late)
        image = self.scene.at(time, self.index)
        self.index += 1
        self.sequence += 1
        return Frame(image, "top", self.sequence, time, self._arrived, (1.0 + 1e-4) * time + self.leap)

    def run(self, seconds: float, edit: Callable[[Frame, int], Frame | None] | None = None) -> Iterator[list[str]]:
        for count in range(round(seconds / PERIOD)):
            frame = self.frame()
            if edit is not None:
                frame = edit(frame, count)
            if frame is not None:
                self.monitor.saw(frame, self.temperature_c)
            yield [fault.name for fault in self.monitor.health(self._arrived + 0.001).faults]

    @property
    def now(self) -> float:
        return self._arrived


def seen(steps: Iterator[list[str]]) -> set[str]:
    return {name for names in steps for name in names}


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return texture(1)


@pytest.fixture(scope="module")
def normal(picture: np.ndarray) -> Scene:
    return Scene(view(picture))


@pytest.fixture
def stream(normal: Scene) -> Stream:
    """A camera two seconds after connecting."""
    stream = Stream(CameraMonitor("top", PERIOD), normal)
    assert seen(stream.run(2.0)) == set()
    return stream


def drop(share: float, seed: int = 0) -> Callable[[Frame, int], Frame | None]:
    rng = np.random.default_rng(seed)
    return lambda frame, _: None if rng.random() < share else frame


@pytest.mark.slow
def test_three_minutes_without_a_false_fault(normal: Scene) -> None:
    stream = Stream(CameraMonitor("top", PERIOD), normal)
    assert seen(stream.run(180.0, drop(0.002))) == set()
    health = stream.monitor.health(stream.now)
    assert health.received + health.dropped == pytest.approx(4500, abs=1)
    assert 2 <= health.dropped <= 25
    assert health.repeated == health.restarts == health.clock_jumps == 0
    assert health.rate_hz == pytest.approx(25.0, rel=0.05)
    assert health.latency_s == pytest.approx(LATENCY + 0.003, abs=0.004)
    assert health.clock_drift_ppm == pytest.approx(-100.0, abs=20.0)
    assert health.brightness == pytest.approx(1.0, abs=0.02)
    assert health.tint < 0.005
    assert health.sharpness == pytest.approx(1.0, abs=0.2)
    assert health.shift_px < 0.2


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("light", lambda view: 0.7 * view),
        ("light", lambda view: 1.25 * view),
        ("tint", lambda view: view * np.array([1.3, 1.0, 0.72])),
        ("blur", lambda view: cv2.GaussianBlur(view, (0, 0), 2.0)),
    ],
)
def test_view_faults_rise_within_a_second_and_clear(
    name: str, edit: Edit, picture: np.ndarray, normal: Scene, stream: Stream
) -> None:
    stream.scene = Scene(edit(view(picture)))
    steps = list(stream.run(1.0))
    assert steps[-1] == [name]
    stream.scene = normal
    assert list(stream.run(1.0))[-1] == []


@pytest.mark.parametrize(("dx", "dy"), [(0.8, 0.5), (-2.4, 1.0), (7.0, -5.0), (-20.0, 12.0)])
def test_bump_is_found_and_measured(dx: float, dy: float, picture: np.ndarray, stream: Stream) -> None:
    stream.scene = Scene(view(picture, dx, dy))
    assert list(stream.run(1.0))[-1] == ["bumped"]
    assert stream.monitor.health(stream.now).shift_px == pytest.approx(np.hypot(dx, dy), rel=0.1)
    stream.monitor.rebase()
    assert list(stream.run(1.0))[-1] == []


def test_a_shift_below_the_limit_is_measured_and_no_fault(picture: np.ndarray, stream: Stream) -> None:
    stream.scene = Scene(view(picture, 0.4, 0.0))
    assert seen(stream.run(2.0)) == set()
    assert stream.monitor.health(stream.now).shift_px == pytest.approx(0.4, abs=0.1)


def test_another_view_altogether_is_a_bump(stream: Stream) -> None:
    stream.scene = Scene(view(texture(99)))
    assert "bumped" in list(stream.run(1.5))[-1]


def test_a_wrist_camera_may_look_at_anything(normal: Scene) -> None:
    stream = Stream(CameraMonitor("wrist", PERIOD, fixed=False), normal)
    assert seen(stream.run(1.0)) == set()
    stream.scene = Scene(0.5 * view(texture(99)))
    assert seen(stream.run(1.0)) == set()
    health = stream.monitor.health(stream.now)
    assert health.brightness < 0.7
    assert np.isnan(health.shift_px)


def test_freeze_rises_with_silence_and_clears(stream: Stream) -> None:
    def freeze_at(silence: float) -> bool:
        return "freeze" in [fault.name for fault in stream.monitor.health(stream.now + silence).faults]

    assert not freeze_at(2.5 * PERIOD)
    assert freeze_at(4.0 * PERIOD)
    assert stream.monitor.health(stream.now + 1.0).age_s == pytest.approx(1.0 + LATENCY, abs=0.06)
    stream.index += 50
    assert "freeze" not in next(stream.run(PERIOD))


def test_a_camera_that_never_sends_is_frozen() -> None:
    monitor = CameraMonitor("top", PERIOD)
    assert monitor.health(10.0).faults == ()
    assert [fault.name for fault in monitor.health(13.0).faults] == ["freeze"]


def test_a_stuck_picture_with_new_numbers_is_repeated_and_frozen(stream: Stream) -> None:
    still = stream.frame().image
    steps = list(stream.run(1.0, lambda frame, _: replace(frame, image=still)))
    assert steps[-1] == ["freeze", "repeat"]
    assert stream.monitor.health(stream.now).repeated >= 24


def test_equal_stamps_are_repeats_and_the_same_frame_is_no_news(stream: Stream) -> None:
    frame = stream.frame()
    before = stream.monitor.health(stream.now)
    stream.monitor.saw(frame)
    stream.monitor.saw(frame)
    stream.monitor.saw(replace(frame, sequence=frame.sequence + 1, image=frame.image + 1))
    health = stream.monitor.health(stream.now)
    assert (health.received - before.received, health.repeated) == (2, 1)


def test_drops_are_counted_and_too_many_are_a_fault(stream: Stream) -> None:
    names = seen(stream.run(2.0, lambda frame, count: None if count % 10 == 5 else frame))
    assert names == {"gap"}
    assert stream.monitor.health(stream.now).dropped == 5
    assert list(stream.run(3.0))[-1] == []


@pytest.mark.parametrize("leap", [0.4, -5.0, 1000.0])
def test_clock_leap(leap: float, stream: Stream) -> None:
    stream.leap = leap
    steps = list(stream.run(0.2))
    assert steps[-1] == ["restart_jump"]
    assert stream.monitor.health(stream.now).clock_jumps == 1
    assert list(stream.run(2.5))[-1] == []


def test_lateness(stream: Stream) -> None:
    stream.delay = 0.062
    assert "late" in list(stream.run(1.0))[-1]
    stream.delay = 0.0
    assert "late" not in list(stream.run(1.0))[-1]


def test_heat(stream: Stream) -> None:
    stream.temperature_c = 80.0
    assert list(stream.run(0.2))[-1] == ["hot"]


def test_a_restart_is_counted_and_begins_new_numbers(stream: Stream) -> None:
    stream.monitor.restarted()
    stream.sequence = 0
    assert seen(stream.run(1.0)) == set()
    health = stream.monitor.health(stream.now)
    assert (health.restarts, health.dropped) == (1, 0)
    stream.monitor.restarted()
    assert [fault.name for fault in stream.monitor.health(stream.now + 1.0).faults] == ["freeze"]


def test_cost(normal: Scene) -> None:
    """Half a millisecond a frame on average; the limit leaves room for a busy machine."""
    stream = Stream(CameraMonitor("top", PERIOD), normal)
    frames = [stream.frame() for _ in range(250)]
    begin = host_time.process_time()
    for frame in frames:
        stream.monitor.saw(frame)
    assert (host_time.process_time() - begin) / len(frames) < 2e-3
