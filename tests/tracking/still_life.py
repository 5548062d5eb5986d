"""Pictures of painted things on a table, with known masks: another light, noise and optics than the simulated rig's.

Painted in linear light at twice the size, with soft tinted shadows, highlights, vignetting and colour casts, then
blurred, noised, bent by a tone curve and rounded.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dynacollect.rig.nouns import Frame, FrameSet, Image

FINE = 2
WIDTH, HEIGHT = 320, 240
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Thing:
    """A shaded ellipse (`round`) or a flat box with a stripe, of these linear colours; sizes in px."""

    x: float
    y: float
    half: tuple[float, float]
    colour: Colour
    stripe: Colour | None = None
    angle: float = 0.0
    round: bool = True
    shadow: float = 0.5
    """Share of light that is left in its shadow."""


@dataclass(frozen=True)
class Lamp:
    """Today's light: a cast, a slope over the picture, and a tone curve."""

    cast: Colour = (1.0, 1.0, 1.0)
    slope: tuple[float, float] = (0.0, 0.0)
    vignetting: float = 0.1
    gamma: float = 2.2
    read: float = 1.5
    shot: float = 0.03
    """Noise in levels: variance is read^2 + shot x level."""
    blur: float = 0.7
    """px."""


@dataclass(frozen=True)
class Table:
    """What the things stand on: `plain`, `checks` or `clouds`."""

    kind: str = "plain"
    colour: Colour = (0.5, 0.5, 0.5)
    other: Colour = (0.4, 0.4, 0.4)
    seed: int = 0


@cache
def painted(table: Table) -> NDArray[np.float32]:
    """The empty table, fine."""
    shape = HEIGHT * FINE, WIDTH * FINE
    y, x = np.mgrid[: shape[0], : shape[1]] / FINE
    share = np.zeros(shape)
    if table.kind == "checks":
        share = (x // 24 + y // 24) % 2
    elif table.kind == "clouds":
        rng = np.random.default_rng(table.seed)
        for n in (6, 12, 24, 48):
            share += np.asarray(cv2.resize(rng.random((n, n)), shape[::-1], interpolation=cv2.INTER_CUBIC)) / n
        share = (share - share.min()) / np.ptp(share)
    first, second = np.array(table.colour), np.array(table.other)
    return (first + (second - first) * share[..., None]).astype(np.float32)


@dataclass(frozen=True)
class Scene:
    """One picture: `picture(seed)` with fresh noise, `mask(thing)` of what shows."""

    table: Table = field(default_factory=Table)
    things: tuple[Thing, ...] = ()
    lamp: Lamp = field(default_factory=Lamp)

    def picture(self, seed: int = 0) -> Image:
        paint = painted(self.table)
        for thing in self.things:
            paint = _with_shadow(paint, thing)
        for thing in self.things:
            paint = _with_thing(paint, thing)
        return _exposed(paint, self.lamp, np.random.default_rng(seed))

    def empty(self) -> Scene:
        return replace(self, things=())

    def mask(self, index: int = 0) -> NDArray[np.bool_]:
        """Where a thing fills more than half of a pixel; later things lie on top."""
        cover = _cover(self.things[index])
        for later in self.things[index + 1 :]:
            cover = cover * (1 - _cover(later))
        return _small(cover) > 0.5


def _local(thing: Thing, dx: float = 0.0, dy: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates in halves of the thing, at the fine pixels."""
    y, x = (np.mgrid[: HEIGHT * FINE, : WIDTH * FINE] + 0.5) / FINE - 0.5
    x, y = x - thing.x - dx, y - thing.y - dy
    c, s = np.cos(thing.angle), np.sin(thing.angle)
    return (c * x + s * y) / thing.half[0], (-s * x + c * y) / thing.half[1]


def _cover(thing: Thing) -> np.ndarray:
    u, v = _local(thing)
    inside = u * u + v * v < 1 if thing.round else np.maximum(np.abs(u), np.abs(v)) < 1
    return inside.astype(np.float32)


def _small(fine: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(fine, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


def _with_shadow(paint: np.ndarray, thing: Thing) -> np.ndarray:
    reach = 0.5 * min(thing.half)
    u, v = _local(thing, reach, reach)
    inside = (np.hypot(u, v) < 1).astype(np.float32)
    soft = cv2.GaussianBlur(inside, (0, 0), 1.2 * FINE)[..., None]
    left = np.array([0.95, 1.0, 1.08]) * thing.shadow
    return (paint * (1 - soft * (1 - left))).astype(np.float32)


def _with_thing(paint: np.ndarray, thing: Thing) -> np.ndarray:
    u, v = _local(thing)
    colour = np.broadcast_to(np.array(thing.colour, np.float32), paint.shape).copy()
    if thing.stripe is not None:
        colour[np.abs(u) < 0.35] = thing.stripe
    if thing.round:
        up = np.sqrt(np.clip(1 - u * u - v * v, 0, 1))
        lit = 0.35 + 0.65 * np.clip(0.75 * up - 0.45 * u - 0.45 * v, 0, 1)
        glare = 0.5 * np.clip(0.86 * up - 0.36 * u - 0.36 * v, 0, 1) ** 60
        colour = colour * lit[..., None] + glare[..., None]
    cover = _cover(thing)[..., None]
    return (paint * (1 - cover) + colour * cover).astype(np.float32)


def _exposed(paint: np.ndarray, lamp: Lamp, rng: np.random.Generator) -> Image:
    small = cv2.GaussianBlur(_small(paint), (0, 0), lamp.blur)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    light = (1 + lamp.slope[0] * x + lamp.slope[1] * y) * (1 - lamp.vignetting * (x * x + y * y) / 2)
    level = 255 * np.clip(small * light[..., None] * np.array(lamp.cast), 0, None) ** (1 / lamp.gamma)
    noise = rng.normal(size=level.shape) * np.sqrt(lamp.read**2 + lamp.shot * level)
    return np.clip(np.round(level + noise), 0, 255).astype(np.uint8)


def frames_of(**images: Image) -> FrameSet:
    """As taken by the cameras of these names at one moment."""
    return FrameSet({name: Frame(image, name, 0, 0.0, 0.0, 0.0) for name, image in images.items()})


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(np.count_nonzero(one & other) / np.count_nonzero(one | other))


def middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(x, y) of a mask's centre, px."""
    return np.argwhere(mask).mean(axis=0)[::-1]


BALL = Thing(150, 110, (12, 12), (0.55, 0.04, 0.03))
EGG = Thing(90, 150, (14, 10), (0.62, 0.40, 0.26), angle=0.5)
BOX = Thing(220, 90, (16, 9), (0.06, 0.10, 0.45), stripe=(0.7, 0.55, 0.1), angle=0.4, round=False)
LIME = Thing(200, 170, (11, 9), (0.15, 0.40, 0.05), angle=-0.3)
WHITE_BALL = Thing(130, 80, (10, 10), (0.6, 0.6, 0.58))
