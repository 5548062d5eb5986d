"""SAM 2 as a segmenter: prompted with boxes once, it follows what was in them from its memory of each view.

It knows no names. What an object is, and where it begins, come from the embedded segmenter and from where the tracker
expects it; SAM 2 draws the outline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ....rig.errors import DynacollectError
from ....rig.nouns import FrameSet, Image, Mask, Masks
from ..areas import Region
from ..segment import AppearanceSegmenter, Candidates, Hidden, Regions
from ..tones import Box, Pixels, clipped
from .offline import device_of, ultralytics
from .sharing import agreement, disjoint

SIZE = 1024
"""Pixels to the side that it was trained with."""
PRESENT = 0.01
"""Its score above which an object is there at all."""
AGREES = 0.25
"""Overlap with the expected silhouette below which it follows something else."""
PROMPTED_EVERY, RENEWED_EVERY = 5, 25
"""Ticks from one prompt to the next: at least, when an object is missing; at most, so that its looks stay fresh."""
REMEMBERED = 4
"""Prompted pictures in its memory, which would grow without end."""


class SamSegmenter:
    """Follows the objects of `names` in every view."""

    def __init__(
        self, path: Path, device: str, size: int | None, embedded: AppearanceSegmenter, names: Sequence[str]
    ) -> None:
        self._embedded, self._names = embedded, tuple(names)
        self._settings = {"model": str(path), "device": device_of(device), "imgsz": size or SIZE}
        self._model = _predictor(self._settings, len(self._names), None).model
        self._views: dict[str, _View] = {}

    def segment(self, frames: FrameSet, regions: Regions, hidden: Hidden) -> Masks:
        """From its memory, where that agrees with what is expected."""
        views = {}
        for camera, wanted in regions.items():
            if camera in frames.frames:
                found = self._seen(frames, camera, wanted, hidden)
                claims = [(name, mask.pixels, mask.score) for name, mask in found.items()]
                views[camera] = disjoint(claims, hidden.get(camera))
        return Masks(views, frames.captured_at)

    def find(self, frames: FrameSet, names: Sequence[str], hidden: Hidden) -> Candidates:
        """The embedded segmenter's: SAM 2 knows no names."""
        return self._embedded.find(frames, names, hidden)

    def learn(self, frames: FrameSet, confirmed: Masks) -> None:
        """The colours that it starts from."""
        self._embedded.learn(frames, confirmed)

    def _seen(self, frames: FrameSet, camera: str, wanted: Mapping[str, Region], hidden: Hidden) -> dict[str, Mask]:
        image, view = frames.frames[camera].image, self._view(camera)
        followed = {name: mask for name, mask in view.follow(image).items() if name in wanted}
        found = {name: mask for name, mask in followed.items() if _agrees(mask, wanted[name])}
        if not view.is_due(missing=len(found) < len(wanted)):
            return found
        boxes = self._boxes(frames, camera, wanted, found, hidden)
        prompted = view.prompt(image, boxes) if boxes else {}
        return {name: mask for name, mask in prompted.items() if _agrees(mask, wanted[name])}

    def _boxes(
        self, frames: FrameSet, camera: str, wanted: Mapping[str, Region], found: Mapping[str, Mask], hidden: Hidden
    ) -> dict[str, Box]:
        """Where each object is: as it is followed, else by its colours, else as it is expected."""
        lost = {name: region for name, region in wanted.items() if name not in found}
        told = {**self._embedded.segment(frames, {camera: lost}, hidden).views[camera], **found}
        boxes = {name: _expected(region) for name, region in lost.items()}
        boxes |= {name: _box_of(mask.pixels) for name, mask in told.items()}
        clear = {name: clipped(box, frames.frames[camera].image.shape) for name, box in boxes.items()}
        return {name: box for name, box in clear.items() if box[0] < box[2] and box[1] < box[3]}

    def _view(self, camera: str) -> _View:
        if camera not in self._views:
            self._views[camera] = _View(_predictor(self._settings, len(self._names), self._model), self._names)
        return self._views[camera]


class _View:
    """SAM 2's memory of one camera."""

    def __init__(self, predictor: Any, names: Sequence[str]) -> None:
        self._predictor, self._names = predictor, tuple(names)
        self._numbers = {name: number for number, name in enumerate(names)}
        self._prompted: frozenset[str] = frozenset()
        self._since = RENEWED_EVERY

    def is_due(self, *, missing: bool) -> bool:
        """Whether it is time to be told where the objects are."""
        return self._since >= (PROMPTED_EVERY if missing else RENEWED_EVERY)

    def follow(self, image: Image) -> dict[str, Mask]:
        """What it remembers, in a new picture."""
        self._since += 1
        return self._run(image) if self._prompted else {}

    def prompt(self, image: Image, boxes: Mapping[str, Box]) -> dict[str, Mask]:
        """Tell it where each object is; what it makes of that."""
        memory = self._predictor.memory_bank
        if boxes.keys() != self._prompted:
            # A picture that lacks an object would say that it is gone.
            memory.clear()
            self._predictor.obj_idx_set.clear()
        del memory[: max(0, len(memory) + 1 - REMEMBERED)]
        self._prompted, self._since = frozenset(boxes), 0
        return self._run(
            image, bboxes=[list(box) for box in boxes.values()], obj_ids=[self._numbers[name] for name in boxes],
            update_memory=True,
        )  # fmt: skip

    def _run(self, image: Image, **prompt: Any) -> dict[str, Mask]:
        (result,) = self._predictor(source=np.ascontiguousarray(image[..., ::-1]), **prompt)
        if result.masks is None:
            return {}
        masks, numbers = result.masks.data.cpu().numpy().astype(bool), result.boxes.cls.cpu().numpy().astype(int)
        scores = result.boxes.conf.cpu().numpy()
        return {
            self._names[number]: Mask(mask, float(score))
            for mask, number, score in zip(masks, numbers, scores, strict=True)
            if self._names[number] in self._prompted and mask.any()
        }


def _predictor(settings: Mapping[str, Any], count: int, model: Any) -> Any:
    ultralytics()
    kind = import_module("ultralytics.models.sam").SAM2DynamicInteractivePredictor
    fixed = {"task": "segment", "mode": "predict", "conf": PRESENT, "save": False, "verbose": False}
    predictor = kind(overrides={**settings, **fixed}, max_obj_num=count)
    try:
        predictor.setup_model(model=model, verbose=False)
    except Exception as error:  # because a file of any other kind fails in its own way
        reason = str(error).split("\n", 1)[0][:120]
        raise DynacollectError(
            f"{settings['model']} cannot be loaded ({reason}); give weights of SAM 2 by their own name, as sam2.1_t.pt"
        ) from error
    return predictor


def _agrees(mask: Mask, region: Region) -> bool:
    return agreement(mask.pixels, region) > AGREES


def _box_of(pixels: Pixels) -> Box:
    x, y, width, height = cv2.boundingRect(pixels.view(np.uint8))
    return x, y, x + width, y + height


def _expected(region: Region) -> Box:
    """Around the expected silhouette, else the whole region."""
    if region.silhouette is None or not region.silhouette.any():
        return region.box
    x0, y0, x1, y1 = _box_of(region.silhouette)
    return x0 + region.box[0], y0 + region.box[1], x1 + region.box[0], y1 + region.box[1]
