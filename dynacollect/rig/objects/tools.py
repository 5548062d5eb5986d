"""Things with a handle that lie on the table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .build import Sketch
from .model import Solid
from .shapes import lathe, loft, outline_rows, rounded_box, smooth, union
from .solids import capsule, cylinder, hull
from .textures import fill, grainy, metal, mix, noise, picture, plain, ramp, wood, write

H, W = 192, 128
Z, X = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


def screwdriver() -> Sketch:
    grip = smooth([(0.0120, -0.074), (0.0142, -0.066), (0.0140, -0.040), (0.0118, -0.022), (0.0110, -0.014)], 16)
    ferrule = [(0.0125, -0.010), (0.0110, -0.003), (0.0070, 0.0), (0.0036, 0.001)]
    shaft = [(0.0034, z) for z in np.linspace(0.004, 0.078, 9)]
    tip = [(0.0034, 0.082), (0.0030, 0.084), (0.0014, 0.0885), (0.0, 0.089)]
    outline = np.array([(0, -0.078), (0.0080, -0.0775), *grip, *ferrule, *shaft, *tip])
    _, height = outline_rows(outline, H)
    paint = plain(H, W, (0.88, 0.20, 0.08))
    flutes = np.cos(2 * np.pi * 6 * (np.arange(W) + 0.5) / W)
    soft = ramp(flutes, 0.1, 0.35)[None] * (ramp(height, -0.068, -0.066) * ramp(height, -0.022, -0.024))[:, None]
    paint = mix(paint, (0.10, 0.10, 0.11), soft)
    paint[height < -0.073] = (0.10, 0.10, 0.11)
    collar = (height > -0.0125) & (height < 0.0005)
    paint[collar] = (0.10, 0.10, 0.11)
    steel = height >= 0.0005
    paint[steel] = metal(H, W, 301)[steel]
    paint[height > 0.080] *= 0.45
    return Sketch(
        mesh=lathe(outline, 24),
        texture=picture(grainy(paint, 302, 0.015)),
        solids=[cylinder(0.0140, -0.0755, -0.038), cylinder(0.0118, -0.038, -0.002), cylinder(0.0034, -0.002, 0.087)],
        words=("screwdriver",),
        colour="orange",
        category="tool",
        mass=0.08,
        grasp_width=0.024,
        axis=Z,
        rolls=True,
        rests=(X,),
        rolling=0.06,
        friction=0.7,
    )


def hammer() -> Sketch:
    # Handle along x, head along y at its far end.
    stations = smooth(
        [
            (0.0095, 0.0082, -0.105),
            (0.0120, 0.0100, -0.098),
            (0.0118, 0.0098, -0.060),
            (0.0085, 0.0078, -0.01),
            (0.0092, 0.0080, 0.062),
        ],
        18,
    )
    around = 2 * np.pi * np.arange(18) / 18
    rings = np.stack(
        [np.column_stack([np.full(18, x), a * np.cos(around), b * np.sin(around)]) for a, b, x in stations]
    )
    handle = loft(rings, np.array([-0.1065, 0, 0]), np.array([0.062, 0, 0])).in_rows(0, 0.6)
    face = [(0, 0.0), (0.0095, 0.0), (0.0110, 0.0012), (0.0110, 0.010), (0.0085, 0.0125), (0.0085, 0.020), (0, 0.0201)]
    poll = lathe(face, 24).turned("x", -90).shifted(x=0.052, y=-0.036).in_rows(0.6, 1.0)
    block = rounded_box((0.024, 0.036, 0.022), 0.003).shifted(x=0.052, y=0.0).in_rows(0.6, 1.0)
    wedge = np.stack(
        [
            np.column_stack(
                [
                    0.052 + w * np.sign(np.cos(around)) * np.abs(np.cos(around)) ** 0.5,
                    np.full(18, y),
                    t * np.sign(np.sin(around)) * np.abs(np.sin(around)) ** 0.5,
                ]
            )
            for w, t, y in (
                (0.0105, 0.0095, 0.012),
                (0.0105, 0.0085, 0.020),
                (0.0105, 0.0050, 0.032),
                (0.0100, 0.0020, 0.042),
            )
        ]
    )
    peen = loft(wedge, np.array([0.052, 0.012, 0]), np.array([0.052, 0.0428, 0])).in_rows(0.6, 1.0)
    shaft = wood(115, W, 311, (0.80, 0.60, 0.36), (0.58, 0.38, 0.19))
    fill(shaft, (0, 0.62, 1, 1.0), (0.70, 0.10, 0.08))
    fill(shaft, (0, 0.60, 1, 0.62), (0.95, 0.93, 0.88))
    write(shaft, "16 oz", (0.1, 0.42, 0.35, 0.48), (0.25, 0.12, 0.06))
    steel = mix((0.30, 0.31, 0.34), (0.45, 0.46, 0.49), 0.5 + 0.3 * noise(H - 115, W, 312, 2.0))
    return Sketch(
        mesh=union(handle, block, poll, peen),
        texture=picture(np.vstack([shaft, steel])),
        solids=[
            Solid("box", (0.012, 0.018, 0.011), (0.052, 0.0, 0.0)),
            capsule((0.052, -0.025, 0.0), (0.052, -0.016, 0.0), 0.0110),
            hull(
                np.array(
                    [
                        [0.052 + sx * 0.0103, y, sz * t]
                        for sx in (-1, 1)
                        for sz in (-1, 1)
                        for y, t in ((0.016, 0.009), (0.042, 0.002))
                    ]
                )
            ),
            Solid("ellipsoid", (0.027, 0.0116, 0.0098), (-0.0795, 0.0, 0.0)),
            capsule((-0.085, 0.0, 0.0), (0.045, 0.0, 0.0), 0.0082),
        ],
        words=("hammer",),
        colour="wooden",
        category="tool",
        mass=0.25,
        grasp_width=0.018,
        friction=0.7,
    )


def spoon() -> Sketch:
    # (x, half width, half thickness, height of the middle, depth of the bowl)
    stations = [
        (-0.090, 0.0030, 0.0020, 0.0070, 0.0),
        (-0.088, 0.0060, 0.0030, 0.0072, 0.0),
        (-0.060, 0.0068, 0.0033, 0.0085, 0.0),
        (0.000, 0.0050, 0.0032, 0.0090, 0.0),
        (0.030, 0.0055, 0.0030, 0.0078, 0.0006),
        (0.042, 0.0130, 0.0026, 0.0068, 0.0030),
        (0.058, 0.0195, 0.0024, 0.0066, 0.0046),
        (0.074, 0.0180, 0.0024, 0.0070, 0.0040),
        (0.085, 0.0115, 0.0022, 0.0080, 0.0020),
        (0.0895, 0.0050, 0.0018, 0.0088, 0.0006),
    ]
    rows = smooth(stations, 40)
    around = 2 * np.pi * np.arange(24) / 24
    rings = []
    for x, width, thick, middle, depth in rows:
        across = np.cos(around)
        z = middle + thick * np.sin(around) - depth * (1 - across**2)
        rings.append(np.column_stack([np.full(24, x), width * across, z]))
    ends = [np.array([rows[i, 0] + dx, 0, rows[i, 3]]) for i, dx in ((0, -0.001), (-1, 0.001))]
    paint = wood(H, W, 321, (0.86, 0.68, 0.44), (0.68, 0.47, 0.26))
    paint[round(0.86 * H) : round(0.90 * H)] = (0.15, 0.45, 0.62)
    solids = []
    for low, high in ((0, 8), (8, 24), (24, 29), (29, 34), (34, 39)):
        solids.append(hull(np.vstack([rings[i] for i in range(low, high + 1)])))
    return Sketch(
        mesh=loft(np.array(rings), ends[0], ends[1]),
        texture=picture(paint),
        solids=solids,
        words=("spoon", "wooden spoon"),
        colour="wooden",
        category="tool",
        mass=0.03,
        grasp_width=0.012,
        friction=0.7,
    )


def marker() -> Sketch:
    barrel = [(0.0078, z) for z in np.linspace(-0.066, 0.022, 9)]
    cap = [(0.0078, 0.0225), (0.0088, 0.0232), (0.0088, 0.040), (0.0086, 0.060), (0.0080, 0.066), (0.0066, 0.068)]
    outline = np.array([(0, -0.068), (0.0068, -0.068), (0.0076, -0.0672), *barrel, *cap, (0, 0.068)])
    _, height = outline_rows(outline, H)
    paint = plain(H, W, (0.94, 0.94, 0.93))
    ink = (0.08, 0.20, 0.66)
    paint[height > 0.0222] = ink
    ridges = 0.8 + 0.2 * (np.arange(W) % 8 < 5)
    paint[height > 0.045] = (np.array(ink) * ridges[:, None])[None]
    paint[height < -0.062] = ink
    band = (height > -0.050) & (height < -0.046)
    paint[band] = ink
    letters = plain(32, 104, (0.94, 0.94, 0.93))
    write(letters, "MARKER", (0.03, 0.1, 0.97, 0.9), ink)
    rows = np.flatnonzero((height > -0.042) & (height < 0.012))
    strip = letters.transpose(1, 0, 2)[:, ::-1]
    pick = np.linspace(0, 103, len(rows)).round().astype(int)
    for left in (8, 72):
        paint[rows[0] : rows[-1] + 1, left : left + 32] = strip[pick]
    return Sketch(
        mesh=lathe(outline, 24),
        texture=picture(grainy(paint, 331, 0.01)),
        solids=[cylinder(0.0078, -0.068, 0.022), cylinder(0.0087, 0.022, 0.0665)],
        words=("marker", "marker pen", "pen"),
        colour="blue",
        category="tool",
        mass=0.02,
        grasp_width=0.016,
        axis=Z,
        rolls=True,
        rests=(X,),
        rolling=0.03,
        rolling_radius=0.0085,
        friction=0.6,
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "screwdriver": screwdriver,
    "hammer": hammer,
    "spoon": spoon,
    "marker": marker,
}
