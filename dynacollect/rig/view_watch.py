"""What the pictures of a camera tell about its light, focus and mount."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from .background_shift import BackgroundShift
from .nouns import Image

_SIZE = (240, 180)
_TILES = (8, 6)
_LEAST_TILES = 4


@dataclass(frozen=True, slots=True)
class View:
    """A picture against the one at connecting."""

    brightness: float
    """Ratio of grey values; 1 = unchanged."""
    tint: float
    """Largest change of a channel's share of the light; 0 = unchanged."""
    sharpness: float
    """Ratio of gradient energies at equal brightness, noise taken off; 1 = unchanged, NaN without texture."""
    shift_px: float
    """Movement of the still background in full-size pixels; infinite if nothing of it is found, NaN if unknown."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A picture reduced to what is compared."""

    full: np.ndarray
    """Grey, full size."""
    grey: np.ndarray
    """Grey, reduced."""
    colours: np.ndarray
    energy: np.ndarray


@dataclass(frozen=True, slots=True)
class _Reference:
    colours: np.ndarray
    energy: np.ndarray
    noise: float
    """Gradient energy that comes from noise alone."""
    textured: np.ndarray
    background: BackgroundShift


class ViewWatch:
    """Compares pictures with the median of the first `references` of them.

    An arm and objects move through the view, so every figure is the median over tiles: a minority of tiles that
    changed has no say. `fixed=False` (a camera on the wrist) compares whole pictures and knows no shift.
    """

    def __init__(self, *, fixed: bool = True, references: int = 8) -> None:
        self._fixed = fixed
        self._references = max(2, references)
        self._first: list[_Look] = []
        self._reference: _Reference | None = None

    @property
    def ready(self) -> bool:
        return self._reference is not None

    def rebase(self) -> None:
        """Take a new reference from the pictures that come next."""
        self._first.clear()
        self._reference = None

    def check(self, image: Image) -> View | None:
        """The picture against the reference; None while the reference is being taken."""
        look = _look_at(image)
        if self._reference is None:
            self._first.append(look)
            if len(self._first) == self._references:
                self._reference = _settle(self._first)
                self._first.clear()
            return None
        return self._compare(look, self._reference, (image.shape[1] / _SIZE[0], image.shape[0] / _SIZE[1]))

    def _compare(self, look: _Look, reference: _Reference, scale: tuple[float, float]) -> View:
        colours, reference_colours = look.colours, reference.colours
        if not self._fixed:
            colours = colours.mean((0, 1), keepdims=True)
            reference_colours = reference_colours.mean((0, 1), keepdims=True)
        gain = (colours.sum(2) + 1.0) / (reference_colours.sum(2) + 1.0)
        brightness = float(np.median(gain))
        sharpness = self._sharpness(look, reference, gain)
        shift = float("nan")
        if self._fixed and reference.background.possible:
            shift = _shift(look, reference, scale, brightness > 0.5 and sharpness > 0.5)
        return View(
            brightness=brightness,
            tint=float(np.abs(np.median(_shares(colours) - _shares(reference_colours), axis=(0, 1))).max()),
            sharpness=sharpness,
            shift_px=shift,
        )

    def _sharpness(self, look: _Look, reference: _Reference, gain: np.ndarray) -> float:
        before = np.maximum(reference.energy - reference.noise, 0.0)
        now = np.maximum(look.energy - reference.noise, 0.0) / np.square(gain)
        if not self._fixed:
            return float(now.mean() / (before.mean() + 1e-6))
        if reference.textured.sum() < _LEAST_TILES:
            return float("nan")
        return float(np.median(now[reference.textured] / before[reference.textured]))


def _settle(looks: list[_Look]) -> _Reference:
    grey = np.median([look.grey for look in looks], axis=0).astype(np.float32)
    energy = np.median([look.energy for look in looks], axis=0)
    pairs = list(pairwise(looks))
    # The difference of two pictures holds the noise of both and, in most tiles, nothing else.
    noise = float(np.median([0.5 * _gradient_energy(a.full - b.full) for a, b in pairs]))
    pixel_noise = float(np.median([0.5 * _tile_means(np.square(a.grey - b.grey)) for a, b in pairs]))
    return _Reference(
        colours=np.median([look.colours for look in looks], axis=0),
        energy=energy,
        noise=noise,
        textured=energy > 1.5 * noise + 1.0,
        background=BackgroundShift(grey, pixel_noise),
    )


def _shift(look: _Look, reference: _Reference, scale: tuple[float, float], clear: bool) -> float:
    found = reference.background.measure(look.grey)
    if found is not None:
        return float(np.hypot(found[0] * scale[0], found[1] * scale[1]))
    # Darkness and blur hide the texture too, and have names of their own.
    return float("inf") if clear else float("nan")


def _look_at(image: Image) -> _Look:
    full = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    grey = cv2.resize(full, _SIZE, interpolation=cv2.INTER_AREA)
    small = cv2.resize(image, _SIZE, interpolation=cv2.INTER_AREA).astype(np.float32)
    return _Look(full, grey, _tile_means(small), _gradient_energy(full))


def _gradient_energy(grey: np.ndarray) -> np.ndarray:
    """Mean squared gradient per tile."""
    x = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=1)
    y = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=1)
    return _tile_means(x * x + y * y)


def _tile_means(values: np.ndarray) -> np.ndarray:
    return cv2.resize(values, _TILES, interpolation=cv2.INTER_AREA)


def _shares(colours: np.ndarray) -> np.ndarray:
    return (colours + 1.0) / (colours + 1.0).sum(2, keepdims=True)
