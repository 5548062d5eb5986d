"""What the cameras of the cell do to light and time, measured from frames against truth."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.cell.cell import Cell
from dynacollect.rig.cell.sensor import Flaws, Sensor
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.nouns import Frame
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Request

Exercise = Callable[..., Iterator[float]]
QUIET = {"read_noise": 0.0, "shot_noise": 0.0, "drop_rate": 0.0, "repeat_rate": 0.0}
PAPER_DISTORTION = np.array([-0.055, 0.012, 0.0004, -0.0003, 0.0])


def model(distortion: np.ndarray | None = None) -> CameraModel:
    K = np.array([[80.0, 0, 79.5], [0, 80.0, 59.5], [0, 0, 1]])
    return CameraModel("camera", 160, 120, K, np.zeros(5) if distortion is None else distortion)


def grey(sensor: Sensor, level: int) -> np.ndarray:
    width, height = sensor.render_size
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("level", [30, 90, 180])
def test_noise_follows_the_law_of_shot_and_read_noise(level: int) -> None:
    sensor = Sensor(model(), 0.0, 0.05, 1.5, seed=3)
    frames = np.array([sensor.expose([grey(sensor, level)], number, Flaws()) for number in range(40)], float)
    # Rounding to whole grey levels adds 1/12.
    assert frames.var() == pytest.approx(1.5**2 + 0.05 * level + 1 / 12, rel=0.05)
    assert frames.mean() == pytest.approx(level, abs=0.1)
    assert abs(np.corrcoef(frames[0].ravel(), frames[1].ravel())[0, 1]) < 0.02


def test_vignetting_darkens_the_corners_alone() -> None:
    sensor = Sensor(model(), 0.3, 0.0, 0.0, seed=0)
    image = sensor.expose([grey(sensor, 200)], 1, Flaws())[..., 1].astype(float)
    assert image[60, 80] == pytest.approx(200, abs=1)
    assert image[0, 0] == pytest.approx(200 * 0.7, abs=2)


def test_exposures_are_averaged() -> None:
    sensor = Sensor(model(), 0.0, 0.0, 0.0, seed=0)
    both = sensor.expose([grey(sensor, 100), grey(sensor, 50)], 1, Flaws())
    assert np.all(both == 75)


def test_the_lens_bends_as_the_camera_model_says() -> None:
    """A pinhole picture of dots, sent through the lens, has them where `project` puts them."""
    camera = model(PAPER_DISTORTION * 3)
    sensor = Sensor(camera, 0.0, 0.0, 0.0, seed=0)
    width, height = sensor.render_size
    rng = np.random.default_rng(0)
    misses = []
    for x, y in rng.uniform(0.08, 0.92, (40, 2)):
        ray = np.array([(x * width - (width - 1) / 2) / 80.0, (y * height - (height - 1) / 2) / 80.0, 1.0])
        v, u = np.mgrid[0:height, 0:width]
        spot = np.exp(-((u - x * width) ** 2 + (v - y * height) ** 2) / (2 * 2.0**2))
        image = sensor.expose([np.repeat((255 * spot[..., None]).astype(np.uint8), 3, axis=2)], 1, Flaws())[..., 0]
        expected = camera.project(ray)[0]
        if not (8 < expected[0] < 151 and 8 < expected[1] < 111):
            continue
        rows, columns = np.mgrid[0:120, 0:160]
        weight = image.astype(float)
        found = np.array([(weight * columns).sum(), (weight * rows).sum()]) / weight.sum()
        misses.append(np.linalg.norm(found - expected))
    assert len(misses) > 20
    assert np.median(misses) < 0.1


def centre(mask: np.ndarray) -> np.ndarray:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean(), rows.mean()])


def ball_misses(rig: Rig, exercise: Exercise, seconds: float, every: int = 3) -> list[float]:
    """Distance between the ball's projected centre at the capture time and its mask in the frame, px."""
    truth, misses, seen = Truth(rig), [], set()
    for index, _ in enumerate(exercise(rig, seconds, see=False, move=False)):
        if index % every:
            continue
        for frame in rig.see().frames.values():
            mask = truth.masks(frame)["target0"]
            edge = mask[[0, -1]].any() or mask[:, [0, -1]].any()
            if mask.sum() < 12 or edge or (frame.camera, frame.sequence) in seen:
                continue
            seen.add((frame.camera, frame.sequence))
            place = truth.objects(truth.captured_at(frame))["target0"].position
            misses.append(float(np.linalg.norm(centre(mask) - truth.camera_models[frame.camera].project(place)[0])))
    return misses


