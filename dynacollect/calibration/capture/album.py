"""The folder that a capture fills, in the plain layout: a crash loses at most the frame that is being written.

Every file is written aside, made durable and renamed into place. A pose and a time are there before their picture is,
so that the folder can be read at every moment. Nothing that is there is overwritten but the lists that grow.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ..boards import Board, board_text, read_board
from ..layout import MOUNTINGS
from ..sightings import Mounting, RobotPose

Rows = list[dict[str, Any]]
ASIDE = ".part"
"""Ends the hidden names of what is being written; readers pass over hidden names."""
FIRST_POSES = "robot.json"
"""Within a mounting's folder: its poses until they are beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """One camera's picture."""

    image: NDArray[np.generic]
    """(height, width) or (height, width, 3), RGB; 8 or 16 bits."""
    captured_at: float


class Album:
    """An open folder."""

    def __init__(self, folder: Path, board: Board) -> None:
        """Start a folder, or go on with one that has the same board."""
        self.folder = folder
        try:
            self._open(board)
        except OSError as error:
            raise DynacollectError(f"{folder} cannot be written ({error.strerror}); choose another folder.") from error

    def _open(self, board: Board) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "board.json"
        if path.exists():
            _check_board(path, board)
        elif any(self._poses(mounting).exists() or (self.folder / mounting).exists() for mounting in MOUNTINGS):
            raise DynacollectError(f"{self.folder} has pictures but no board.json; put their board.json into it.")
        else:
            _put(path, board_text(board).encode())
        for mounting in MOUNTINGS:
            shutil.rmtree(self._aside(mounting), ignore_errors=True)

    def next_frame(self, mounting: Mounting) -> int:
        """Beyond every frame that has a pose or a picture."""
        pictures = [int(path.stem) for path in self._pictures(mounting) if path.stem.isdigit()]
        return max([-1, *(int(row["frame"]) for row in self._rows(mounting)), *pictures]) + 1

    def append(
        self,
        mounting: Mounting,
        pictures: Mapping[str, Taken],
        T_base_flange: RigidTransform,
        joints: Vector | None = None,
        measured_at: float | None = None,
    ) -> int:
        """Add one frame and return its number: what every camera saw, and where the robot was."""
        if not pictures:
            raise DynacollectError("A frame without a picture cannot be kept; give the pictures that show the board.")
        rows, frame = self._rows(mounting), self.next_frame(mounting)
        self._check(mounting, rows, pictures, joints)
        row: dict[str, Any] = {"frame": frame, "T_base_flange": T_base_flange.as_matrix().tolist()}
        row |= {} if joints is None else {"joints": np.asarray(joints, float).tolist()}
        row |= {} if measured_at is None else {"measured_at": measured_at}
        files = {camera: _png(taken.image) for camera, taken in pictures.items()}
        try:
            self._note_times(mounting, frame, pictures)
            self._add(mounting, frame, [*rows, row], files)
        except OSError as error:
            raise DynacollectError(
                f"Frame {frame} cannot be written to {self.folder} ({error.strerror}); make room and go on."
            ) from error
        return frame

    def note_poses(self, mounting: Mounting, poses: Sequence[RobotPose]) -> None:
        """Where the robot was between pictures; only where the mounting has pictures already."""
        rows, frame = self._rows(mounting), self.next_frame(mounting)
        for number, pose in enumerate(poses, frame):
            row: dict[str, Any] = {"frame": number, "T_base_flange": pose.T_base_flange.as_matrix().tolist()}
            row |= {} if pose.joints is None else {"joints": np.asarray(pose.joints, float).tolist()}
            rows.append(row | {"measured_at": pose.measured_at})
        try:
            _put(self._poses(mounting), _json(rows))
        except OSError as error:
            raise DynacollectError(
                f"Poses cannot be written to {self.folder} ({error.strerror}); make room and go on."
            ) from error

    def _check(self, mounting: Mounting, rows: Rows, pictures: Mapping[str, Taken], joints: Vector | None) -> None:
        """What a reader would refuse is refused before it is written."""
        joint_counts = {len(row.get("joints") or ()) for row in rows}
        if joint_counts - {0 if joints is None else len(joints)}:
            raise DynacollectError(f"The poses in {self._poses(mounting)} are of another arm; choose another folder.")
        for camera, taken in pictures.items():
            earlier = next((path for path in self._pictures(mounting) if path.parent.name == camera), None)
            if earlier is not None and _shape(earlier) != taken.image.shape[:2]:
                raise DynacollectError(
                    f"{camera} had another picture size in {self.folder}; set it back or choose another folder."
                )

    def _add(self, mounting: Mounting, frame: int, rows: Rows, files: Mapping[str, bytes]) -> None:
        text = _json(rows)
        if not (self.folder / mounting).exists():
            self._begin(mounting, frame, text, files)
            return
        _put(self._poses(mounting), text)
        for camera, content in files.items():
            home = self.folder / mounting / camera
            home.mkdir(exist_ok=True)
            _put(home / f"{frame:03d}.png", content)
        _made_durable(self.folder / mounting)

    def _begin(self, mounting: Mounting, frame: int, text: bytes, files: Mapping[str, bytes]) -> None:
        """The first frame: neither poses nor pictures may be there without the other.

        The list of poses is first a link into the folder of pictures, so that renaming that folder brings both.
        """
        aside, poses = self._aside(mounting), self._poses(mounting)
        aside.mkdir()
        _put(aside / FIRST_POSES, text)
        for camera, content in files.items():
            (aside / camera).mkdir()
            _put(aside / camera / f"{frame:03d}.png", content)
        _made_durable(aside)
        if not (poses.exists() or poses.is_symlink()):
            poses.symlink_to(Path(mounting) / FIRST_POSES)
        aside.replace(self.folder / mounting)
        _made_durable(self.folder)
        _put(poses, text)
        (self.folder / mounting / FIRST_POSES).unlink()

    def _note_times(self, mounting: Mounting, frame: int, pictures: Mapping[str, Taken]) -> None:
        """Times are for all pictures or for none: a folder that came without them goes on without."""
        path = self.folder / "times.json"
        times = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        if not times and any(True for each in MOUNTINGS for _ in self._pictures(each)):
            return
        new = {f"{mounting}/{camera}/{frame:03d}.png": taken.captured_at for camera, taken in pictures.items()}
        _put(path, _json({**times, **new}))

    def _poses(self, mounting: Mounting) -> Path:
        return self.folder / f"robot_{mounting}.json"

    def _aside(self, mounting: Mounting) -> Path:
        return self.folder / f".{mounting}{ASIDE}"

    def _rows(self, mounting: Mounting) -> Rows:
        path = self._poses(mounting)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []

    def _pictures(self, mounting: Mounting) -> list[Path]:
        return sorted(path for path in (self.folder / mounting).glob("*/*") if not path.name.startswith("."))


def _check_board(path: Path, board: Board) -> None:
    there = read_board(path)
    if there != board:
        raise DynacollectError(
            f"{path} is of another board ({there.describe()}, not {board.describe()}); choose another folder."
        )


def _put(path: Path, content: bytes) -> None:
    """The whole file or none of it, on the disk once this returns."""
    aside = path.with_name(f".{path.name}{ASIDE}")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    _made_durable(path.parent)


def _made_durable(folder: Path) -> None:
    """A rename is on the disk once its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1) + "\n").encode()


def _png(image: NDArray[np.generic]) -> bytes:
    colours = image.shape[2] if image.ndim == 3 else image.ndim
    if image.dtype not in (np.uint8, np.uint16) or colours not in (2, 3):
        raise DynacollectError(
            f"A picture of {image.dtype} with shape {image.shape} cannot be kept; give 8 or 16 bits."
        )
    stored = image[..., ::-1] if image.ndim == 3 else image
    whole = stored.astype(np.uint8) if image.dtype == np.uint8 else stored.astype(np.uint16)
    return cv2.imencode(".png", whole)[1].tobytes()


def _shape(path: Path) -> tuple[int, int]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED | cv2.IMREAD_IGNORE_ORIENTATION)
    return (0, 0) if image is None else image.shape[:2]
