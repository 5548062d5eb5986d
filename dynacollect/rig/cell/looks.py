"""What the room looks like: textures for the table, the floor and the walls, and the colour of the lamp."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Texture = NDArray[np.uint8]
SIZE = 512


def clouds(rng: np.random.Generator, cells: int, octaves: int = 4, stretch: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Smooth noise (SIZE, SIZE) in 0..1; `stretch` makes it run along one axis, as grain does."""
    total, weight = np.zeros((SIZE, SIZE)), 0.0
    for octave in range(octaves):
        n = cells * 2**octave
        grid = rng.random((max(2, n // stretch[0]), max(2, n // stretch[1])))
        total += cv2.resize(grid, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC) * 0.5**octave
        weight += 0.5**octave
    return np.clip(total / weight, 0, 1)


def mix(dark: tuple[int, int, int], light: tuple[int, int, int], share: np.ndarray) -> Texture:
    """Two colours blended by a field in 0..1."""
    low, high = np.array(dark, float), np.array(light, float)
    return np.clip(low + (high - low) * share[..., None], 0, 255).astype(np.uint8)


def wood(rng: np.random.Generator, dark: tuple[int, int, int], light: tuple[int, int, int]) -> Texture:
    """Boards with grain along one axis and thin joints between them."""
    grain = clouds(rng, 48, 4, stretch=(1, 16))
    boards = np.repeat(rng.uniform(-0.12, 0.12, 6), SIZE // 6 + 1)[:SIZE, None]
    share = np.clip(grain + boards, 0, 1)
    share[:: SIZE // 6] *= 0.55
    return mix(dark, light, share)


def plain(rng: np.random.Generator, colour: tuple[int, int, int], rough: float = 0.08) -> Texture:
    """A lacquered or laminated surface: one colour with a little unevenness."""
    field = 1 + rough * (clouds(rng, 6, 5) - 0.5) + rough * 0.4 * (rng.random((SIZE, SIZE)) - 0.5)
    return np.clip(np.array(colour) * field[..., None], 0, 255).astype(np.uint8)


def marble(rng: np.random.Generator) -> Texture:
    veins = np.abs(clouds(rng, 4, 5) - 0.5) * 2
    return mix((150, 150, 156), (236, 234, 230), np.clip(veins * 2.6, 0, 1))


def cloth(rng: np.random.Generator, first: tuple[int, int, int], second: tuple[int, int, int]) -> Texture:
    """A woven check."""
    stripe = (np.arange(SIZE) // 32) % 2
    share = 0.5 * (stripe[:, None] + stripe[None, :]) * 0.9 + 0.1 * rng.random((SIZE, SIZE))
    return mix(first, second, share)


def speckle(rng: np.random.Generator, base: tuple[int, int, int], spots: tuple[int, int, int]) -> Texture:
    """Terrazzo or cork: a plain ground with grains."""
    grains = np.asarray(cv2.GaussianBlur(rng.random((SIZE, SIZE)), (0, 0), 2.2), np.float64)
    return mix(base, spots, (grains > np.quantile(grains, 0.86)).astype(float) * 0.8)


TABLES: dict[str, Callable[[np.random.Generator], Texture]] = {
    "oak": lambda rng: wood(rng, (126, 88, 52), (198, 158, 110)),
    "walnut": lambda rng: wood(rng, (62, 40, 28), (120, 84, 58)),
    "birch": lambda rng: wood(rng, (188, 160, 122), (230, 210, 178)),
    "white": lambda rng: plain(rng, (214, 214, 210)),
    "grey": lambda rng: plain(rng, (128, 132, 136)),
    "black": lambda rng: plain(rng, (66, 68, 72), 0.2),
    "green": lambda rng: plain(rng, (70, 112, 84), 0.15),
    "blue": lambda rng: plain(rng, (74, 98, 140), 0.12),
}
UNSEEN_TABLES: dict[str, Callable[[np.random.Generator], Texture]] = {
    "marble": marble,
    "gingham": lambda rng: cloth(rng, (188, 60, 58), (236, 232, 226)),
    "cork": lambda rng: speckle(rng, (176, 134, 88), (112, 78, 48)),
    "terrazzo": lambda rng: speckle(rng, (206, 202, 194), (120, 96, 90)),
}
FLOORS: dict[str, Callable[[np.random.Generator], Texture]] = {
    "concrete": lambda rng: plain(rng, (138, 136, 132), 0.25),
    "parquet": lambda rng: wood(rng, (110, 78, 50), (160, 122, 82)),
    "vinyl": lambda rng: speckle(rng, (156, 160, 160), (120, 126, 130)),
}
WALLS: dict[str, Callable[[np.random.Generator], Texture]] = {
    "painted": lambda rng: plain(rng, (206, 204, 196), 0.05),
    "cool": lambda rng: plain(rng, (186, 194, 202), 0.05),
    "warm": lambda rng: plain(rng, (210, 194, 170), 0.06),
}
UNSEEN_WALLS: dict[str, Callable[[np.random.Generator], Texture]] = {
    "brick": lambda rng: cloth(rng, (140, 76, 62), (190, 130, 110)),
    "forest": lambda rng: plain(rng, (88, 108, 92), 0.2),
}


def table_names(split: str) -> tuple[str, ...]:
    return tuple(UNSEEN_TABLES if split == "unseen" else TABLES)


def wall_names(split: str) -> tuple[str, ...]:
    return tuple(UNSEEN_WALLS if split == "unseen" else WALLS)


def texture(name: str, seed: int) -> Texture:
    """The named surface, drawn with a seed of its own."""
    makers = TABLES | UNSEEN_TABLES | FLOORS | WALLS | UNSEEN_WALLS
    return makers[name](np.random.default_rng(seed))


def lamp_colour(kelvin: float) -> np.ndarray:
    """RGB (3,) of a black body between 4000 and 8000 K relative to 6000 K, brightest channel 1."""
    knots = np.array([3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0])
    red = np.interp(kelvin, knots, [1.0, 1.0, 1.0, 1.0, 0.96, 0.89])
    green = np.interp(kelvin, knots, [0.71, 0.82, 0.9, 0.97, 0.95, 0.91])
    blue = np.interp(kelvin, knots, [0.42, 0.64, 0.81, 0.96, 1.0, 1.0])
    return np.array([red, green, blue])
