"""What food and drink is sold in: cans, bottles, a jar."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from .build import Sketch
from .shapes import lathe, loft, outline_rows, path_fractions, row_at, smooth
from .solids import circle, cylinder, hull
from .textures import barcode, fill, metal, mix, noise, picture, ramp, small_print, write

H, W = 192, 256
Z, X, Y = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def _levels(low: float, high: float, count: int) -> list[float]:
    return [float(z) for z in np.linspace(low, high, count)]


def _tin(radius: float, height: float, neck: float) -> list[tuple[float, float]]:
    """Outline of a drinks can: domed foot, straight side, neck and rim."""
    foot = [(0, 0.004), (0.5 * radius, 0.0025), (0.74 * radius, 0.0005), (0.78 * radius, 0.0), (0.86 * radius, 0.0008)]
    side = [(radius, z) for z in _levels(0.007, height - neck, 10)]
    top = [(0.86 * radius, height - 0.003), (0.87 * radius, height - 0.0012), (0.855 * radius, height)]
    lid = [(0.82 * radius, height - 0.0002), (0.79 * radius, height - 0.0035), (0.4 * radius, height - 0.0033)]
    return [*foot, *side, *top, *lid, (0.0, height - 0.0033)]


def _side_boxes(outline: list[tuple[float, float]], low: float, high: float) -> tuple[float, float]:
    """Rows (top, bottom) of the picture between two heights of a standing body."""
    rising = np.maximum.accumulate(np.asarray(outline, float)[:, 1])
    fractions = path_fractions(np.asarray(outline, float))
    return float(1 - np.interp(high, rising, fractions)), float(1 - np.interp(low, rising, fractions))


def _lid_marks(paint: Vector, rows: float) -> None:
    """A pull tab's darker ring on the lid, in the picture's topmost rows."""
    fill(paint, (0.0, 0.3 * rows, 1.0, 0.36 * rows), (0.50, 0.51, 0.53))
    fill(paint, (0.10, 0.36 * rows, 0.30, 0.72 * rows), (0.55, 0.56, 0.58))


def can() -> Sketch:
    radius, height = 0.0275, 0.098
    outline = _tin(radius, height, 0.010)
    paint = metal(H, W, 201)
    top, bottom = _side_boxes(outline, 0.006, height - 0.008)
    span = bottom - top
    fill(paint, (0, top, 1, bottom), (0.78, 0.06, 0.09))
    around = 2 * np.pi * np.arange(W) / W
    row = np.linspace(0, 1, H)[:, None]
    wave = top + span * (0.70 + 0.07 * np.sin(2 * around))[None]
    stripe = (np.abs(row - wave) < 0.045 * span) & (row > top) & (row < bottom)
    paint[stripe] = (0.97, 0.97, 0.96)
    thin = (np.abs(row - wave - 0.075 * span) < 0.010 * span) & (row < bottom)
    paint[thin] = (0.85, 0.68, 0.30)
    for left in (0.05, 0.55):
        write(paint, "COLA", (left, top + 0.20 * span, left + 0.36, top + 0.52 * span), (0.99, 0.99, 0.97), (0.4, 0, 0))
        write(paint, "classic", (left + 0.10, top + 0.08 * span, left + 0.27, top + 0.17 * span), (0.97, 0.85, 0.60))
    fill(paint, (0, top, 1, top + 0.025 * span), (0.85, 0.68, 0.30))
    _lid_marks(paint, top)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(paint),
        solids=[cylinder(radius, 0.0, height)],
        words=("can", "cola can", "soda can"),
        colour="red",
        category="container",
        mass=0.10,
        grasp_width=2 * radius,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.008,
        friction=0.6,
    )


def beer_can() -> Sketch:
    radius, height = 0.029, 0.118
    outline = _tin(radius, height, 0.012)
    paint = metal(H, W, 211, (0.80, 0.72, 0.48))
    top, bottom = _side_boxes(outline, 0.006, height - 0.009)
    span = bottom - top
    fill(paint, (0, top + 0.12 * span, 1, top + 0.80 * span), (0.05, 0.28, 0.17))
    fill(paint, (0, top + 0.15 * span, 1, top + 0.165 * span), (0.86, 0.74, 0.42))
    fill(paint, (0, top + 0.76 * span, 1, top + 0.775 * span), (0.86, 0.74, 0.42))
    y, x = np.linspace(0, 1, H)[:, None], np.linspace(0, 1, W)[None]
    for centre in (0.25, 0.75):
        badge = np.hypot((x - centre) / 0.17, (y - top - 0.44 * span) / (0.25 * span))
        paint = mix(paint, (0.86, 0.74, 0.42), ramp(badge, 1.03, 0.99))
        paint = mix(paint, (0.95, 0.92, 0.83), ramp(badge, 0.93, 0.89))
        box = (centre - 0.12, top + 0.31 * span, centre + 0.12, top + 0.50 * span)
        write(paint, "BEER", box, (0.62, 0.08, 0.08))
        write(paint, "LAGER", (centre - 0.07, top + 0.53 * span, centre + 0.07, top + 0.60 * span), (0.1, 0.25, 0.15))
    paint[: round(top * H)] = metal(H, W, 212)[: round(top * H)]
    _lid_marks(paint, top)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(paint),
        solids=[cylinder(radius, 0.0, height)],
        words=("beer can",),
        colour="green",
        category="container",
        mass=0.12,
        grasp_width=2 * radius,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.008,
        friction=0.6,
    )


def bottle() -> Sketch:
    radius = 0.0285
    foot = [(0, 0.003), (0.016, 0.0015), (0.022, 0.0), (0.0265, 0.0012), (radius, 0.006)]
    ribs = [(radius - 0.0009 * (i % 2), z) for i, z in enumerate(_levels(0.012, 0.040, 7))]
    side = [(radius, z) for z in _levels(0.045, 0.092, 5)]
    shoulder = [tuple(p) for p in smooth([(radius, 0.096), (0.0265, 0.110), (0.0185, 0.126), (0.0128, 0.138)], 8)]
    neck = [(0.0122, 0.142), (0.0150, 0.1425), (0.0150, 0.145), (0.0145, 0.1455), (0.0145, 0.158), (0.0135, 0.1595)]
    outline = [*foot, *ribs, *side, *shoulder, *neck, (0.006, 0.160), (0, 0.160)]
    _, height = outline_rows(outline, H)
    paint = mix((0.62, 0.80, 0.92), (0.80, 0.91, 0.97), 0.5 + 0.22 * noise(H, W, 221, 0.4, 0.3))
    paint *= (0.94 + 0.08 * np.cos(4 * np.pi * np.arange(W) / W))[None, :, None]
    paint[(height > 0.012) & (height < 0.041)] *= 0.95
    top, bottom = _side_boxes(outline, 0.046, 0.091)
    span = bottom - top
    fill(paint, (0, top, 1, bottom), (0.10, 0.30, 0.66))
    fill(paint, (0, top + 0.72 * span, 1, top + 0.80 * span), (0.96, 0.97, 0.98))
    fill(paint, (0, top + 0.84 * span, 1, top + 0.88 * span), (0.35, 0.70, 0.90))
    y, x = np.linspace(0, 1, H)[:, None], np.linspace(0, 1, W)[None]
    peaks = np.abs(((x * 4) % 1) - 0.5) * 0.9 * span + top + 0.50 * span
    paint = mix(paint, (0.55, 0.78, 0.93), ((y > peaks) & (y < top + 0.70 * span)) * 1.0)
    for left in (0.08, 0.58):
        write(paint, "WATER", (left, top + 0.12 * span, left + 0.34, top + 0.48 * span), (1, 1, 1), (0.03, 0.12, 0.35))
    cap_ridges = 0.85 + 0.15 * (np.arange(W) % 6 < 3)
    paint[height > 0.1418] = (np.array([0.12, 0.35, 0.75]) * cap_ridges[:, None])[None]
    shoulder_hull = np.vstack([circle(radius * 0.99, 0.097, 20), circle(0.014, 0.136, 20)])
    return Sketch(
        mesh=lathe(outline, 30),
        texture=picture(paint),
        solids=[cylinder(radius, 0.0, 0.097), hull(shoulder_hull), cylinder(0.0148, 0.134, 0.160)],
        words=("bottle", "water bottle"),
        colour="blue",
        category="bottle",
        mass=0.15,
        grasp_width=2 * radius,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.012,
        friction=0.6,
    )


def ketchup_bottle() -> Sketch:
    # (half width, half depth, height): an oval body on a broad screw cap, as it stands.
    cap = [(0.0165, 0.0165, 0.001), (0.0175, 0.0170, 0.003), (0.0178, 0.0172, 0.020), (0.0165, 0.0160, 0.0215)]
    body = [(0.0150, 0.0145, 0.0225), (0.0190, 0.0160, 0.028), (0.0250, 0.0190, 0.042), (0.0272, 0.0203, 0.062)]
    more = [(0.0280, 0.0208, 0.085), (0.0275, 0.0205, 0.110), (0.0262, 0.0198, 0.128), (0.0235, 0.0178, 0.1345)]
    sections = np.vstack([cap, smooth(body + more, 18), [(0.0160, 0.0120, 0.1365)]])
    around = 2 * np.pi * np.arange(32) / 32
    rings = np.stack(
        [
            sections[:, :1] * np.cos(around),
            sections[:, 1:2] * np.sin(around),
            np.broadcast_to(sections[:, 2:], (len(sections), 32)),
        ],
        -1,
    )
    along = np.concatenate([[0.0], path_fractions(sections[:, [0, 2]]) * 0.84 + 0.08, [1.0]])
    z = np.concatenate([[0.001], sections[:, 2], [0.1365]])
    height = np.interp(1 - (np.arange(H) + 0.5) / H, along, z)
    paint = mix((0.72, 0.06, 0.05), (0.82, 0.10, 0.06), 0.5 + 0.2 * noise(H, W, 231, 0.4))
    ridges = 0.85 + 0.15 * (np.arange(W) % 6 < 3)
    paint[height < 0.0218] = np.array([0.95, 0.95, 0.92]) * ridges[None, :, None]
    x, y = np.linspace(0, 1, W)[None], height[:, None]
    for centre in (0.25, 0.75):
        label = np.maximum(np.abs(x - centre) / 0.17, np.abs(y - 0.082) / 0.034)
        rounded = (np.abs(x - centre) / 0.17) ** 6 + (np.abs(y - 0.082) / 0.034) ** 6
        paint = mix(paint, (0.86, 0.70, 0.30), ramp(rounded, 1.25, 1.1))
        paint = mix(paint, (0.97, 0.94, 0.86), ramp(rounded, 0.85, 0.78) * (label < 1))
        low, high = (float(1 - np.interp(h, z, along)) for h in (0.074, 0.097))
        write(paint, "KETCHUP", (centre - 0.14, high, centre + 0.14, low), (0.70, 0.06, 0.05))
        low, high = (float(1 - np.interp(h, z, along)) for h in (0.057, 0.070))
        fill(paint, (centre - 0.14, high, centre + 0.14, low), (0.22, 0.50, 0.18))
        write(paint, "TOMATO", (centre - 0.11, high + 0.012, centre + 0.11, low - 0.012), (1, 1, 1))
    pieces = [sections[[0, 2]], sections[4:10], sections[9:16], sections[15:]]
    solids = []
    for piece in pieces:
        flat = [
            np.column_stack([a * np.cos(around[::2]), b * np.sin(around[::2]), np.full(16, c)]) for a, b, c in piece
        ]
        solids.append(hull(np.vstack(flat)))
    solids[0] = cylinder(0.0175, 0.001, 0.0215)
    return Sketch(
        mesh=loft(rings, np.array([0, 0, 0.001]), np.array([0, 0, 0.1365]), along),
        texture=picture(paint),
        solids=solids,
        words=("ketchup bottle", "ketchup"),
        colour="red",
        category="bottle",
        mass=0.14,
        grasp_width=0.0415,
        turns=(Rotation.from_euler("z", np.pi),),
        rests=(Z, Y),
        friction=0.7,
    )


def jar() -> Sketch:
    radius, height = 0.029, 0.082
    outline = [(0, 0.001), (0.020, 0), (0.026, 0.0), (radius, 0.004)]
    outline += [(radius, z) for z in _levels(0.008, 0.056, 7)]
    outline += [(0.0275, 0.062), (0.0255, 0.0645), (0.0272, 0.065), (0.0275, 0.066), (0.0275, 0.0805), (0.0262, height)]
    outline += [(0.015, height), (0, height)]
    _, z = outline_rows(outline, H)
    paint = mix((0.55, 0.06, 0.12), (0.38, 0.03, 0.08), 0.45 + 0.3 * noise(H, W, 271, 1.4))
    paint = mix(paint, (0.80, 0.30, 0.30), 0.5 * ramp(noise(H, W, 272, 3.0), 1.4, 2.2))
    top, bottom = row_at(outline, 0.050), row_at(outline, 0.014)
    for left in (0.05, 0.55):
        fill(paint, (left, top, left + 0.38, bottom), (0.95, 0.92, 0.82))
        fill(paint, (left + 0.01, top + 0.012, left + 0.37, bottom - 0.012), (0.70, 0.10, 0.16))
        fill(paint, (left + 0.015, top + 0.02, left + 0.365, bottom - 0.02), (0.95, 0.92, 0.82))
    middle = 0.5 * (top + bottom)
    write(paint, "JAM", (0.10, top + 0.04, 0.38, middle + 0.02), (0.62, 0.08, 0.14))
    write(paint, "strawberry", (0.10, middle + 0.035, 0.38, middle + 0.085), (0.25, 0.40, 0.18))
    small_print(paint, (0.59, top + 0.04, 0.90, middle), (0.45, 0.35, 0.30), 273, 5)
    barcode(paint, (0.62, middle + 0.02, 0.86, bottom - 0.04), 274)
    lid = z > 0.0648
    x, y = np.meshgrid(np.arange(W), np.arange(H))
    check = np.where((x // 8 + y // 8) % 2 == 0, 1.0, 0.0)
    cloth = mix((0.96, 0.95, 0.92), (0.80, 0.12, 0.15), check)
    paint[lid] = cloth[lid]
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(paint),
        solids=[cylinder(radius, 0.0, 0.058), cylinder(0.0275, 0.058, height)],
        words=("jar", "jam jar"),
        colour="red",
        category="container",
        mass=0.18,
        grasp_width=2 * radius,
        axis=Z,
        rolls=True,
        rests=(Z, X),
        rolling=0.01,
        friction=0.6,
        split="unseen",
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "can": can,
    "beer_can": beer_can,
    "bottle": bottle,
    "ketchup_bottle": ketchup_bottle,
    "jar": jar,
}
