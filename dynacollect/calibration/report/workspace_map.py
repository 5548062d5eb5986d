"""The error to expect of an object's position over the workspace: from above, from the side, and in slices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...rig.nouns import Vector
from ..result import Calibration, SolvedCamera, Workspace
from ..workspace import SAMPLES
from .markup import Markup, joined, tag
from .numbers import short
from .svg import Axis, axes, ink_on, line, ramp, svg, text

ROOM = 0.12
"""Metres left around everything in the overview."""
SLICE, OVERVIEW = 354, 550
"""Widths in pixels."""
ARROW = 26
"""Pixels of a camera's direction."""
AXES = "xyz"


def error_grid(space: Workspace) -> Vector:
    """(x, y, z): the error [mm] at each sampled point; NaN where no two cameras see it."""
    grid = np.full((SAMPLES,) * 3, np.nan)
    at = np.rint((space.points - space.low) / (space.high - space.low) * (SAMPLES - 1)).astype(int)
    grid[tuple(at.T)] = space.error_mm
    return grid


def colour_range(space: Workspace) -> Axis:
    """From errors [mm] to shares of the ramp: the whole of it, unless all points are much alike."""
    return Axis(min(float(space.error_mm.min()), 0.5 * space.worst_mm), space.worst_mm, 0, 1)


def slice_map(space: Workspace, level: int) -> Markup:
    """One height: a cell for each point, with its error in mm."""
    height = 1e3 * float(np.linspace(space.low[2], space.high[2], SAMPLES)[level])
    step = (space.high - space.low) / (SAMPLES - 1)
    low, high = (space.low - step / 2)[:2], (space.high + step / 2)[:2]
    wide, tall = _fitted(high - low, SLICE - 66, 300)
    x, y = Axis(low[0], high[0], 46, 46 + wide), Axis(low[1], high[1], 24 + tall, 24)
    cells = _cells(error_grid(space)[:, :, level], x, y, colour_range(space), numbers=True)
    name = text(x.start, 14, f"{height:.0f} mm above the base", "start", "name")
    drawn = axes(x, y, "base x [m]", "", most_x=5)
    return svg(SLICE, tall + 60, f"Expected error {height:.0f} mm above the base", name, drawn, cells)


def _cells(grid: Vector, x: Axis, y: Axis, colours: Axis, *, numbers: bool = False) -> Markup:
    """A square table of errors that fills its axes."""
    wide, tall = (x.end - x.start) / len(grid), (y.start - y.end) / len(grid)
    parts = []
    for (i, j), error in np.ndenumerate(grid):
        left, top = x.start + i * wide, y.start - (j + 1) * tall
        place = {"x": left, "y": top, "width": wide, "height": tall}
        if np.isnan(error):
            parts.append(tag("rect", tag("title", "not seen by two fixed cameras"), **place, class_="unseen"))
            continue
        share = colours.at(error)
        parts.append(tag("rect", tag("title", f"{short(error)} mm"), **place, fill=ramp(share)))
        if numbers:
            figure = f"{error:.2f}" if error < 10 else f"{error:.0f}"
            parts.append(text(left + wide / 2, top + tall / 2 + 4, figure, class_=ink_on(share)))
    return joined(parts)


def overview(space: Workspace | None, cameras: Mapping[str, SolvedCamera], up: int) -> Markup:
    """The base, the worst errors behind each other, and where fixed cameras look; `up`: 1 from above, 2 from aside."""
    shown = [0, up]
    fixed = [camera for camera in cameras.values() if camera.role == "fixed"]
    spots = np.array([np.zeros(3), *(camera.pose.translation for camera in fixed)])
    spots = spots if space is None else np.concatenate([spots, [space.low, space.high]])
    low, high = spots[:, shown].min(axis=0) - ROOM, spots[:, shown].max(axis=0) + ROOM
    wide, tall = _fitted(high - low, OVERVIEW - 70, 460)
    x, y = Axis(low[0], high[0], 50, 50 + wide), Axis(low[1], high[1], 22 + tall, 22)
    parts = [axes(x, y, "base x [m]", f"base {AXES[up]} [m]")]
    if space is not None:
        parts.append(_box(space, x, y, up))
    parts.append(tag("circle", cx=x.at(0), cy=y.at(0), r=5, class_="base"))
    parts.append(text(x.at(0) + 9, y.at(0) + 4, "robot base", "start"))
    parts += [_camera(camera, x, y, up) for camera in fixed]
    side = "above" if up == 1 else "the side"
    return svg(OVERVIEW, tall + 60, f"The workspace and the fixed cameras from {side}", parts)


