"""How good calibrations of drawn sets are, beside what is possible and what OpenCV's stages give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from ...calibration.guided import remeasured
from ...calibration.layout import read_layout
from ...calibration.result import Calibration, SolvedCamera
from ...calibration.sightings import CalibrationData, Mounting
from ...calibration.solve import solve
from ...rig.clock import HostClock
from ...rig.nouns import Vector
from .boards.board_set import BOARD, WORKSPACE, BoardSet, draw_set
from .boards.bound import bound
from .boards.camera import PlacedCamera
from .boards.files import Drawn, draw_pictures, write_set
from .boards.measures import deviations, error
from .staged import staged

JOINT, GUIDED, HAND_EYE, ROBOT_WORLD = "joint", "guided", "PARK", "SHAH"
"""The last two are OpenCV's stages: `calibrateCamera`, then hand-eye or robot-world calibration by these methods."""
GROSS = 6.0
"""Sigmas beyond which a corner is left out of the corners' sigma, which the bound is for."""
SIGMAS_95 = 1.96

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a calibration says of itself."""

    inside_95: float
    """Share of lens and pose numbers whose 95 % interval holds the truth; 0.95 is right."""
    workspace_mm: float
    corner_sigma_px: float
    rejected: int
    spoilt_used: int
    """Views of corrupted frames that counted."""


@dataclass(frozen=True, slots=True)
class WayFigures:
    """One way to solve one set."""

    errors: Mapping[str, float]
    bounds: Mapping[str, float]
    """One sigma at least, with this way's corners."""
    corner_sigma_px: float
    """True, by direction."""
    corners: int
    seconds: float
    """Measuring corners again included, drawing and finding them at first not."""
    stated: Stated | None = None


@dataclass(frozen=True, slots=True)
class SeedFigures:
    """One set."""

    seed: int
    views: int
    spoilt: int
    """Views of corrupted frames."""
    ways: Mapping[str, WayFigures]


@dataclass(frozen=True, slots=True)
class Summary:
    """One measure over all seeds: root mean squares."""

    error: float
    bound: float
    ratio: float
    worst: float
    """Largest error of a seed over its bound."""


@dataclass(frozen=True, slots=True)
class CalibrationFigures:
    """All sets."""

    size: tuple[int, int]
    pictures: bool
    corrupted: bool
    summary: Mapping[str, Mapping[str, Summary]]
    """By way and measure."""
    seeds: tuple[SeedFigures, ...]


def bench_calibration(
    seeds: int,
    size: tuple[int, int] = (480, 360),
    *,
    pictures: bool = False,
    corrupt: bool = False,
    progress: Progress | None = None,
) -> CalibrationFigures:
    """Corners with noise, or with `pictures` the whole way from drawn files."""
    done = list[SeedFigures]()
    for seed in range(seeds):
        done.append(_seed(draw_set(seed, size, corrupt=corrupt), pictures))
        if progress is not None:
            progress(seed + 1, seeds)
    summary = {way: _summary([figures.ways[way] for figures in done]) for way in done[0].ways}
    return CalibrationFigures(size, pictures, corrupt, summary, tuple(done))


def _summary(rows: list[WayFigures]) -> dict[str, Summary]:
    out = {}
    for measure in rows[0].errors:
        errors = np.array([row.errors[measure] for row in rows])
        bounds = np.array([row.bounds[measure] for row in rows])
        error_rms, bound_rms = (float(np.sqrt((part**2).mean())) for part in (errors, bounds))
        out[measure] = Summary(error_rms, bound_rms, error_rms / bound_rms, float((errors / bounds).max()))
    return out


def _seed(made: BoardSet, pictures: bool) -> SeedFigures:
    drawn = draw_pictures(made) if pictures else None
    data = made.data() if drawn is None else _read(made, drawn)
    seconds, calibration = _timed(lambda: solve(data, box=WORKSPACE))
    possible = _possible(made, data)
    ways = {JOINT: _way(made, possible, _placed(calibration), seconds, _stated(made, calibration))}
    if drawn is not None:
        more, (again, finer) = _timed(lambda: _guided(drawn, data, calibration))
        ways[GUIDED] = _way(made, _possible(made, finer), _placed(again), seconds + more, _stated(made, again))
    for name, robot_world in ((HAND_EYE, False), (ROBOT_WORLD, True)):
        seconds, cameras = _timed(partial(staged, data, robot_world=robot_world))
        ways[name] = _way(made, possible, cameras, seconds)
    spoilt = sum((view.mounting, view.frame) in made.spoilt for view in made.views)
    return SeedFigures(made.seed, len(made.views), spoilt, ways)


