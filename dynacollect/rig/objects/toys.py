"""Balls, blocks and boxes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from ..nouns import Vector
from .build import Sketch
from .model import Solid
from .shapes import lathe, outline_rows, rounded_box, union
from .solids import cylinder, frustum
from .textures import (
    barcode,
    face_atlas,
    fill,
    grainy,
    mix,
    noise,
    picture,
    plain,
    ramp,
    small_print,
    sphere_directions,
    write,
)

H, W = 144, 224
Z, X, Y = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def _sphere(radius: float) -> Vector:
    polar = np.linspace(-np.pi / 2, np.pi / 2, 22)
    outline = np.column_stack([radius * np.cos(polar), radius * np.sin(polar)])
    outline[[0, -1], 0] = 0
    return outline


def tennis_ball() -> Sketch:
    t = np.linspace(0, 2 * np.pi, 140, endpoint=False)
    a, b = 0.72, 0.28
    seam = np.column_stack(
        [a * np.cos(t) + b * np.cos(3 * t), a * np.sin(t) - b * np.sin(3 * t), 2 * np.sqrt(a * b) * np.sin(2 * t)]
    )
    cosine = (sphere_directions(H, W).reshape(-1, 3) @ seam.T).max(1).reshape(H, W)
    away = np.arccos(np.clip(cosine, -1, 1))
    felt = mix((0.80, 0.90, 0.22), (0.70, 0.82, 0.16), 0.5 + 0.35 * noise(H, W, 111, 5.0))
    felt = mix(felt, (0.55, 0.66, 0.14), 0.6 * ramp(away, 0.16, 0.08))
    felt = mix(felt, (0.95, 0.96, 0.90), ramp(away, 0.085, 0.055))
    return Sketch(
        mesh=lathe(_sphere(0.0325), 32),
        texture=picture(felt),
        solids=[Solid("sphere", (0.0325,))],
        words=("tennis ball",),
        colour="yellow green",
        category="toy",
        mass=0.058,
        grasp_width=0.065,
        sphere=True,
        rolls=True,
        hollow=0.86,
        rolling=0.012,
        friction=0.9,
    )


def ping_pong_ball() -> Sketch:
    skin = plain(H, W, (0.95, 0.52, 0.13))
    skin = mix(skin, (0.88, 0.42, 0.08), 0.3 * ramp(np.abs(sphere_directions(H, W)[..., 2]), 0.03, 0.0))
    for left in (0.17, 0.67):
        write(skin, "***", (left, 0.36, left + 0.16, 0.44), (0.12, 0.15, 0.45))
        write(skin, "40+", (left + 0.01, 0.47, left + 0.15, 0.58), (0.12, 0.15, 0.45))
    return Sketch(
        mesh=lathe(_sphere(0.020), 28),
        texture=picture(grainy(skin, 112, 0.01)),
        solids=[Solid("sphere", (0.020,))],
        words=("ping-pong ball", "table tennis ball"),
        colour="orange",
        category="toy",
        mass=0.003,
        grasp_width=0.040,
        sphere=True,
        rolls=True,
        hollow=0.98,
        rolling=0.005,
        friction=0.6,
    )


def _box_turns(cube: bool) -> tuple[Rotation, ...]:
    group = Rotation.create_group("O" if cube else "D2")
    return tuple(turn for turn in group if turn.magnitude() > 1e-6)


def _letter_face(letter: str, ground: tuple[float, float, float], seed: int) -> Vector:
    face = plain(80, 80, (0.86, 0.70, 0.48)) * (1 + 0.05 * noise(80, 80, seed, 2.0, 0.25))[..., None]
    fill(face, (0.07, 0.07, 0.93, 0.93), ground)
    fill(face, (0.13, 0.13, 0.87, 0.87), (0.95, 0.89, 0.76))
    write(face, letter, (0.28, 0.22, 0.72, 0.78), ground)
    return face


def cube() -> Sketch:
    inks = [(0.75, 0.12, 0.12), (0.10, 0.30, 0.65), (0.10, 0.50, 0.22)]
    faces = [_letter_face(letter, inks[i % 3], 120 + i) for i, letter in enumerate("ABCDEF")]
    return Sketch(
        mesh=rounded_box((0.045, 0.045, 0.045), 0.003),
        texture=picture(face_atlas(faces)),
        solids=[Solid("box", (0.0225, 0.0225, 0.0225))],
        words=("cube", "letter block", "toy block"),
        colour="wooden",
        category="toy",
        mass=0.055,
        grasp_width=0.045,
        turns=_box_turns(True),
        friction=0.7,
    )


def _tea_face(seed: int, text: tuple[str, str] | None) -> Vector:
    face = plain(112, 80, (0.10, 0.42, 0.38)) * (1 + 0.02 * noise(112, 80, seed, 0.5))[..., None]
    fill(face, (0, 0, 1, 0.12), (0.85, 0.68, 0.28))
    fill(face, (0, 0.9, 1, 0.93), (0.85, 0.68, 0.28))
    if text is None:
        small_print(face, (0.12, 0.22, 0.9, 0.56), (0.85, 0.90, 0.85), seed, 8)
        barcode(face, (0.2, 0.62, 0.8, 0.84), seed)
        return face
    y, x = np.mgrid[0:112, 0:80]
    leaf = np.hypot((x - 40) / 26, (y - 74) / 17)
    face[:] = mix(face, (0.93, 0.90, 0.78), ramp(leaf, 1.04, 0.98))
    ribs = np.abs(np.sin((x - 40 + 1.4 * np.abs(y - 74)) * 0.35)) > 0.3
    face[:] = mix(face, (0.30, 0.58, 0.20), ramp(np.hypot((x - 40) / 19, (y - 74) / 9), 1.03, 0.95) * ribs)
    write(face, text[0], (0.12, 0.19, 0.88, 0.37), (0.98, 0.95, 0.85))
    write(face, text[1], (0.25, 0.40, 0.75, 0.48), (0.85, 0.68, 0.28))
    return face


def cuboid() -> Sketch:
    side, front = _tea_face(131, None), _tea_face(132, ("GREEN TEA", "20 BAGS"))
    lid = plain(112, 80, (0.10, 0.42, 0.38))
    fill(lid, (0.08, 0.06, 0.92, 0.94), (0.12, 0.47, 0.42))
    write(lid, "TEA", (0.2, 0.3, 0.8, 0.7), (0.85, 0.68, 0.28))
    return Sketch(
        mesh=rounded_box((0.058, 0.040, 0.082), 0.0015),
        texture=picture(face_atlas([side, side, front, front, lid, lid])),
        solids=[Solid("box", (0.029, 0.020, 0.041))],
        words=("tea box", "cuboid", "carton of tea"),
        colour="green",
        category="toy",
        mass=0.05,
        grasp_width=0.040,
        turns=_box_turns(False),
        rests=(Z, Y, X),
        friction=0.6,
    )


def cone() -> Sketch:
    outline = [(0, 0), (0.015, 0), (0.0265, 0), (0.027, 0.0012), (0.027, 0.004), (0.0225, 0.0055)]
    outline += [(0.0225 - 0.0185 * t, 0.0055 + 0.066 * t) for t in np.linspace(0.07, 1, 14)]
    outline += [(0.0026, 0.0728), (0, 0.0731)]
    radius, height = outline_rows(outline, H)
    skin = plain(H, W, (0.93, 0.33, 0.07)) * (1 + 0.03 * noise(H, W, 141, 0.6))[..., None]
    for low, high in ((0.022, 0.034), (0.046, 0.056)):
        band = ramp(height, low - 0.0005, low + 0.0005) * ramp(height, high + 0.0005, high - 0.0005)
        skin = mix(skin, (0.95, 0.95, 0.93), band[:, None] * np.ones((1, W)))
    skin[(height < 0.005) & (radius > 0)] *= 0.9
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(grainy(skin, 142, 0.012)),
        solids=[cylinder(0.027, 0.0, 0.0045), *frustum(0.0225, 0.004, 0.0046, 0.0725)],
        words=("cone", "traffic cone"),
        colour="orange",
        category="toy",
        mass=0.04,
        grasp_width=0.038,
        axis=Z,
        friction=0.8,
    )


def roll() -> Sketch:
    outer, inner, half = 0.029, 0.015, 0.045
    edge = 0.0012
    wall = [(inner, -half), (outer - edge, -half), (outer, -half + edge)]
    wall += [(outer, z) for z in np.linspace(-half + edge, half - edge, 8)[1:-1]]
    wall += [(outer, half - edge), (outer - edge, half), (inner, half)]
    wall += [(inner, z) for z in np.linspace(half, -half, 6)[1:-1]]
    closed = np.array([*wall, wall[0]])
    radius, height = outline_rows(closed, H)
    paper = plain(H, W, (0.93, 0.92, 0.89))
    x, y = np.meshgrid(np.arange(W), np.arange(H))
    dots = ((x % 14) - 7) ** 2 + (((y + 5 * ((x // 14) % 2)) % 10) - 5) ** 2 < 6
    side = (radius > outer - 0.0005)[:, None] * np.ones((1, W), bool)
    paper = mix(paper, (0.80, 0.82, 0.84), 0.8 * dots * side)
    rings = (np.abs(height) > half - 0.0005) & (radius < outer - edge)
    layers = 0.5 + 0.5 * np.sin(radius * 2 * np.pi / 0.0016)
    paper = mix(paper, (0.70, 0.68, 0.64), (0.7 * rings * layers)[:, None] * np.ones((1, W)))
    tube = radius < inner + 0.0012
    paper[tube] = np.array([0.62, 0.46, 0.30])
    paper = mix(paper, (0.66, 0.67, 0.68), 0.9 * side * (np.abs(x - 30) < 1))
    return Sketch(
        mesh=lathe(wall, 36),
        texture=picture(grainy(paper, 151, 0.012)),
        solids=[cylinder(outer, -half, half)],
        words=("paper roll", "cylinder", "roll"),
        colour="white",
        category="toy",
        mass=0.06,
        grasp_width=0.058,
        axis=Z,
        flip=True,
        rolls=True,
        rests=(Z, X),
        rolling=0.02,
        friction=0.8,
    )


def sponge() -> Sketch:
    def side() -> Vector:
        face = mix((0.96, 0.84, 0.25), (0.88, 0.72, 0.15), 0.4 + 0.3 * noise(80, 96, 161, 2.0))
        holes = ramp(noise(80, 96, 162, 4.0), 1.0, 1.6)
        face = mix(face, (0.62, 0.48, 0.08), holes)
        fill(face, (0, 0, 1, 0.28), (0.12, 0.42, 0.20))
        return grainy(face, 163, 0.05)

    scour = grainy(mix((0.10, 0.40, 0.18), (0.20, 0.55, 0.27), 0.5 + 0.4 * noise(80, 96, 164, 5.0)), 165, 0.12)
    foam = side()
    fill(foam, (0, 0, 1, 0.3), (0.96, 0.84, 0.25))
    foam = mix(foam, (0.62, 0.48, 0.08), ramp(noise(80, 96, 166, 4.0), 1.0, 1.6))
    faces = [side(), side(), side(), side(), scour, foam]
    return Sketch(
        mesh=rounded_box((0.085, 0.055, 0.028), 0.003),
        texture=picture(face_atlas(faces)),
        solids=[Solid("box", (0.0425, 0.0275, 0.014))],
        words=("sponge",),
        colour="yellow",
        category="tool",
        mass=0.015,
        grasp_width=0.055,
        turns=_box_turns(False),
        friction=0.9,
        split="unseen",
    )


def light_bulb_box() -> Sketch:
    front = plain(112, 80, (0.16, 0.22, 0.48))
    y, x = np.mgrid[0:112, 0:80]
    glow = ramp(np.hypot(x - 40, y - 58), 36, 8)
    front = mix(front, (0.98, 0.85, 0.35), 0.9 * glow)
    bulb = (np.hypot(x - 40, y - 54) < 17) | ((np.abs(x - 40) < 8) & (np.abs(y - 74) < 9))
    front = mix(front, (1.0, 0.99, 0.92), bulb * 1.0)
    front = mix(front, (0.55, 0.56, 0.58), ((np.abs(x - 40) < 7) & (np.abs(y - 83) < 6) & (y % 3 > 0)) * 1.0)
    write(front, "LED 60W", (0.1, 0.06, 0.9, 0.22), (1, 1, 1))
    side = plain(112, 80, (0.95, 0.95, 0.94))
    fill(side, (0, 0, 1, 0.2), (0.16, 0.22, 0.48))
    small_print(side, (0.1, 0.26, 0.92, 0.62), (0.35, 0.38, 0.42), 171, 9)
    barcode(side, (0.15, 0.68, 0.85, 0.9), 172)
    lid = plain(112, 80, (0.16, 0.22, 0.48))
    write(lid, "LED", (0.2, 0.3, 0.8, 0.7), (1, 1, 1))
    return Sketch(
        mesh=rounded_box((0.055, 0.055, 0.095), 0.0012),
        texture=picture(face_atlas([side, side, front, front, lid, lid])),
        solids=[Solid("box", (0.0275, 0.0275, 0.0475))],
        words=("light bulb box", "bulb box"),
        colour="blue",
        category="toy",
        mass=0.06,
        grasp_width=0.055,
        turns=tuple(turn for turn in Rotation.create_group("D4") if turn.magnitude() > 1e-6),
        rests=(Z, X),
        friction=0.6,
        split="unseen",
    )


def _car_paint() -> Vector:
    """Body, cabin and wheels in three bands of rows."""
    body = plain(64, 192, (0.80, 0.10, 0.10)) * (1 + 0.03 * noise(64, 192, 181, 0.5))[..., None]
    fill(body, (0.0, 0.22, 0.66, 0.26), (0.98, 0.98, 0.95))
    for left in (0.03, 0.23):
        fill(body, (left + 0.085, 0.14, left + 0.12, 0.34), (0.98, 0.92, 0.6))
    write(body, "7", (0.46, 0.08, 0.54, 0.42), (1, 1, 1))
    cabin = plain(64, 192, (0.72, 0.08, 0.08))
    for column in range(3):
        for row in range(2):
            if (row, column) not in ((1, 1), (1, 2)):
                left, top = column / 3, row / 2
                fill(cabin, (left + 0.04, top + 0.08, left + 0.30, top + 0.40), (0.55, 0.75, 0.88))
    wheel = plain(64, 192, (0.10, 0.10, 0.11))
    fill(wheel, (0, 0, 1, 0.24), (0.80, 0.80, 0.82))
    fill(wheel, (0, 0.76, 1, 1), (0.80, 0.80, 0.82))
    return np.vstack([body, cabin, wheel])


def toy_car() -> Sketch:
    body = rounded_box((0.080, 0.036, 0.018), 0.005).shifted(z=0.018).in_rows(0, 1 / 3)
    cabin = rounded_box((0.042, 0.032, 0.020), 0.006).shifted(x=-0.004, z=0.033).in_rows(1 / 3, 2 / 3)
    disc = [(0, -0.004), (0.006, -0.004), (0.0096, -0.004), (0.0102, -0.003), (0.0102, 0.003), (0.0096, 0.004)]
    wheel = lathe([*disc, (0.006, 0.004), (0, 0.004)], 20).turned("x", 90).in_rows(2 / 3, 1)
    axles = [(x, y) for x in (-0.024, 0.025) for y in (-0.0175, 0.0175)]
    wheels = [wheel.shifted(x, y, 0.0102) for x, y in axles]
    flat = Rotation.from_euler("x", 90, degrees=True).as_quat()
    quaternion = (float(flat[0]), float(flat[1]), float(flat[2]), float(flat[3]))
    return Sketch(
        mesh=union(body, cabin, *wheels),
        texture=picture(_car_paint()),
        solids=[
            Solid("box", (0.040, 0.018, 0.009), (0.0, 0.0, 0.018)),
            Solid("box", (0.020, 0.015, 0.009), (-0.004, 0.0, 0.034)),
            *(Solid("cylinder", (0.0102, 0.004), (x, y, 0.0102), quaternion) for x, y in axles),
        ],
        words=("toy car", "car"),
        colour="red",
        category="toy",
        mass=0.07,
        grasp_width=0.043,
        friction=0.7,
        split="unseen",
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "tennis_ball": tennis_ball,
    "ping_pong_ball": ping_pong_ball,
    "cube": cube,
    "cuboid": cuboid,
    "cone": cone,
    "roll": roll,
    "sponge": sponge,
    "light_bulb_box": light_bulb_box,
    "toy_car": toy_car,
}
