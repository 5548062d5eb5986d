"""FoundationPose over a recorded sequence: pictures and depth from the disk, objects told apart by what it teaches.

Depth is where BOP has it: `depth_cam1/000000.png`, 16 bits, times `depth_scale` of scene_camera_cam1.json in mm.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from ...rig.arms import arm as arm_model
from ...rig.errors import DynacollectError
from ..known import appearances_of, plates_of
from ..seeing.arm_cover import ArmCover
from ..seeing.background import Background
from ..seeing.segment import AppearanceSegmenter
from ..sequences.sequence import Sequence, Take
from ..sequences.tables import numbers, read_table
from ..tracked import Tracked
from .client import Depth, PoseServer
from .tracker import FoundationPoseTracker


def track_sequence(sequence: Sequence, server: str) -> Iterator[Tracked]:
    """One outcome for each take, by the server at that address."""
    depths, poses = DepthFolders(sequence), PoseServer(server)
    backgrounds = {camera: Background(plate) for camera, plate in plates_of(sequence).items()}
    segmenter = AppearanceSegmenter(backgrounds, appearances_of(sequence))
    shapes = {name: thing.shape for name, thing in sequence.objects.items()}
    cover = None if sequence.arm is None else ArmCover(arm_model(sequence.arm))
    tracker = FoundationPoseTracker(shapes, sequence.cameras, segmenter, poses, backgrounds, cover)
    try:
        for take in sequence.takes:
            tracker.cameras.update(take.cameras)
            yield tracker.step(take.frames(), depths.of(take), take.arm)
    finally:
        poses.close()


class DepthFolders:
    """The depth of a sequence's cameras; those without any are left out."""

    def __init__(self, sequence: Sequence) -> None:
        self._folders = {name: sequence.folder / f"depth_{name}" for name in sequence.cameras}
        self._folders = {name: folder for name, folder in self._folders.items() if folder.is_dir()}
        if not self._folders:
            raise DynacollectError(
                f"{sequence.folder} has no depth_{next(iter(sequence.cameras))}/, and FoundationPose needs depth; "
                "use --tracker multiview for pictures alone"
            )
        self._tables = {name: sequence.folder / f"scene_camera_{name}.json" for name in self._folders}
        self._rows = {name: read_table(table) for name, table in self._tables.items()}

    def of(self, take: Take) -> dict[str, Depth]:
        """By camera, m."""
        names = [name for name in take.shots if name in self._folders]
        found = {name: self._read(name, take.index) for name in names}
        return {name: depth for name, depth in found.items() if depth is not None}

    def _read(self, name: str, index: int) -> Depth | None:
        path = self._folders[name] / f"{index:06d}.png"
        if not path.is_file():
            return None
        raw = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if raw is None or raw.dtype != np.uint16 or raw.ndim != 2:
            raise DynacollectError(f"{path} is no depth of 16 bits; write it as BOP has it")
        where = f"{self._tables[name]}, frame {index}"
        scale = float(numbers(self._rows[name].get(index), "depth_scale", 1, where)[0])
        return (1e-3 * scale * raw.astype(np.float32)).astype(np.float32)
