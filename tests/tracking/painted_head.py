"""Pictures of ovals, and a network that knows the true answer: each patch of a class's colour is an object.

Everything but its last word is Ultralytics' own: pictures are brought to size, run through a real network, and what a
hook puts in the place of its output is thinned out and brought back to the pictures' pixels like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dynacollect.rig.nouns import Frame, FrameSet, Image, Vector
from dynacollect.tracking.seeing.areas import Region
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.registration import register
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.seeing.ultralytics.offline import ultralytics

if TYPE_CHECKING:
    import torch

GREY, RED, BLUE = (np.array(colour, float) for colour in ((120, 120, 120), (230, 30, 30), (30, 60, 220)))
CLASSES = {0: "tennis ball", 1: "mug"}
COLOURS = {0: (RED, 0.8), 1: (BLUE, 0.9)}
Pixels = np.ndarray

SLOTS = 32
STRIDE = 4
"""Pixels of the network for one of its masks."""
LEAST_PX = 12


def save_network(path: Path, labels: Mapping[int, str], form: str = "yolo11n-seg.yaml") -> Path:
    """Weights as they were drawn, of a network with these classes."""
    model = ultralytics().YOLO(form)
    model.model = type(model.model)(form, nc=len(labels), verbose=False)
    model.model.names, model.model.args = dict(labels), {"imgsz": 320}
    model.model.task = model.task
    model.save(path)
    return path


class Head:
    """The true answer for patches of these colours (RGB, 0 to 255), with their scores; counts how often it is asked."""

    def __init__(self, colours: Mapping[int, tuple[Vector, float]], off: float = 60.0) -> None:
        self.colours, self.off, self.asked = colours, off, 0

    def put_on(self, model: Any) -> Any:
        model.model.register_forward_hook(self)
        return model

    def __deepcopy__(self, _memo: object) -> Head:
        return self

    def __call__(self, _module: object, inputs: tuple[torch.Tensor, ...], _output: object) -> Any:
        import torch

        self.asked += 1
        pictures = 255 * inputs[0].permute(0, 2, 3, 1).numpy()
        _, height, width, _ = pictures.shape
        classes = len(self.colours)
        found = torch.zeros(len(pictures), 4 + classes + SLOTS, SLOTS)
        masks = torch.full((len(pictures), SLOTS, height // STRIDE, width // STRIDE), -8.0)
        for number, picture in enumerate(pictures):
            for slot, (label, patch) in enumerate(self._patches(picture)):
                rows, columns = np.nonzero(patch)
                x0, x1, y0, y1 = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
                found[number, :4, slot] = torch.tensor([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0])
                found[number, 4 + label, slot] = self.colours[label][1]
                found[number, 4 + classes + slot, slot] = 1.0
                whole = torch.from_numpy(patch.astype(np.float32))[None]
                masks[number, slot] = 16 * torch.nn.functional.avg_pool2d(whole, STRIDE)[0] - 8
        return found, masks

    def _patches(self, picture: np.ndarray) -> list[tuple[int, np.ndarray]]:
        patches = []
        for label, (colour, _) in self.colours.items():
            count, numbered = cv2.connectedComponents(
                (np.abs(picture - colour).sum(axis=2) < self.off).astype(np.uint8)
            )
            patches += [(label, numbered == number) for number in range(1, count)]
        return [patch for patch in patches if np.count_nonzero(patch[1]) >= LEAST_PX][:SLOTS]


def oval(shape: tuple[int, int], x: float, y: float, half: tuple[float, float], angle: float = 20.0) -> Pixels:
    mask = np.zeros(shape, np.uint8)
    cv2.ellipse(mask, ((x, y), (2 * half[0], 2 * half[1]), angle), 1, -1)
    return mask > 0


def picture(shape: tuple[int, int], *patches: tuple[Pixels, np.ndarray]) -> Image:
    image = np.broadcast_to(GREY, (*shape, 3)).copy()
    for mask, colour in patches:
        image[mask] = colour
    return image.astype(np.uint8)


def frames(**images: Image) -> FrameSet:
    return FrameSet({name: Frame(image, name, 1, 0.04, 0.05, 0.04) for name, image in images.items()})


def around(mask: Pixels, off: tuple[int, int] = (0, 0), room: int = 10) -> Region:
    """A region that expects the mask, but so far off."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    inside = np.pad(mask[y : y + height, x : x + width], room)
    x, y = x + off[0] - room, y + off[1] - room
    return Region((x, y, x + width + 2 * room, y + height + 2 * room), inside)


def iou(one: Pixels, other: Pixels) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def embedded(names: Mapping[str, np.ndarray], shape: tuple[int, int] = (240, 320)) -> AppearanceSegmenter:
    """Learnt from pictures of each colour alone."""
    rng = np.random.default_rng(5)

    def noisy(image: Image) -> Image:
        return np.clip(image + rng.normal(0, 1.5, image.shape), 0, 255).astype(np.uint8)

    plate = noisy(picture(shape))
    clips = {
        name: [{"cam": noisy(picture(shape, (oval(shape, x, 120, (25, 20)), colour)))} for x in (80, 160, 240)]
        for name, colour in names.items()
    }
    return AppearanceSegmenter({"cam": Background(plate)}, register({"cam": plate}, clips))
