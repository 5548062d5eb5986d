"""Where objects are put: bowl, box, plate, placemat, tray."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from .build import Sketch
from .model import Solid, Zone
from .shapes import Mesh, lathe, loft, outline_rows, path_fractions, rounded_box, smooth
from .solids import cylinder, wall
from .textures import face_atlas, fill, grainy, mix, noise, picture, plain, ramp, wood

H, W = 160, 256
Z = (0.0, 0.0, 1.0)
HALF_TURN = (Rotation.from_euler("z", np.pi),)


def bowl() -> Sketch:
    outer = smooth([(0.036, 0.0), (0.050, 0.009), (0.066, 0.026), (0.0755, 0.052)], 12)
    inner = smooth([(0.0725, 0.052), (0.0628, 0.0275), (0.046, 0.0115), (0.024, 0.006)], 12)
    foot = [(0, 0.002), (0.030, 0.002), (0.032, 0.0)]
    outline = np.vstack([foot, outer, [(0.0745, 0.0533)], inner, [(0, 0.0055)]])
    at = path_fractions(outline)
    rim = 1 - float(at[len(foot) + len(outer)])
    glaze = mix((0.16, 0.42, 0.52), (0.10, 0.33, 0.43), 0.5 + 0.25 * noise(H, W, 401, 1.0))
    rows = (np.arange(H) + 0.5) / H
    glaze[rows < rim] = (0.93, 0.91, 0.86)
    for start in (0.10, 0.16):
        glaze[(rows > rim + start) & (rows < rim + start + 0.02)] = (0.93, 0.91, 0.86)
    glaze = mix(glaze, (0.62, 0.42, 0.24), (np.abs(rows - rim) < 0.012)[:, None] * np.ones((1, W)))
    glaze = mix(glaze, (0.40, 0.33, 0.26), 0.7 * ramp(noise(H, W, 402, 6.0), 2.0, 2.6))
    low = [(0.036, 0.0), (0.056, 0.0145), (0.0525, 0.0165), (0.030, 0.006)]
    middle = [(0.056, 0.0145), (0.0685, 0.031), (0.0655, 0.033), (0.0525, 0.0165)]
    high = [(0.0685, 0.031), (0.0755, 0.053), (0.0725, 0.053), (0.0655, 0.033)]
    return Sketch(
        mesh=lathe(outline, 40),
        texture=picture(glaze),
        solids=[cylinder(0.036, 0.0, 0.006), *wall(low, 12), *wall(middle, 14), *wall(high, 14)],
        words=("bowl",),
        colour="blue",
        category="container",
        mass=0.30,
        grasp_width=0.151,
        axis=Z,
        friction=0.7,
        kind="container",
        zone=Zone(0.066, None, 0.006, 0.075),
    )


def _hollow_box(length: float, width: float, height: float, thick: float, floor: float, radius: float) -> Mesh:
    """An open box standing on z = 0: rings of rounded rectangles, outside up and inside down."""
    steps = [(0.0, 0.0015), (0.0, 0.006), (0.0, 0.4 * height), (0.0, 0.75 * height), (0.0, height)]
    inside = [(thick, height), (thick, 0.7 * height), (thick, 0.35 * height), (thick, floor)]
    corners = np.linspace(0, np.pi / 2, 5)
    rings = []
    for inset, z in [(0.0015, 0.0), *steps, *inside]:
        a, b, r = 0.5 * length - inset, 0.5 * width - inset, max(radius - inset, 0.0008)
        ring = []
        for quarter, (sx, sy) in enumerate(((1, 1), (-1, 1), (-1, -1), (1, -1))):
            turn = corners + quarter * np.pi / 2
            ring.append(np.column_stack([sx * (a - r) + r * np.cos(turn), sy * (b - r) + r * np.sin(turn)]))
        outline = np.vstack(ring)
        # Points along the straight sides keep the triangles compact.
        closed = np.vstack([outline, outline[:1]])
        length_at = path_fractions(closed)
        dense = np.sort(np.concatenate([length_at[:-1], 0.5 * (length_at[4:-1:5] + length_at[5::5])]))
        flat = np.column_stack([np.interp(dense, length_at, closed[:, i]) for i in range(2)])
        rings.append(np.column_stack([flat, np.full(len(flat), z)]))
    return _loft_open(np.array(rings), floor)


def _loft_open(rings: Vector, floor: float) -> Mesh:
    """Closes rings that run up outside and down inside with a foot below and a floor at a height."""
    at = path_fractions(np.array([(np.hypot(*ring[0, :2]), ring[0, 2]) for ring in rings]))
    along = np.concatenate([[0.0], 0.15 + 0.6 * at, [1.0]])
    return loft(rings, np.zeros(3), np.array([0.0, 0.0, floor]), along)


def _walls(length: float, width: float, height: float, thick: float, floor: float) -> list[Solid]:
    a, b, t, z = 0.5 * length, 0.5 * width, 0.5 * thick, 0.5 * height
    return [
        Solid("box", (a, b, 0.5 * floor), (0.0, 0.0, 0.5 * floor)),
        Solid("box", (t, b, z), (a - t, 0.0, z)),
        Solid("box", (t, b, z), (t - a, 0.0, z)),
        Solid("box", (a - thick, t, z), (0.0, b - t, z)),
        Solid("box", (a - thick, t, z), (0.0, t - b, z)),
    ]


def box() -> Sketch:
    length, width, height, thick, floor = 0.170, 0.130, 0.065, 0.004, 0.004
    card = mix((0.74, 0.56, 0.36), (0.66, 0.48, 0.29), 0.4 + 0.2 * noise(H, W, 411, 0.6))
    card *= (1 + 0.025 * np.sin(np.arange(W) * 2 * np.pi / 4))[None, :, None]
    card = grainy(card, 412, 0.03, 6.0)
    return Sketch(
        mesh=_hollow_box(length, width, height, thick, floor, 0.002),
        texture=picture(card),
        solids=_walls(length, width, height, thick, floor),
        words=("box", "cardboard box"),
        colour="brown",
        category="container",
        mass=0.20,
        grasp_width=width,
        turns=HALF_TURN,
        friction=0.8,
        kind="container",
        zone=Zone(None, (0.5 * length - thick, 0.5 * width - thick), floor, 0.085),
    )


def tray() -> Sketch:
    length, width, height, thick, floor = 0.240, 0.170, 0.022, 0.008, 0.005
    boards = [wood(H // 5, W, 421 + 3 * i, (0.70, 0.49, 0.29), (0.50, 0.31, 0.16), along_rows=True) for i in range(5)]
    planks = np.vstack([board * shade for board, shade in zip(boards, (1.0, 0.93, 1.05, 0.96, 1.02), strict=True)])
    planks[:: H // 5] *= 0.55
    return Sketch(
        mesh=_hollow_box(length, width, height, thick, floor, 0.018).seen_from_above(),
        texture=picture(planks),
        solids=_walls(length, width, height, thick, floor),
        words=("tray", "wooden tray"),
        colour="wooden",
        category="container",
        mass=0.35,
        grasp_width=width,
        turns=HALF_TURN,
        friction=0.8,
        kind="container",
        zone=Zone(None, (0.5 * length - thick, 0.5 * width - thick), floor, 0.085),
    )


def plate() -> Sketch:
    under = [(0, 0.001), (0.050, 0.001), (0.052, 0.0), (0.056, 0.0), (0.066, 0.0045), (0.098, 0.0145), (0.100, 0.0160)]
    over = [(0.099, 0.0172), (0.0965, 0.0172), (0.080, 0.0120), (0.066, 0.0078), (0.060, 0.0056), (0.040, 0.0050)]
    outline = [*under, *over, (0.020, 0.0050), (0, 0.0050)]
    radius, _ = outline_rows(outline, H)
    china = plain(H, W, (0.95, 0.94, 0.92))
    upper = np.arange(H) < int(np.argmax(radius))
    for low, high, colour in ((0.0945, 0.098, (0.16, 0.26, 0.55)), (0.091, 0.0925, (0.16, 0.26, 0.55))):
        china[upper & (radius > low) & (radius < high)] = colour
    around = (np.arange(W) + 0.5) / W * 24
    petal = np.hypot((around % 1 - 0.5)[None] / 0.34, (radius[:, None] - 0.0805) / 0.0055)
    china = mix(china, (0.22, 0.36, 0.66), ramp(petal, 1.1, 0.9) * upper[:, None])
    low = [(0.056, 0.0), (0.066, 0.0045), (0.066, 0.0078), (0.056, 0.0050)]
    high = [(0.066, 0.0045), (0.0995, 0.0150), (0.0985, 0.0172), (0.066, 0.0078)]
    return Sketch(
        mesh=lathe(outline, 44),
        texture=picture(grainy(china, 431, 0.008)),
        solids=[cylinder(0.056, 0.0, 0.005), *wall(low, 12), *wall(high, 16)],
        words=("plate",),
        colour="white",
        category="container",
        mass=0.30,
        grasp_width=0.200,
        axis=Z,
        friction=0.6,
        kind="container",
        zone=Zone(0.090, None, 0.005, 0.075),
    )


def placemat() -> Sketch:
    size = (0.260, 0.180, 0.004)
    x, y = np.meshgrid(np.arange(128), np.arange(96))
    weave = 0.5 + 0.5 * np.sin(x * np.pi / 2) * np.sin(y * np.pi / 2)
    cloth = mix((0.78, 0.34, 0.22), (0.62, 0.22, 0.14), weave)
    for left, right in ((0.05, 0.09), (0.11, 0.125), (0.875, 0.89), (0.91, 0.95)):
        fill(cloth, (left, 0, right, 1), (0.94, 0.86, 0.70))
    cloth = grainy(cloth, 441, 0.04)
    return Sketch(
        mesh=rounded_box(size, 0.0018).shifted(z=0.002),
        texture=picture(face_atlas([cloth] * 6)),
        solids=[Solid("box", (0.130, 0.090, 0.002), (0.0, 0.0, 0.002))],
        words=("placemat", "place mat"),
        colour="red",
        category="container",
        mass=0.12,
        grasp_width=0.180,
        turns=tuple(turn for turn in Rotation.create_group("D2") if turn.magnitude() > 1e-6),
        friction=1.0,
        kind="container",
        zone=Zone(None, (0.130, 0.090), 0.004, 0.075),
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "bowl": bowl,
    "box": box,
    "plate": plate,
    "placemat": placemat,
    "tray": tray,
}