def _box(space: Workspace, x: Axis, y: Axis, up: int) -> Markup:
    grid = error_grid(space)
    behind = 3 - up
    seen = np.isfinite(grid).any(axis=behind)
    worst = np.where(seen, np.where(np.isfinite(grid), grid, -np.inf).max(axis=behind), np.nan)
    step = (space.high - space.low) / (SAMPLES - 1)
    low, high = space.low - step / 2, space.high + step / 2
    across = Axis(0, 1, x.at(low[0]), x.at(high[0]))
    return _cells(worst, across, Axis(0, 1, y.at(low[up]), y.at(high[up])), colour_range(space))


def _camera(camera: SolvedCamera, x: Axis, y: Axis, up: int) -> Markup:
    """Its place, its direction and how much it sees."""
    at_x, at_y = x.at(camera.pose.translation[0]), y.at(camera.pose.translation[up])
    ahead = camera.pose.rotation.as_matrix()[[0, up], 2]
    reach = 0.3 * abs(x.end - x.start)
    edges = [_edge(camera, side, up) for side in (-0.5, 0.5)]
    fan = " ".join(f"L{at_x + reach * edge[0]:.1f} {at_y - reach * edge[1]:.1f}" for edge in edges)
    return joined(
        tag("path", d=f"M{at_x:.1f} {at_y:.1f} {fan}Z", class_="fan"),
        line(at_x, at_y, at_x + ARROW * ahead[0], at_y - ARROW * ahead[1], "look"),
        tag("circle", cx=at_x, cy=at_y, r=5, class_="camera"),
        text(at_x, at_y - 11, camera.name, class_="name"),
    )


def _edge(camera: SolvedCamera, side: float, up: int) -> Vector:
    """Where the middle of a side of the picture looks (an upper or lower one, from aside): a metre, foreshortened."""
    along = 0 if up == 1 else 1
    local = np.array([0.0, 0.0, 1.0])
    local[along] = side * camera.size[along] / camera.K[along, along]
    ray = camera.pose.rotation.apply(local)
    return (ray / np.linalg.norm(ray))[[0, up]]


def colour_scale(space: Workspace) -> Markup:
    """What a colour stands for."""
    colours = colour_range(space)
    x = Axis(colours.low, colours.high, 10, 310)
    steps = np.linspace(0, 1, 31)[:-1]
    strip = [tag("rect", x=10 + 300 * share, y=6, width=10.5, height=14, fill=ramp(share + 1 / 60)) for share in steps]
    numbers = [text(x.at(tick), 36, f"{tick:g}") for tick in x.ticks(5)]
    return svg(430, 42, "Colours of the error", strip, numbers, text(322, 18, "mm, one sigma", "start"))


def maps(calibration: Calibration) -> Markup:
    """Everything about the workspace."""
    space = calibration.quality.workspace
    views = tag("div", [overview(space, calibration.cameras, up) for up in (1, 2)], class_="figures")
    if space is None:
        return views
    slices = [slice_map(space, level) for level in range(SAMPLES)]
    return joined(views, colour_scale(space), tag("div", slices, class_="three"))


def _fitted(size: Vector, widest: float, tallest: float) -> tuple[float, float]:
    """Pixels at one scale in both directions."""
    scale = min(widest / size[0], tallest / size[1])
    return float(size[0] * scale), float(size[1] * scale)
