"""What a tracker sees and believes, for the Rerun viewer: pictures, outlines, poses, velocities and what comes next.

All is on the timeline `capture`, the seconds at which the pictures were taken on the rig's clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.camera_model import CameraModel
from ...rig.errors import DynacollectError
from ...rig.nouns import Frame, FrameSet, ObjectState, Vector
from ...tracking.shape import Shape
from ...tracking.tracked import HEALTHY, Tracked
from .overlay import outlines

TIMELINE = "capture"
FLANGE = "world/flange"
"""What a camera on the wrist rides on."""
QUALITY = 85
"""Of the pictures, as JPEG."""
AHEAD_S = (0.0, 0.08, 0.16, 0.24, 0.32, 0.4)
"""How far ahead the path is drawn."""
ARROW_S = 0.25
"""An arrow ends where the object would be after so long."""
SIGMAS = 2.0
"""Size of the uncertainty that is drawn."""
PICTURE_PLANE_M = 0.25
GOOD, DOUBTFUL, PATH = (90, 220, 80), (255, 150, 70), (60, 200, 255)


class RerunLog:
    """Logs tick after tick, to a file or to a viewer that it opens; `world` is the robot base, z up."""

    def __init__(self, cameras: Mapping[str, CameraModel], save: Path | None = None) -> None:
        self._rr = _rerun()
        check_target(save)
        self._record = self._rr.RecordingStream("dynacollect")
        self._cameras, self._shapes, self._shown = cameras, dict[str, Shape](), set[str]()
        if save is None:
            self._record.spawn()
        else:
            self._record.save(save)
        self._record.log("world", self._rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        for camera in cameras.values():
            self._camera(camera)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record.flush()
        self._record.disconnect()

    def add(
        self, frames: FrameSet, tracked: Tracked, shapes: Mapping[str, Shape], at: float | None = None,
        moved: Mapping[str, CameraModel] | None = None,
    ) -> None:  # fmt: skip
        """One tick; `shapes` are what the objects look like, as far as it is known; `at` holds without pictures.

        `moved` are cameras that ride on the wrist, as they stood when they took their picture.
        """
        self._record.set_time(TIMELINE, duration=frames.captured_at if frames.frames or at is None else at)
        for name, frame in frames.frames.items():
            if name in self._cameras:
                self._picture(frame, tracked, shapes, (moved or {}).get(name, self._cameras[name]))
        for name, state in tracked.states.items():
            self._object(name, state, shapes.get(name))
        for name in self._shown - tracked.states.keys():
            self._record.log(f"world/objects/{name}", self._rr.Clear(recursive=True))
            self._log(f"health/{name}", self._rr.Scalars(0.0))
            self._shapes.pop(name, None)
        self._shown = set(tracked.states)
        for stage, seconds in tracked.seconds.items():
            self._log(f"tick_ms/{stage}", self._rr.Scalars(1e3 * seconds))

    @property
    def rr(self) -> ModuleType:
        """Rerun itself, for those who send columns."""
        return self._rr

    def look(self, blueprint: Any) -> None:
        """How the viewer arranges it at first."""
        self._record.send_blueprint(blueprint)

    def always(self, path: str, what: Any) -> None:
        """Something that holds at all times."""
        self._log(path, what, static=True)

    def column(self, path: str, times: Vector, columns: Iterable[Any]) -> None:
        """Many rows at once, each at its own time on the timeline."""
        if len(times):
            self._record.send_columns(path, [self._rr.TimeColumn(TIMELINE, duration=times)], columns)

    def _camera(self, camera: CameraModel) -> None:
        T, rr = camera.T_parent_camera, self._rr
        self._log(path_of(camera), _transform(rr, T.translation, T.rotation.as_quat()), static=True)
        size = [camera.width, camera.height]
        pinhole = rr.Pinhole(image_from_camera=camera.K, resolution=size, image_plane_distance=PICTURE_PLANE_M)
        self._log(f"{path_of(camera)}/picture", pinhole, static=True)

    def _picture(self, frame: Frame, tracked: Tracked, shapes: Mapping[str, Shape], camera: CameraModel) -> None:
        path, rr = f"{path_of(self._cameras[frame.camera])}/picture", self._rr
        self._log(path, rr.Image(frame.image).compress(jpeg_quality=QUALITY))
        strips, colours, names = [], [], []
        for name, state in tracked.states.items():
            if name in shapes and not camera.on_wrist:
                found = outlines(shapes[name], state.at(frame.captured_at), camera)
                strips += [np.vstack([strip, strip[:1]])[:, 0] for strip in found]
                colours += [_colour(state)] * len(found)
                names += [name] * len(found)
        self._log(f"{path}/outlines", rr.LineStrips2D(strips, colors=colours, labels=names, show_labels=False))

    def _object(self, name: str, state: ObjectState, shape: Shape | None) -> None:
        path, rr, T = f"world/objects/{name}", self._rr, state.T_base_object
        self._log(f"{path}/pose", _transform(rr, T.translation, T.rotation.as_quat()))
        known = self._shapes.get(name)
        if shape is not None and (known is None or not np.array_equal(shape.vertices, known.vertices)):
            self._shapes[name] = shape
            self._log(f"{path}/pose/mesh", _mesh(rr, shape))
        arrow = rr.Arrows3D(origins=[state.position], vectors=[ARROW_S * state.velocity], colors=[_colour(state)])
        self._log(f"{path}/velocity", arrow)
        self._ahead(path, state)
        self._log(f"health/{name}", rr.Scalars(state.health))
        self._log(f"speed/{name}", rr.Scalars(float(np.linalg.norm(state.velocity))))

    def _ahead(self, path: str, state: ObjectState) -> None:
        """The path to come, and how uncertain each place on it is."""
        rr = self._rr
        later = [state.at(state.valid_at + ahead) for ahead in AHEAD_S]
        places = np.array([one.position for one in later])
        self._log(f"{path}/path", rr.LineStrips3D([places], colors=[PATH]))
        half, turns = zip(*(_ellipsoid(one) for one in later), strict=True)
        self._log(
            f"{path}/uncertainty",
            rr.Ellipsoids3D(half_sizes=np.array(half), centers=places, quaternions=np.array(turns), colors=[PATH]),
        )

    def _log(self, path: str, what: Any, *, static: bool = False) -> None:
        self._record.log(path, what, static=static)


def path_of(camera: CameraModel) -> str:
    """Where it hangs in the scene."""
    return f"{FLANGE}/{camera.name}" if camera.on_wrist else f"world/{camera.name}"


def check_target(save: Path | None) -> None:
    """Refuse a file that exists, or cannot be one of Rerun's."""
    if save is None:
        return
    if save.suffix != ".rrd":
        raise DynacollectError(f"{save} is no .rrd; name the recording as run.rrd")
    if save.exists():
        raise DynacollectError(f"{save} exists already; name another file")
    if not save.parent.is_dir():
        raise DynacollectError(f"there is no folder {save.parent}; make it, or name a file in one that exists")


