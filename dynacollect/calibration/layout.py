"""Reads the plain folder that a calibration is solved from, and says what is wrong with it.

`board.json`; `robot_held.json` and `robot_table.json`, each a list of `{"frame": 0, "T_base_flange": 4x4}` with
optional `joints` and `measured_at`; pictures `held/<camera>/<frame>.png` and `table/<camera>/<frame>.png`; and, if
there are capture times, `times.json`: seconds by picture, `{"held/front/000.png": 12.5}`.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .boards import Board, read_board
from .detect import Detection, detect
from .rigid import flaw_of
from .sightings import CalibrationData, Mounting, RobotPose, Sighting

MOUNTINGS: tuple[Mounting, ...] = ("held", "table")
SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
FARTHEST = 5.0
"""Metres; a longer translation is taken for millimetres."""

Progress = Callable[[int, int], None]
"""Told how many pictures are done, of how many."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One file: what its place says of it."""

    path: Path
    name: str
    """Its path in the folder, with forward slashes."""
    mounting: Mounting
    camera: str
    frame: int


@dataclass(frozen=True, slots=True)
class Unused:
    """A picture that the solve does without."""

    picture: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What a folder holds."""

    board: Board
    data: CalibrationData
    unused: tuple[Unused, ...]
    paths: Mapping[tuple[Mounting, str, int], Path] = field(default_factory=dict)
    """Of the pictures that show the board, by mounting, camera and frame."""

    def picture(self, mounting: Mounting, camera: str, frame: int) -> NDArray[np.generic]:
        """Grey, 8 or 16 bits."""
        return _image(self.paths[mounting, camera, frame])


def read_layout(folder: Path, progress: Progress | None = None) -> Layout:
    """Read the folder and find the board in all its pictures."""
    if not folder.is_dir():
        raise DynacollectError(f"There is no folder {folder}; give the one that holds board.json.")
    board = read_board(folder / "board.json")
    poses: list[RobotPose] = []
    pictures: list[Picture] = []
    for mounting in MOUNTINGS:
        found = _mounting(folder, mounting)
        poses += found[0]
        pictures += found[1]
    if not pictures:
        raise DynacollectError(f"{folder} has neither held/ nor table/; put pictures into held/<camera>/000.png.")
    times = _times(folder / "times.json")
    sightings, sizes, unused = _looked(board, pictures, times, progress or (lambda _done, _all: None))
    if not sightings:
        raise DynacollectError(f"No picture in {folder} shows the board: {_reasons(unused)}; take clearer pictures.")
    data = CalibrationData(board.points, tuple(sightings), tuple(poses), sizes)
    paths: dict[tuple[Mounting, str, int], Path] = {(one.mounting, one.camera, one.frame): one.path for one in pictures}
    return Layout(board, data, tuple(unused), paths)


def _reasons(unused: list[Unused]) -> str:
    counts = Counter(one.reason for one in unused).most_common(2)
    return ", ".join(f"{reason} ({count}x)" for reason, count in counts)


def _mounting(folder: Path, mounting: Mounting) -> tuple[list[RobotPose], list[Picture]]:
    """Poses and pictures of one mounting; nothing where the folder has none of it."""
    path, place = folder / f"robot_{mounting}.json", folder / mounting
    if not path.exists() and not place.exists():
        return [], []
    if not path.exists():
        raise DynacollectError(f"There is no {path} for the pictures in {place}; write the robot's poses into it.")
    poses = _poses(path, mounting)
    pictures = list(_pictures(folder, mounting))
    if not pictures:
        raise DynacollectError(
            f"{path} has poses, but {place} has no pictures; put them into {place}/<camera>/000.png."
        )
    known = {pose.frame for pose in poses}
    for picture in pictures:
        if picture.frame not in known:
            raise DynacollectError(
                f"{picture.path} has no pose; add frame {picture.frame} to {path} or remove the file."
            )
    return poses, pictures


def _json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise DynacollectError(f"{path}:{error.lineno} is no JSON ({error.msg}); mend that line.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); give a readable file.") from error


def _poses(path: Path, mounting: Mounting) -> list[RobotPose]:
    rows = _json(path)
    if not isinstance(rows, list) or not rows:
        raise DynacollectError(f'{path} is no list of poses; write [{{"frame": 0, "T_base_flange": 4x4}}, ...].')
    poses = [_pose(row, mounting, f"{path}, entry {index}") for index, row in enumerate(rows)]
    again = [frame for frame, count in Counter(pose.frame for pose in poses).items() if count > 1]
    if again:
        raise DynacollectError(f"{path} has frame {again[0]} more than once; keep one pose of each frame.")
    lengths = {None if pose.joints is None else len(pose.joints) for pose in poses}
    if len(lengths) > 1:
        raise DynacollectError(f"{path} has entries with different numbers of joints; give all of them or none.")
    return poses


def _pose(row: object, mounting: Mounting, where: str) -> RobotPose:
    if not isinstance(row, dict) or not _is_frame(row.get("frame")):
        raise DynacollectError(f'{where}, has no frame number; write "frame": 0.')
    frame, where = int(row["frame"]), f"{where} (frame {row['frame']})"
    if "T_base_flange" not in row:
        raise DynacollectError(f'{where}, has no pose; add "T_base_flange": 4x4.')
    pose = _rigid(_array(row["T_base_flange"], where), where)
    joints = None
    if row.get("joints") is not None:
        joints = _array(row["joints"], where)
        if joints.ndim != 1:
            raise DynacollectError(f"{where}, has joints of shape {joints.shape}; write one list of radians.")
    measured_at = row.get("measured_at")
    if measured_at is not None and not _is_time(measured_at):
        raise DynacollectError(f"{where}, was measured at {measured_at!r}; write seconds.")
    return RobotPose(mounting, frame, pose, joints, None if measured_at is None else float(measured_at))


def _is_frame(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _array(values: object, where: str) -> Vector:
    try:
        made = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        made = np.full(1, np.nan)
    if not np.isfinite(made).all():
        raise DynacollectError(f"{where}, has something that is no finite number; write numbers only.")
    return made


def _rigid(matrix: Vector, where: str) -> RigidTransform:
    if matrix.shape != (4, 4):
        raise DynacollectError(
            f"{where}, has a T_base_flange of shape {matrix.shape}; write four rows of four numbers."
        )
    if flaw := flaw_of(matrix, FARTHEST):
        raise DynacollectError(f"{where}, T_base_flange: {flaw[0]}; {flaw[1]}.")
    return RigidTransform.from_matrix(matrix)


def _pictures(folder: Path, mounting: Mounting) -> Iterator[Picture]:
    """Files of all cameras by name; those that begin with a dot and those that are no pictures are passed over."""
    place = folder / mounting
    for home in sorted(place.iterdir()) if place.is_dir() else ():
        if not home.is_dir() or home.name.startswith("."):
            continue
        frames: dict[int, Path] = {}
        for path in sorted(home.iterdir()):
            if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
                continue
            if not (path.stem.isascii() and path.stem.isdigit()):
                raise DynacollectError(f"{path} has no frame number; name pictures by their frame, such as 000.png.")
            if (frame := int(path.stem)) in frames:
                raise DynacollectError(f"{path} and {frames[frame].name} are the same frame; keep one of them.")
            frames[frame] = path
            yield Picture(path, path.relative_to(folder).as_posix(), mounting, home.name, frame)


def _times(path: Path) -> Mapping[str, float]:
    if not path.exists():
        return {}
    times = _json(path)
    if not isinstance(times, dict) or not all(_is_time(value) for value in times.values()):
        raise DynacollectError(
            f'{path} is no table of times; write seconds by picture, {{"held/front/000.png": 12.5}}.'
        )
    return {str(name): float(value) for name, value in times.items()}


def _looked(
    board: Board, pictures: list[Picture], times: Mapping[str, float], progress: Progress
) -> tuple[list[Sighting], dict[str, tuple[int, int]], list[Unused]]:
    sightings: list[Sighting] = []
    sizes: dict[str, tuple[int, int]] = {}
    unused: list[Unused] = []
    missing = [picture.name for picture in pictures if times and picture.name not in times]
    if missing:
        raise DynacollectError(f"times.json lacks {missing[0]}; give the time of every picture or remove times.json.")
    for done, picture in enumerate(pictures, 1):
        image = _image(picture.path)
        size = image.shape[1], image.shape[0]
        if sizes.setdefault(picture.camera, size) != size:
            wide, high = sizes[picture.camera]
            raise DynacollectError(
                f"{picture.path} is {size[0]}x{size[1]} and earlier pictures of {picture.camera} are {wide}x{high}; "
                "give pictures of one size per camera."
            )
        seen = _detected(board, image, picture)
        if seen.reason:
            unused.append(Unused(picture.name, seen.reason))
        else:
            at = times.get(picture.name)
            ids = seen.ids.astype(np.float64)
            sightings.append(Sighting(picture.camera, picture.mounting, picture.frame, ids, seen.pixels, at))
        progress(done, len(pictures))
    return sightings, sizes, unused


def _image(path: Path) -> NDArray[np.generic]:
    """Grey, 8 or 16 bits, as the sensor had it: no turning by what a camera noted."""
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise DynacollectError(f"{path} cannot be read ({error.strerror}); give a readable picture.") from error
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise DynacollectError(f"{path} is no picture or a damaged one; take it again or remove it.")
    return image


def _detected(board: Board, image: NDArray[np.generic], picture: Picture) -> Detection:
    try:
        return detect(board, image)
    except DynacollectError as error:
        raise DynacollectError(f"{picture.path}: {error}") from error
