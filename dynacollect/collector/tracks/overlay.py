"""A video of what the tracker believes: outlines and velocities over the pictures of all cameras, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Image, ObjectState
from ...tracking.sequences.sequence import Sequence, Take
from ...tracking.shape import Shape
from ...tracking.tracked import HEALTHY, Tracked

FPS = 25.0
ARROW_S = 0.25
"""An arrow ends where the object will be after so long."""
GOOD, DOUBTFUL, ARROW, INK = (80, 220, 90), (70, 150, 255), (255, 200, 60), (245, 245, 245)
"""Blue, green, red."""
STRIP = 22


class Overlay:
    """Writes frame after frame; the first one sets the size."""

    def __init__(self, path: Path) -> None:
        if path.exists():
            raise DynacollectError(f"{path} exists already; name another file")
        if path.suffix.lower() != ".mp4":
            raise DynacollectError(f"{path} is no .mp4; name the video as out.mp4")
        self._path = path
        self._writer: cv2.VideoWriter | None = None
        self._size = (0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.release()

    def add(self, sequence: Sequence, take: Take, tracked: Tracked) -> None:
        """One moment of a sequence; cameras that lack a picture are black."""
        shapes = {name: one.shape for name, one in sequence.objects.items()}
        views = []
        for name, camera in sequence.cameras.items():
            shot = take.shots.get(name)
            image = np.zeros((camera.height, camera.width, 3), np.uint8) if shot is None else shot.image()
            seen = [] if shot is None else [state.at(shot.time) for state in tracked.states.values()]
            views.append(drawn(image, camera if shot is None else shot.camera, seen, shapes))
        high = max(view.shape[0] for view in views)
        padded = [cv2.copyMakeBorder(v, 0, high - v.shape[0], 0, 0, cv2.BORDER_CONSTANT) for v in views]
        self._write(
            np.vstack([_strip(sequence.name, take, tracked, sum(v.shape[1] for v in views)), *[np.hstack(padded)]])
        )

    def _write(self, picture: np.ndarray) -> None:
        if self._writer is None:
            self._size = (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
            self._writer = cv2.VideoWriter(str(self._path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, self._size)
            if not self._writer.isOpened():
                raise DynacollectError(f"cannot write {self._path}; name a file in a folder that exists")
        if (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2) != self._size:
            picture = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
        self._writer.write(np.ascontiguousarray(picture[: self._size[1], : self._size[0]]))


def drawn(image: Image, camera: CameraModel, states: list[ObjectState], shapes: Mapping[str, Shape]) -> np.ndarray:
    """The picture (blue, green, red) with every state's outline and velocity."""
    picture = np.ascontiguousarray(image[..., ::-1])
    for state in states:
        colour = GOOD if state.health >= HEALTHY else DOUBTFUL
        cv2.drawContours(picture, outlines(shapes[state.object], state, camera), -1, colour, 1, cv2.LINE_AA)
        ends = camera.project(np.array([state.position, state.at(state.valid_at + ARROW_S).position]))
        if np.isfinite(ends).all() and np.abs(ends).max() < 1e4:
            start, end = (tuple(np.round(point).astype(int).tolist()) for point in ends)
            cv2.arrowedLine(picture, start, end, ARROW, 1, cv2.LINE_AA, tipLength=0.25)
            cv2.putText(
                picture, state.object, (start[0] + 8, start[1] - 8), cv2.FONT_HERSHEY_PLAIN, 0.8, INK, 1, cv2.LINE_AA
            )
    return picture


def outlines(shape: Shape, state: ObjectState, camera: CameraModel) -> list[np.ndarray]:
    """The outlines (n, 1, 2) of an object in a picture, px."""
    pixels = camera.project(state.T_base_object.apply(shape.vertices))
    if not np.isfinite(pixels).all() or np.abs(pixels).max() > 1e4:
        return []
    canvas = np.zeros((camera.height, camera.width), np.uint8)
    for triangle in np.round(16 * pixels[shape.faces]).astype(np.int32):
        cv2.fillConvexPoly(canvas, triangle, 1, cv2.LINE_8, 4)
    return list(cv2.findContours(canvas, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0])


def _strip(name: str, take: Take, tracked: Tracked, width: int) -> np.ndarray:
    strip = np.full((STRIP, width, 3), 30, np.uint8)
    speeds = (f"{key} {np.linalg.norm(state.velocity):.2f} m/s" for key, state in tracked.states.items())
    words = f"{name}  {take.time:.2f} s  {'  '.join(speeds)}"
    cv2.putText(strip, words, (6, 15), cv2.FONT_HERSHEY_PLAIN, 0.9, INK, 1, cv2.LINE_AA)
    return strip