FIXED = ("opst_cam", "side_cam")


@pytest.mark.slow
def test_known_points_project_onto_the_picture(opened: Callable[..., Rig], exercise: Exercise) -> None:
    """A small ball: a sphere's picture is centred on its centre only where it is small."""
    misses, jitter = [], {"camera_jitter_m": 0.05, "camera_jitter_deg": 3.0}
    for seed in range(6):
        with opened(seed=seed, cameras=FIXED, size=480, sensor=QUIET, episodes=jitter) as rig:
            rig.stage.prepare(seed, Request(target="ping_pong_ball", speed=0.0, distractors=()))
            misses += ball_misses(rig, exercise, 0.24)
    assert len(misses) > 8
    assert np.median(misses) < 0.3


@pytest.mark.slow
def test_a_moving_object_is_where_it_was_at_the_capture(opened: Callable[..., Rig], exercise: Exercise) -> None:
    with opened(seed=4, cameras=FIXED, size=320, sensor=QUIET) as rig:
        rig.stage.prepare(4, Request(target="tennis_ball", speed=0.7, launcher="push", distractors=()))
        rig.stage.launch()
        rig.clock.wait_until((Truth(rig).started_at or 0.0) + 0.2)
        misses = ball_misses(rig, exercise, 0.8)
        assert len(misses) > 4
        assert np.median(misses) < 0.5


def smear(opened: Callable[..., Rig], exposure_s: float) -> tuple[int, float]:
    """Renderings of one picture of a fast ball, and how far they spread in time."""
    rig = opened(seed=4, cameras=("opst_cam",), size=480, sensor=QUIET)
    assert isinstance(rig.stage, Cell)
    camera = rig.stage.devices["opst_cam"]
    camera.config = camera.config.model_copy(update={"exposure_s": exposure_s})
    with rig:
        rig.stage.prepare(4, Request(target="tennis_ball", speed=0.75, launcher="push", distractors=()))
        rig.stage.launch()
        rig.clock.wait_until((Truth(rig).started_at or 0.0) + 0.5)
        times = [shot.time for shot in camera.recent[-1].shots]
        return len(times), max(times) - min(times)


@pytest.mark.slow
def test_blur_grows_with_the_exposure(opened: Callable[..., Rig]) -> None:
    short, middle, long = (smear(opened, exposure) for exposure in (0.004, 0.012, 0.03))
    assert short == (1, 0.0)
    assert middle[0] > 1 and long[0] >= middle[0]
    assert 0.0 < middle[1] < long[1] < 0.03


@pytest.mark.slow
def test_stamps_meet_the_true_capture_through_offset_and_drift(opened: Callable[..., Rig], exercise: Exercise) -> None:
    clocks = {"clock_offset_s": 1234.5, "clock_drift_ppm": 120.0, "latency_jitter_s": 0.002}
    with opened(seed=6, cameras=("opst_cam",), size=96, sensor=clocks) as rig:
        truth, errors = Truth(rig), []
        for now in exercise(rig, 5.0, see=False, move=False):
            for frame in rig.see().frames.values():
                if now > 3.0:
                    errors.append(abs(frame.captured_at - truth.captured_at(frame)))
        assert np.median(errors) < 0.0015
        assert max(errors) < 0.004


@pytest.mark.slow
def test_dropped_and_repeated_frames_are_counted(opened: Callable[..., Rig], exercise: Exercise) -> None:
    with opened(seed=7, cameras=("opst_cam",), size=96, sensor={"drop_rate": 0.2, "repeat_rate": 0.2}) as rig:
        frames: list[Frame] = []
        for _ in exercise(rig, 3.0, see=False, move=False):
            frames += rig.see().frames.values()
        health = rig.cameras["opst_cam"].health()
    assert 5 <= health.dropped <= 27
    assert 4 <= health.repeated <= 24
    assert health.received + health.dropped == pytest.approx(75, abs=2)