def check_installed() -> None:
    """Refuse early where Rerun is missing."""
    _rerun()


def _rerun() -> ModuleType:
    try:
        import rerun
    except ImportError as error:
        raise DynacollectError("Rerun is not installed; install the extra: pip install 'dynacollect[show]'") from error
    return rerun


def _transform(rr: ModuleType, place: np.ndarray, quaternion: np.ndarray) -> Any:
    return rr.Transform3D(translation=place, quaternion=rr.Quaternion(xyzw=quaternion))


def _mesh(rr: ModuleType, shape: Shape) -> Any:
    """With every corner on its own, so that each face has its colour."""
    corners = shape.vertices[shape.faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-12)
    colours = np.full((len(corners), 3), 170, np.uint8) if shape.face_colours is None else shape.face_colours
    return rr.Mesh3D(
        vertex_positions=corners.reshape(-1, 3),
        triangle_indices=np.arange(3 * len(corners)).reshape(-1, 3),
        vertex_normals=np.repeat(normals, 3, axis=0),
        vertex_colors=np.repeat(colours, 3, axis=0),
    )


def _ellipsoid(state: ObjectState) -> tuple[np.ndarray, np.ndarray]:
    """Half axes (3,) of where the object is by `SIGMAS`, and how they are turned, (4,)."""
    squares, axes = np.linalg.eigh(state.covariance[:3, :3])
    if np.linalg.det(axes) < 0:
        axes[:, 0] = -axes[:, 0]
    return SIGMAS * np.sqrt(np.maximum(squares, 1e-10)), Rotation.from_matrix(axes).as_quat()


def _colour(state: ObjectState) -> tuple[int, int, int]:
    return GOOD if state.health >= HEALTHY else DOUBTFUL