def _read(made: BoardSet, drawn: Drawn) -> CalibrationData:
    with TemporaryDirectory() as folder:
        write_set(Path(folder), made, drawn)
        return read_layout(Path(folder)).data


def _guided(drawn: Drawn, data: CalibrationData, calibration: Calibration) -> tuple[Calibration, CalibrationData]:
    again = remeasured(BOARD, lambda mounting, camera, frame: drawn[mounting, camera, frame], data, calibration)
    return solve(again, box=WORKSPACE), again


def _timed[T](work: Callable[[], T]) -> tuple[float, T]:
    clock = HostClock()
    begin = clock.now()
    done = work()
    return clock.now() - begin, done


@dataclass(frozen=True, slots=True)
class _Possible:
    """What these corners allow."""

    bounds: Mapping[str, float]
    sigma_px: float
    corners: int


def _possible(made: BoardSet, data: CalibrationData) -> _Possible:
    off = _corner_errors(made, data)
    corners = np.concatenate([rows for _, rows in off.values()])
    limit = GROSS * 1.4826 * float(np.median(np.abs(corners)))
    good = {key: (ids, rows, np.linalg.norm(rows, axis=1) < limit) for key, (ids, rows) in off.items()}
    sigma = float(np.sqrt((np.concatenate([rows[kept] for _, rows, kept in good.values()]) ** 2).mean()))
    seen = [(*key, ids[kept]) for key, (ids, _, kept) in good.items() if kept.any()]
    return _Possible(bound(made, seen, sigma), sigma, len(corners))


def _way(
    made: BoardSet,
    possible: _Possible,
    cameras: Mapping[str, PlacedCamera],
    seconds: float,
    stated: Stated | None = None,
) -> WayFigures:
    errors = {name: error(rows) for name, rows in deviations(cameras, made.cameras).items()}
    return WayFigures(errors, possible.bounds, possible.sigma_px, possible.corners, seconds, stated)


def _corner_errors(
    made: BoardSet, data: CalibrationData
) -> dict[tuple[str, Mounting, int], tuple[NDArray[np.int64], Vector]]:
    """Ids, and errors in pixels, of every view that is not corrupted."""
    true = {(view.camera, view.mounting, view.frame): view.T_camera_board for view in made.views}
    out = {}
    for view in data.sightings:
        if (view.mounting, view.frame) not in made.spoilt:
            key, ids = (view.camera, view.mounting, view.frame), view.ids.astype(int)
            out[key] = ids, view.pixels - made.cameras[view.camera].pixels(true[key].apply(BOARD.points[ids]))
    return out


def _placed(calibration: Calibration) -> dict[str, PlacedCamera]:
    return {
        name: PlacedCamera(name, camera.size, _lens(camera), camera.pose, camera.role == "wrist")
        for name, camera in calibration.cameras.items()
    }


def _lens(camera: SolvedCamera) -> Vector:
    return np.array([*camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], *camera.distortion])


def _stated(made: BoardSet, calibration: Calibration) -> Stated:
    pulls = np.concatenate([_pulls(made.cameras[name], camera) for name, camera in calibration.cameras.items()])
    workspace = calibration.quality.workspace
    spoilt = [view for view in calibration.views if (view.mounting, view.frame) in made.spoilt]
    return Stated(
        float((np.abs(pulls) < SIGMAS_95).mean()),
        float("nan") if workspace is None else workspace.rms_mm,
        calibration.quality.corner_sigma_px,
        len(calibration.rejected()),
        sum(view.rejected is None for view in spoilt),
    )


def _pulls(true: PlacedCamera, found: SolvedCamera) -> Vector:
    """(15,): errors over the sigmas stated."""
    turned = (true.place.rotation.inv() * found.pose.rotation).as_rotvec(degrees=True)
    shifted = 1e3 * (found.pose.translation - true.place.translation)
    lens = (_lens(found) - true.lens) / np.array(list(found.lens_std.values()))
    return np.concatenate([lens, turned / found.pose_std.turn_deg, shifted / found.pose_std.shift_mm])
