"""A cup, a mug and a pepper mill."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..nouns import Vector
from .build import Sketch
from .model import Solid
from .shapes import lathe, loft, outline_rows, path_fractions, smooth, union
from .solids import capsule, cylinder, frustum
from .textures import fill, grainy, metal, mix, noise, picture, plain, ramp, wood

H, W = 192, 256
Z, X, Y = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def _cup_outline(bottom: float, rim: float, height: float, thick: float) -> list[tuple[float, float]]:
    """A hollow tapered cup: outside up, over the rim, inside down."""
    outer = [(bottom + (rim - bottom) * t, height * t) for t in np.linspace(0.03, 1, 9)]
    inner = [(bottom - thick + (rim - bottom) * t, height * t) for t in np.linspace(0.985, 0.06, 9)]
    lip = [(rim - 0.3 * thick, height + 0.4 * thick), (rim - 0.7 * thick, height + 0.4 * thick)]
    foot = [(0, 0.001), (0.8 * bottom, 0.001), (0.84 * bottom, 0.0), (0.97 * bottom, 0.0)]
    return [*foot, *outer, *lip, *inner, (0.7 * (bottom - thick), 0.05 * height), (0, 0.05 * height)]


def cup() -> Sketch:
    bottom, rim, height = 0.0205, 0.0295, 0.078
    outline = _cup_outline(bottom, rim, height, 0.0018)
    at = path_fractions(np.asarray(outline))
    top = 1 - float(at[4 + 8])
    low = 1 - float(at[4])
    span = low - top
    paint = plain(H, W, (0.95, 0.94, 0.91))
    paint[: round(top * H) - 2] = (0.90, 0.89, 0.86)
    x, y = np.linspace(0, 1, W)[None], np.linspace(0, 1, H)[:, None]
    side = (y > top + 0.1 * span) & (y < low)
    swirl = y - top - span * (0.50 + 0.13 * np.sin(6 * np.pi * x))
    paint = mix(paint, (0.05, 0.58, 0.60), ((swirl > 0) & (swirl < 0.24 * span) & side) * 1.0)
    swirl = y - top - span * (0.44 + 0.10 * np.sin(6 * np.pi * x + 1.0) + 0.05 * np.sin(10 * np.pi * x))
    paint = mix(paint, (0.48, 0.25, 0.60), ((swirl > 0) & (swirl < 0.08 * span) & side) * 1.0)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(grainy(paint, 241, 0.01)),
        solids=frustum(bottom, rim, 0.0, height + 0.0006),
        words=("cup", "paper cup"),
        colour="white",
        category="container",
        mass=0.03,
        grasp_width=0.051,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.025,
        friction=0.7,
    )


def _handle(out: float, low: float, high: float, thick: float) -> Vector:
    """Rings of a D-shaped handle in the x-z plane that starts and ends at x = 0."""
    middle, half = 0.5 * (low + high), 0.5 * (high - low)
    angles = np.linspace(-np.pi / 2, np.pi / 2, 13)
    centres = np.column_stack([out * np.cos(angles) ** 0.8, np.zeros(13), middle + half * np.sin(angles)])
    tangents = np.gradient(centres, axis=0)
    tangents[[0, -1]] = [[1, 0, 0], [-1, 0, 0]]
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    across = np.array([0.0, 1.0, 0.0])
    around = 2 * np.pi * np.arange(10) / 10
    return np.stack(
        [
            c + thick * (1.25 * np.outer(np.cos(around), across) + np.outer(np.sin(around), np.cross(t, across)))
            for c, t in zip(centres, tangents, strict=True)
        ]
    )


def mug() -> Sketch:
    radius, height, thick = 0.034, 0.080, 0.0034
    outline = _cup_outline(radius - 0.0012, radius, height, thick)
    rings = _handle(0.024, 0.020, 0.062, 0.0042)
    rings[..., 0] += radius - 0.0018
    handle = loft(rings, rings[0].mean(0), rings[-1].mean(0)).in_rows(0.92, 1.0)
    at = path_fractions(np.asarray(outline))
    top, low = 0.9 * (1 - float(at[12])), 0.9 * (1 - float(at[4]))
    span = low - top
    glaze = (0.14, 0.34, 0.62)
    paint = plain(H, W, glaze)
    paint[: round(top * H) - 2] = (0.93, 0.92, 0.88)
    fill(paint, (0, top + 0.03 * span, 1, top + 0.08 * span), (0.93, 0.92, 0.88))
    fill(paint, (0, top + 0.86 * span, 1, top + 0.98 * span), (0.80, 0.68, 0.50))
    x, y = np.linspace(0, 1, W)[None], np.linspace(0, 1, H)[:, None]
    for centre in (0.25, 0.75):
        a, b = (x - centre) / 0.085, (y - top - 0.47 * span) / (0.24 * span)
        heart = (a**2 + (b + 0.55 * np.sqrt(np.abs(a))) ** 2) < 0.9
        paint = mix(paint, (0.93, 0.92, 0.88), heart * 1.0)
    paint = mix(paint, (0.10, 0.22, 0.44), 0.6 * ramp(noise(H, W, 251, 6.0), 1.8, 2.4) * (y > top))
    solids = [cylinder(radius, 0.0, height + 0.001)]
    path = rings.mean(1)
    solids += [capsule(path[a], path[b], 0.0046) for a, b in ((1, 4), (4, 8), (8, 11))]
    return Sketch(
        mesh=union(lathe(outline, 32).in_rows(0, 0.9), handle),
        texture=picture(paint),
        solids=solids,
        words=("mug", "coffee mug"),
        colour="blue",
        category="container",
        mass=0.22,
        grasp_width=2 * radius,
        rests=(Z,),
        friction=0.7,
    )


def pepper_mill() -> Sketch:
    points = [(0.0245, 0.002), (0.0245, 0.012), (0.0205, 0.022), (0.0168, 0.045), (0.0175, 0.062), (0.0215, 0.076)]
    body = [tuple(p) for p in smooth([*points, (0.0222, 0.082)], 16)]
    groove = [(0.0185, 0.0838), (0.0185, 0.0855), (0.0212, 0.087)]
    knob = [tuple(p) for p in smooth([(0.0222, 0.092), (0.0218, 0.100), (0.0160, 0.112), (0.0072, 0.1165)], 8)]
    finial = [(0.0058, 0.1175), (0.0062, 0.1195), (0.0048, 0.123), (0, 0.1240)]
    outline = [(0, 0), (0.018, 0), (0.0235, 0), *body, *groove, *knob, *finial]
    _, height = outline_rows(outline, H)
    paint = wood(H, W, 261, (0.55, 0.33, 0.17), (0.32, 0.17, 0.08))
    paint *= (0.97 + 0.05 * np.cos(4 * np.pi * np.arange(W) / W))[None, :, None]
    dark = (height > 0.0825) & (height < 0.0865)
    paint[dark] *= 0.45
    for ring in (0.0130, 0.0150, 0.072):
        paint[np.abs(height - ring) < 0.0006] *= 0.55
    steel = height > 0.1168
    paint[steel] = metal(H, W, 262)[steel]
    return Sketch(
        mesh=lathe(outline, 30),
        texture=picture(paint),
        solids=[
            cylinder(0.0243, 0.0, 0.016),
            cylinder(0.0180, 0.016, 0.070),
            cylinder(0.0222, 0.070, 0.102),
            cylinder(0.0150, 0.102, 0.114),
            Solid("sphere", (0.0062,), (0.0, 0.0, 0.1178)),
        ],
        words=("pepper mill", "pepper grinder"),
        colour="brown",
        category="container",
        mass=0.14,
        grasp_width=0.036,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.02,
        rolling_radius=0.022,
        friction=0.7,
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "cup": cup,
    "mug": mug,
    "pepper_mill": pepper_mill,
}
