"""A network of the YOLO family: pictures in, detections with their pixels out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....rig.errors import DynacollectError
from ....rig.nouns import Image
from ..tones import Pixels
from .offline import device_of, ultralytics

MOST = 50
"""Detections in one picture, at most."""
SAME = 0.5
"""Overlap of two boxes above which they are of one thing."""
TASKS = {"segment": True, "detect": False}
"""Kinds of network that find objects, and whether they give their pixels."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One thing in one picture."""

    label: int
    score: float
    box: tuple[float, ...]
    """x0, y0, x1, y1 [px], edges of pixels."""
    pixels: Pixels | None
    """Full size; `None` where the network gives boxes only."""


class Network:
    """Runs on all views at once."""

    def __init__(self, path: Path, device: str, confidence: float, size: int | None) -> None:
        self.path, self.model = path, load(path)
        self._settings: dict[str, Any] = {"device": device_of(device), "conf": confidence}
        if size is not None:
            self._settings["imgsz"] = size

    @property
    def labels(self) -> dict[int, str]:
        names = self.model.names
        return dict(enumerate(names)) if isinstance(names, list) else dict(names)

    @property
    def gives_pixels(self) -> bool:
        return TASKS[self.model.task]

    def __call__(self, images: Sequence[Image], labels: Collection[int]) -> list[tuple[Detection, ...]]:
        """What of these classes each picture shows, likeliest first."""
        if not images:
            return []
        results = self.model.predict(
            # It takes pictures as OpenCV reads them: BGR.
            [np.ascontiguousarray(image[..., ::-1]) for image in images],
            classes=sorted(labels), iou=SAME, max_det=MOST, retina_masks=True, save=False, verbose=False,
            **self._settings,
        )  # fmt: skip
        return [_detections(result) for result in results]


def load(path: Path) -> Any:
    """A model of Ultralytics that finds objects."""
    package = ultralytics()
    try:
        model = package.YOLO(str(path), verbose=False)
        kind = model.task
    except Exception as error:  # because a file of any other kind fails in its own way
        reason = str(error).split("\n", 1)[0][:120]
        raise DynacollectError(
            f"{path} cannot be loaded ({reason}); give weights of a YOLO-seg, YOLO-World, YOLOE or SAM 2 network"
        ) from error
    if kind not in TASKS:
        raise DynacollectError(f"{path} is a network that tells {kind}, not where objects are; give one that segments")
    return model


def _detections(result: Any) -> tuple[Detection, ...]:
    boxes = result.boxes
    if boxes is None or not len(boxes):
        return ()
    scores, labels = boxes.conf.cpu().numpy(), boxes.cls.cpu().numpy()
    places = boxes.xyxy.cpu().numpy()
    masks = None if result.masks is None else result.masks.data.cpu().numpy().astype(bool)
    return tuple(
        Detection(
            int(labels[index]), float(scores[index]), tuple(float(edge) for edge in places[index]),
            None if masks is None else masks[index],
        )
        for index in np.argsort(-scores, kind="stable")
    )  # fmt: skip
