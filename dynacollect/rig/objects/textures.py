"""Procedural textures: noise, wood, metal, fruit skin, labels. Colours are RGB in 0..1 until `picture`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from ..nouns import Image, Vector

Colour = Sequence[float]


def picture(values: Vector) -> Image:
    """(h, w, 3) uint8 from 0..1."""
    return np.clip(values * 255 + 0.5, 0, 255).astype(np.uint8)


def plain(height: int, width: int, colour: Colour) -> Vector:
    return np.broadcast_to(np.asarray(colour, float), (height, width, 3)).copy()


def mix(first: Vector | Colour, second: Vector | Colour, amount: NDArray[Any]) -> Vector:
    """(h, w, 3): `first` where the (h, w) amount is 0 or false, `second` where it is 1 or true."""
    t = np.clip(amount, 0, 1)[..., None]
    return (1 - t) * np.asarray(first, float) + t * np.asarray(second, float)


def ramp(values: Vector, low: float, high: float) -> Vector:
    """0 at `low`, 1 at `high`, smooth between (also for low > high)."""
    t = np.clip((values - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def noise(height: int, width: int, seed: int, fine: float = 1.0, across: float = 1.0) -> Vector:
    """(height, width) random field of mean 0 and deviation 1 that tiles.

    `fine` 0.3 is cloudy and 3 is sandy; `across` over 1 draws it out along the rows, under 1 along the columns.
    """
    white = np.fft.rfft2(np.random.default_rng(seed).standard_normal((height, width)))
    y, x = np.fft.fftfreq(height)[:, None] * height, np.fft.rfftfreq(width)[None] * width
    radius = np.hypot(x * across, y / across) / (12 * fine)
    field = np.fft.irfft2(white * np.exp(-(radius**1.5)), s=(height, width))
    field -= field.mean()
    return field / field.std()


def sphere_directions(height: int, width: int) -> Vector:
    """(h, w, 3) the direction that each texel of a round lathe shows, z up, first row at the top."""
    polar = np.pi * (np.arange(height) + 0.5) / height
    around = 2 * np.pi * (np.arange(width) + 0.5) / width
    flat = np.sin(polar)[:, None]
    z = np.broadcast_to(np.cos(polar)[:, None], (height, width))
    return np.stack([flat * np.cos(around), flat * np.sin(around), z], -1)


def spots(height: int, width: int, seed: int, count: int, size: tuple[float, float]) -> Vector:
    """(h, w) round spots of angular radius `size` (rad, smallest and largest) strewn over a ball: 1 in their middle."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((count, 3))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    radii = rng.uniform(*size, count)
    # 1 - cos a is close to a2 / 2 for small angles.
    steep = 2 / radii**2
    texels = sphere_directions(height, width).reshape(-1, 3).astype(np.float32)
    depth = texels @ (centres * steep[:, None]).T.astype(np.float32) - (steep - 1).astype(np.float32)
    return np.clip(depth.max(1), 0, 1).reshape(height, width).astype(float)


def wood(height: int, width: int, seed: int, light: Colour, dark: Colour, along_rows: bool = False) -> Vector:
    """Grain along the columns (or the rows)."""
    if along_rows:
        return wood(width, height, seed, light, dark).transpose(1, 0, 2)
    rings = noise(height, width, seed, 0.5, 0.25) * 1.6 + noise(height, width, seed + 1, 2.0, 0.2) * 0.7
    grain = 0.5 + 0.3 * np.sin(2.2 * rings) + 0.12 * noise(height, width, seed + 2, 5.0, 0.15)
    return mix(light, dark, grain)


def metal(height: int, width: int, seed: int, colour: Colour = (0.72, 0.73, 0.75), around: bool = True) -> Vector:
    """Brushed metal with soft bright and dark bands around the body."""
    bands = np.cos(2 * np.pi * np.arange(width) / width * 3 + 0.6)[None] * 0.08 if around else 0.0
    brushed = noise(height, width, seed, 4.0, 6.0) * 0.025
    return plain(height, width, colour) * (1 + bands + brushed)[..., None]


def grainy(colours: Vector, seed: int, amount: float, fine: float = 4.0) -> Vector:
    """The picture with brightness noise."""
    height, width, _ = colours.shape
    return colours * (1 + amount * noise(height, width, seed, fine))[..., None]


@lru_cache(maxsize=64)
def _letters(text: str) -> Image:
    font = ImageFont.load_default(64)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    canvas = Pictures.new("L", (right - left + 4, bottom - top + 4), 0)
    ImageDraw.Draw(canvas).text((2 - left, 2 - top), text, fill=255, font=font, stroke_width=1)
    return np.asarray(canvas)


def write(
    colours: Vector, text: str, box: tuple[float, float, float, float], colour: Colour, shade: Colour | None = None
) -> None:
    """Draws the text into `colours`, stretched into the box (left, top, right, bottom) in fractions of the picture."""
    height, width, _ = colours.shape
    left, top, right, bottom = (
        round(edge * size) for edge, size in zip(box, (width, height, width, height), strict=True)
    )
    if right - left < 2 or bottom - top < 2:
        return
    mask = np.asarray(Pictures.fromarray(_letters(text)).resize((right - left, bottom - top), 1)) / 255.0
    if shade is not None:
        part = colours[top + 1 : bottom + 1, left + 1 : right + 1]
        part[:] = mix(part, shade, mask[: part.shape[0], : part.shape[1]])
    part = colours[top:bottom, left:right]
    part[:] = mix(part, colour, mask[: part.shape[0], : part.shape[1]])


def fill(colours: Vector, box: tuple[float, float, float, float], colour: Colour) -> None:
    """Paints a rectangle given in fractions of the picture."""
    height, width, _ = colours.shape
    left, top, right, bottom = box
    colours[round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = colour


def small_print(colours: Vector, box: tuple[float, float, float, float], colour: Colour, seed: int, lines: int) -> None:
    """Lines of grey words, as the back of any package has."""
    rng = np.random.default_rng(seed)
    left, top, right, bottom = box
    step = (bottom - top) / lines
    for line in range(lines):
        at = left
        while at < right - 0.02:
            word = float(rng.uniform(0.015, 0.05))
            fill(colours, (at, top + line * step, min(at + word, right), top + (line + 0.55) * step), colour)
            at += word + 0.012


def barcode(colours: Vector, box: tuple[float, float, float, float], seed: int) -> None:
    """Black bars on a white field."""
    fill(colours, box, (0.97, 0.97, 0.97))
    left, top, right, bottom = box
    edges = np.linspace(left, right, 25)[1:-1]
    for edge, dark in zip(edges, np.random.default_rng(seed).random(len(edges)) < 0.55, strict=True):
        if dark:
            fill(colours, (edge, top + 0.01, edge + 0.7 * (right - left) / 24, bottom - 0.01), (0.05, 0.05, 0.05))


def face_atlas(faces: Sequence[Vector]) -> Vector:
    """Six equal pictures as a rounded box wants them: +x -x +y above -y +z -z."""
    return np.vstack([np.hstack(list(faces[:3])), np.hstack(list(faces[3:]))])
