"""Fruit, vegetables and an egg."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..nouns import Vector
from .build import Sketch
from .model import Solid
from .shapes import Mesh, lathe, loft, outline_rows, smooth
from .solids import capsule
from .textures import grainy, mix, noise, picture, ramp, spots

H, W = 160, 224
Z, X = (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)


def _ball(radius: float, height: float, dimple: float = 0.0, count: int = 24) -> Vector:
    """(count, 2) outline of a ball of the given half height, pressed in by `dimple` at both poles."""
    polar = np.linspace(-np.pi / 2, np.pi / 2, count)
    outline = np.column_stack([radius * np.cos(polar), height * np.sin(polar)])
    outline[:, 1] -= np.sign(polar) * dimple * np.exp(-((outline[:, 0] / (0.3 * radius)) ** 2))
    outline[[0, -1], 0] = 0
    return outline


def _ellipsoid(x: float, z: float, at: float = 0.0) -> Solid:
    return Solid("ellipsoid", (x, x, z), (0.0, 0.0, at))


def apple() -> Sketch:
    body = _ball(0.030, 0.0285, 0.006)
    polar = np.linspace(-1, 1, len(body))
    body[:, 0] *= 1 + 0.05 * polar
    body[:, 0] *= 0.030 / body[:, 0].max()
    stem = [(0.0013, body[-1, 1] + 0.001), (0.0011, 0.027), (0.0017, 0.032), (0.0, 0.0322)]
    outline = np.vstack([body[:-1], stem])
    radius, height = outline_rows(outline, H)
    flame = noise(H, W, 11, 1.2, 0.18)
    skin = mix((0.70, 0.07, 0.09), (0.86, 0.30, 0.14), 0.32 + 0.28 * flame)
    pole = ramp(radius, 0.018, 0.004)[:, None]
    skin = mix(skin, (0.83, 0.74, 0.30), 0.75 * pole + 0.18 * pole * flame)
    skin = mix(skin, (0.95, 0.80, 0.55), 0.75 * spots(H, W, 12, 160, (0.015, 0.03)))
    stalk = (radius < 0.0022) & (height > 0)
    skin[stalk] = (0.30, 0.19, 0.09)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(grainy(skin, 13, 0.02)),
        solids=[_ellipsoid(0.030, float(-body[:, 1].min()))],
        words=("apple", "red apple"),
        colour="red",
        category="food",
        mass=0.11,
        grasp_width=0.060,
        axis=Z,
        rolls=True,
        rests=(Z,),
        rolling=0.02,
    )


def _citrus(outline: Vector, colour: Vector, pit: float, green: Vector, seed: int) -> Vector:
    """Peel with pores: brightness dimples, a navel below and a green star where the stalk was."""
    radius, height = outline_rows(outline, H)
    peel = mix(colour, np.asarray(colour) * 0.86, ramp(noise(H, W, seed, 6.0), 0.3, 2.0))
    peel = mix(peel, np.asarray(colour) * pit, 0.55 * ramp(noise(H, W, seed + 1, 4.0), 1.2, 2.0))
    peel = peel * (1 + 0.04 * noise(H, W, seed + 2, 0.4))[..., None]
    peel = mix(peel, np.minimum(np.asarray(colour) * 1.25, 1.0), 0.2 * ramp(noise(H, W, seed + 3, 0.5), 0.2, 2.5))
    pole = ramp(radius, 0.16 * radius.max(), 0.06 * radius.max())[:, None] * np.ones((1, W))
    return mix(peel, green, pole * np.where(height > 0, 1.0, 0.45)[:, None])


def orange() -> Sketch:
    outline = _ball(0.032, 0.0315, 0.0015)
    skin = _citrus(outline, np.array([0.96, 0.50, 0.06]), 0.80, np.array([0.36, 0.38, 0.12]), 21)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(skin),
        solids=[_ellipsoid(0.032, float(outline[:, 1].max()))],
        words=("orange",),
        colour="orange",
        category="food",
        mass=0.14,
        grasp_width=0.064,
        axis=Z,
        flip=True,
        rolls=True,
        rolling=0.015,
    )


def _oval_citrus(radius: float, half: float, nub: float) -> Vector:
    """Outline of a lemon: an ellipse whose ends are drawn out to nubs."""
    polar = np.linspace(-np.pi / 2, np.pi / 2, 26)
    outline = np.column_stack([radius * np.cos(polar) ** 0.95, half * np.sin(polar)])
    outline[:, 1] += np.sign(polar) * nub * np.exp(-((outline[:, 0] / (0.28 * radius)) ** 2))
    outline[[0, -1], 0] = 0
    return outline


def lemon() -> Sketch:
    outline = _oval_citrus(0.0245, 0.032, 0.0055)
    skin = _citrus(outline, np.array([0.97, 0.83, 0.13]), 0.86, np.array([0.52, 0.56, 0.14]), 31)
    return Sketch(
        mesh=lathe(outline, 28),
        texture=picture(skin),
        solids=[_ellipsoid(0.0245, 0.033), capsule((0, 0, -0.0335), (0, 0, 0.0335), 0.004)],
        words=("lemon",),
        colour="yellow",
        category="food",
        mass=0.09,
        grasp_width=0.049,
        axis=Z,
        flip=True,
        rolls=True,
        rests=(X,),
        rolling=0.02,
    )


def lime() -> Sketch:
    outline = _oval_citrus(0.0215, 0.0245, 0.0025)
    skin = _citrus(outline, np.array([0.42, 0.64, 0.14]), 0.80, np.array([0.60, 0.60, 0.30]), 41)
    return Sketch(
        mesh=lathe(outline, 28),
        texture=picture(skin),
        solids=[_ellipsoid(0.0215, 0.0255)],
        words=("lime",),
        colour="green",
        category="food",
        mass=0.06,
        grasp_width=0.043,
        axis=Z,
        flip=True,
        rolls=True,
        rests=(X,),
        rolling=0.02,
        split="unseen",
    )


def tomato() -> Sketch:
    outline = _ball(0.029, 0.0245, 0.0035)
    radius, height = outline_rows(outline, H)
    around = 2 * np.pi * (np.arange(W) + 0.5) / W
    skin = mix((0.80, 0.11, 0.07), (0.91, 0.27, 0.08), 0.25 + 0.2 * noise(H, W, 51, 0.3))
    leaf = 0.003 + 0.016 * np.abs(np.cos(2.5 * around)) ** 2.2
    calyx = ramp(radius[:, None] - leaf[None], 0.0012, -0.0006) * (height > 0)[:, None]
    shade = ramp(radius[:, None] - leaf[None], 0.004, 0.0) * (height > 0)[:, None]
    skin = mix(skin, (0.55, 0.08, 0.03), 0.5 * shade)
    skin = mix(skin, mix((0.20, 0.42, 0.10), (0.35, 0.55, 0.18), 0.5 + 0.4 * noise(H, W, 52, 2.0)), calyx)
    return Sketch(
        mesh=lathe(outline, 32),
        texture=picture(skin),
        solids=[_ellipsoid(0.029, float(outline[:, 1].max()))],
        words=("tomato",),
        colour="red",
        category="food",
        mass=0.10,
        grasp_width=0.058,
        axis=Z,
        flip=True,
        rolls=True,
        rolling=0.02,
    )


def egg() -> Sketch:
    polar = np.linspace(-np.pi / 2, np.pi / 2, 28)
    outline = np.column_stack([0.0215 * np.cos(polar) * (1 - 0.09 * np.sin(polar)), 0.0285 * np.sin(polar)])
    outline[[0, -1], 0] = 0
    shell = mix((0.87, 0.70, 0.55), (0.80, 0.59, 0.43), 0.4 + 0.25 * noise(H, W, 61, 0.6))
    shell = mix(shell, (0.58, 0.37, 0.24), 0.55 * spots(H, W, 62, 140, (0.012, 0.035)))
    return Sketch(
        mesh=lathe(outline, 28),
        texture=picture(grainy(shell, 63, 0.012)),
        solids=[
            _ellipsoid(0.0214, 0.0270, -0.0014),
            Solid("sphere", (0.0145,), (0.0, 0.0, 0.0138)),
        ],
        words=("egg", "brown egg"),
        colour="beige",
        category="food",
        mass=0.06,
        grasp_width=0.043,
        axis=Z,
        rolls=True,
        rests=(X,),
        rolling=0.012,
    )


def _pear_shape(points: list[tuple[float, float]], count: int) -> Vector:
    outline = smooth(points, count)
    outline[[0, -1], 0] = 0
    return outline


def avocado() -> Sketch:
    big, small = 0.0285, 0.0185
    points = [(0, -0.0285), (0.0202, -0.0202), (big, 0.0), (0.0254, 0.014), (0.0210, 0.0275), (0.0176, 0.0379)]
    outline = _pear_shape([*points, (0.0128, 0.0456), (0.0050, 0.0501), (0, 0.0507)], 30)
    radius, height = outline_rows(outline, H)
    bumps = noise(H, W, 71, 3.2)
    skin = mix((0.13, 0.20, 0.07), (0.30, 0.40, 0.15), 0.35 + 0.32 * bumps)
    skin = mix(skin, (0.10, 0.08, 0.06), 0.35 * ramp(noise(H, W, 72, 0.4), 0.2, 2))
    skin[(radius < 0.004) & (height > 0)] = (0.36, 0.26, 0.13)
    return Sketch(
        mesh=lathe(outline, 30),
        texture=picture(skin),
        solids=[Solid("sphere", (big,)), Solid("sphere", (small,), (0.0, 0.0, 0.0322))],
        words=("avocado",),
        colour="dark green",
        category="food",
        mass=0.15,
        grasp_width=0.057,
        axis=Z,
        rolls=True,
        rests=(X,),
        rolling=0.03,
    )


def pear() -> Sketch:
    big, small = 0.0285, 0.0155
    points = [(0, -0.0245), (0.008, -0.0262), (0.0205, -0.0198), (big, 0.0), (0.0245, 0.0165), (0.0170, 0.030)]
    tip = [(0.0148, 0.042), (0.0085, 0.0505), (0.0025, 0.0525), (0.0013, 0.054), (0.0012, 0.063), (0.0, 0.0635)]
    outline = _pear_shape([*points, *tip], 40)
    radius, height = outline_rows(outline, H)
    around = 2 * np.pi * (np.arange(W) + 0.5) / W
    skin = mix((0.66, 0.72, 0.22), (0.78, 0.76, 0.30), 0.5 + 0.25 * noise(H, W, 81, 0.5))
    blush = ramp(np.cos(around)[None] + 0.25 * noise(H, W, 82, 0.7), 0.3, 1.3) * ramp(height, 0.045, 0.0)[:, None]
    skin = mix(skin, (0.78, 0.36, 0.20), 0.65 * blush)
    skin = mix(skin, (0.42, 0.40, 0.14), 0.7 * spots(H, W, 83, 260, (0.012, 0.024)))
    skin[(radius < 0.0028) & (height > 0)] = (0.28, 0.18, 0.09)
    return Sketch(
        mesh=lathe(outline, 28),
        texture=picture(skin),
        solids=[Solid("sphere", (big,)), Solid("sphere", (small,), (0.0, 0.0, 0.0360))],
        words=("pear",),
        colour="yellow green",
        category="food",
        mass=0.13,
        grasp_width=0.057,
        axis=Z,
        rolls=True,
        rests=(X,),
        rolling=0.03,
        split="unseen",
    )


def potato() -> Sketch:
    half = np.array([0.0375, 0.0275, 0.0245])
    polar = np.linspace(-np.pi / 2, np.pi / 2, 22)[1:-1]
    around = 2 * np.pi * np.arange(32) / 32
    x = np.cos(polar)[:, None] * np.cos(around)
    y = np.cos(polar)[:, None] * np.sin(around)
    z = np.broadcast_to(np.sin(polar)[:, None], x.shape)
    ball = np.stack([x, y, z], -1)
    waves = np.random.default_rng(91).normal(0, 1.7, (5, 3))
    lumps = np.sin(ball @ waves.T + np.arange(5)).sum(-1, keepdims=True)
    rings = ball * half * (1 + 0.012 * lumps)
    poles = [np.array([0, 0, sign * half[2]]) for sign in (-1.0, 1.0)]
    skin = mix((0.72, 0.55, 0.33), (0.60, 0.43, 0.24), 0.45 + 0.28 * noise(H, W, 92, 0.5))
    skin = mix(skin, (0.45, 0.31, 0.17), 0.5 * ramp(noise(H, W, 93, 1.6), 0.6, 2.2))
    skin = mix(skin, (0.30, 0.20, 0.11), 0.9 * spots(H, W, 94, 16, (0.06, 0.12)))
    skin = mix(skin, (0.38, 0.26, 0.14), 0.6 * spots(H, W, 95, 110, (0.015, 0.04)))
    return Sketch(
        mesh=loft(rings, poles[0], poles[1]),
        texture=picture(grainy(skin, 96, 0.04, 6.0)),
        solids=[Solid("ellipsoid", (half[0], half[1], half[2]))],
        words=("potato",),
        colour="brown",
        category="food",
        mass=0.13,
        grasp_width=0.055,
        rolls=True,
        rolling=0.04,
        rolling_radius=0.025,
    )


def _banana_mesh(bend: float, sweep: Vector) -> Mesh:
    """Tube along a circular arc of radius `bend` in the x-y plane, through stations of angle and radius."""
    around = 2 * np.pi * np.arange(20) / 20
    # Five soft edges, as the fruit has.
    section = 1 + 0.035 * np.cos(5 * around)
    rings = []
    for angle, radius in sweep:
        out = bend + radius * section * np.cos(around)
        rings.append(
            np.column_stack([out * np.sin(angle), out * np.cos(angle) - bend, radius * section * np.sin(around)])
        )
    ends = [
        np.array([bend * np.sin(a), bend * np.cos(a) - bend, 0.0]) for a in (sweep[0, 0] - 0.005, sweep[-1, 0] + 0.005)
    ]
    along = np.concatenate([[0.0], 0.02 + 0.96 * (sweep[:, 0] - sweep[0, 0]) / np.ptp(sweep[:, 0]), [1.0]])
    return loft(np.array(rings), ends[0], ends[1], along)


def banana() -> Sketch:
    bend = 0.115
    stations = [(-0.78, 0.003), (-0.755, 0.0052), (-0.70, 0.0100), (-0.58, 0.0148), (-0.3, 0.0172), (0.0, 0.0178)]
    more = [(0.3, 0.0170), (0.52, 0.0140), (0.64, 0.0090), (0.70, 0.0056), (0.82, 0.0048), (0.88, 0.0058)]
    sweep = smooth([*stations, *more], 34)
    row = 1 - (np.arange(H) + 0.5) / H
    v = row[:, None] * np.ones((1, W))
    peel = mix((0.97, 0.82, 0.18), (0.90, 0.70, 0.14), 0.4 + 0.25 * noise(H, W, 101, 0.6))
    edges = np.cos(5 * 2 * np.pi * (np.arange(W) + 0.5) / W) > 0.94
    peel = mix(peel, (0.72, 0.55, 0.12), 0.35 * edges[None] * np.ones((H, 1)))
    green = ramp(v, 0.80, 0.92) + 0.6 * ramp(v, 0.14, 0.05)
    peel = mix(peel, (0.66, 0.70, 0.20), 0.7 * green)
    freckles = np.maximum(spots(H, W, 102, 60, (0.02, 0.06)), 0.8 * spots(H, W, 103, 120, (0.01, 0.025)))
    peel = mix(peel, (0.36, 0.22, 0.09), 0.75 * freckles)
    peel = mix(peel, (0.20, 0.13, 0.07), ramp(v, 0.045, 0.025) + ramp(v, 0.965, 0.985))
    at = [(-0.60, 0.0130), (-0.38, 0.0164), (-0.12, 0.0177), (0.12, 0.0177), (0.36, 0.0162), (0.56, 0.0118)]
    joints = [(bend * np.sin(a), bend * np.cos(a) - bend, 0.0) for a, _ in at]
    solids = [capsule(joints[i], joints[i + 1], 0.5 * (at[i][1] + at[i + 1][1])) for i in range(len(at) - 1)]
    stalk = [(bend * np.sin(a), bend * np.cos(a) - bend, 0.0) for a in (0.62, 0.85)]
    return Sketch(
        mesh=_banana_mesh(bend, sweep),
        texture=picture(peel),
        solids=[*solids, capsule(stalk[0], stalk[1], 0.0055)],
        words=("banana",),
        colour="yellow",
        category="food",
        mass=0.12,
        grasp_width=0.036,
        rolling=0.04,
    )


RECIPES: dict[str, Callable[[], Sketch]] = {
    "apple": apple,
    "avocado": avocado,
    "banana": banana,
    "egg": egg,
    "lemon": lemon,
    "orange": orange,
    "potato": potato,
    "tomato": tomato,
    "lime": lime,
    "pear": pear,
}
