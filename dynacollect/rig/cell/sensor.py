"""From a perfect rendering to what a real sensor hands out: lens, vignette, blur, noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ..camera_model import CameraModel
from ..nouns import Image

BANK_SLACK = 61
"""The noise bank is this much larger than the picture, so that each picture can take another part of it."""


@dataclass(slots=True)
class Flaws:
    """What a fault does to the pictures of one camera."""

    defocus_px: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    gain: float = 1.0
    zoom: float = 1.0


class Sensor:
    """One camera's optics and chip. `render_size` and `render_focal` say what it wants rendered."""

    def __init__(self, model: CameraModel, vignetting: float, shot_noise: float, read_noise: float, seed: int) -> None:
        self.model = model
        self.render_focal = float(model.K[0, 0])
        self.render_size = self._rendered_size()
        self._lens = (1.0, 1)
        """Zoom and detail that the map is for."""
        self._map = self._distortion_map(*self._lens)
        self._gain = self._vignette(vignetting)
        levels = np.arange(256, dtype=np.float32)
        self._sigma = np.sqrt(shot_noise * levels + read_noise**2).astype(np.float32)
        self.seed = seed
        self._bank = self._noise_bank()

    def expose(self, samples: list[Image], sequence: int, flaws: Flaws, detail: int = 1) -> Image:
        """The picture of these renderings (several: the mean of the exposure time), with the noise of this frame.

        With `detail` they are so many times as large as `render_size`, and each pixel gathers the light of its area.
        """
        image: np.ndarray = samples[0] if len(samples) == 1 else _mean(samples)
        if (flaws.zoom, detail) != self._lens:
            self._lens = flaws.zoom, detail
            self._map = self._distortion_map(*self._lens)
        image = cv2.remap(image, *self._map, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        if detail > 1:
            image = cv2.resize(image, (self.model.width, self.model.height), interpolation=cv2.INTER_AREA)
        if flaws.defocus_px > 0:
            image = cv2.GaussianBlur(image, (0, 0), flaws.defocus_px)
        image = cv2.multiply(image, self._gain, scale=1 / 255)
        if flaws.gain != 1.0 or flaws.tint != (1.0, 1.0, 1.0):
            image = np.clip(image * (np.array(flaws.tint) * flaws.gain), 0, 255).astype(np.uint8)
        noise = cv2.multiply(cv2.LUT(image, self._sigma), self._noise(sequence))
        return np.asarray(cv2.add(image, noise, dtype=cv2.CV_8U), np.uint8)

    def warped_mask(self, rendered: np.ndarray) -> np.ndarray:
        """A mask of the rendering as the lens bends it."""
        # The fixed-point map of the pictures holds whole pixels rounded down; the nearest ones need the exact map.
        where = self._places(self._lens[0], 1)
        return cv2.remap(rendered.astype(np.uint8), where, None, cv2.INTER_NEAREST).astype(bool)  # pyright: ignore[reportCallIssue, reportArgumentType]

    def _rendered_size(self) -> tuple[int, int]:
        """Width and height of a distortion-free picture, centred on the axis, that covers the whole chip."""
        w, h = self.model.width, self.model.height
        u = np.linspace(-0.5, w - 0.5, 41, dtype=np.float64)
        v = np.linspace(-0.5, h - 0.5, 41, dtype=np.float64)
        border = np.concatenate(
            [np.column_stack([u, np.full(41, v[i])]) for i in (0, -1)]
            + [np.column_stack([np.full(41, u[i]), v]) for i in (0, -1)]
        )
        rays = np.abs(self.model.unproject(border.astype(np.float64))[:, :2]).max(axis=0)
        return tuple(int(2 * np.ceil(self.render_focal * reach + 1)) for reach in rays)  # pyright: ignore[reportReturnType]

    def _distortion_map(self, zoom: float, detail: int) -> tuple[np.ndarray, np.ndarray]:
        return cv2.convertMaps(self._places(zoom, detail), None, cv2.CV_16SC2)  # pyright: ignore[reportReturnType, reportCallIssue, reportArgumentType]

    def _places(self, zoom: float, detail: int) -> np.ndarray:
        """Where in the rendering each pixel looks (height, width, 2), or each part of it, `detail` to a side."""
        model = self.model
        size, (cx, cy) = (detail * model.width, detail * model.height), detail * (model.K[:2, 2] + 0.5) - 0.5
        K = (detail * model.K[0, 0], detail * model.K[1, 1], cx, cy)
        rays = _pixel_rays(size, tuple(map(float, K)), tuple(map(float, model.distortion))) / zoom
        centre = (detail * np.array(self.render_size) - 1) / 2
        return (detail * self.render_focal * rays + centre).astype(np.float32)

    def _vignette(self, strength: float) -> np.ndarray:
        w, h = self.model.width, self.model.height
        y, x = np.mgrid[-1 : 1 : h * 1j, -1 : 1 : w * 1j]
        field = 1.0 - strength * (x**2 + y**2) / 2
        return np.repeat(np.round(255 * field[..., None]), 3, axis=2).astype(np.uint8)

    def _noise_bank(self) -> np.ndarray:
        rng = np.random.default_rng([self.seed, 0xBA])
        shape = (self.model.height + BANK_SLACK, self.model.width + BANK_SLACK, 3)
        return rng.standard_normal(shape, dtype=np.float32)

    def _noise(self, sequence: int) -> np.ndarray:
        y, x = np.random.default_rng([self.seed, sequence]).integers(0, BANK_SLACK, 2)
        return np.ascontiguousarray(self._bank[y : y + self.model.height, x : x + self.model.width])


def _mean(samples: list[Image]) -> Image:
    return np.asarray(np.mean(samples, axis=0, dtype=np.float32).round(), np.uint8)


@lru_cache(maxsize=8)
def _pixel_rays(size: tuple[int, int], pinhole: tuple[float, ...], distortion: tuple[float, ...]) -> np.ndarray:
    """Direction of every pixel at z = 1 (height, width, 2): costly, and the same for cameras of one kind."""
    (w, h), (fx, fy, cx, cy) = size, pinhole
    lens = CameraModel("lens", w, h, np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]]), np.array(distortion))
    v, u = np.mgrid[0:h, 0:w]
    pixels = np.column_stack([u.ravel(), v.ravel()]).astype(np.float64)
    return lens.unproject(pixels)[:, :2].reshape(h, w, 2)
