"""Which camera models an episode was recorded with, as its signals say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.FrameTransform_pb2 import FrameTransform
from foxglove_schemas_protobuf.FrameTransforms_pb2 import FrameTransforms
from google.protobuf.message import DecodeError


@dataclass(frozen=True, slots=True)
class Lens:
    """Intrinsics and place of a camera; rounded to what matters, so that equal ones are equal."""

    size: tuple[int, int]
    K: tuple[float, ...]
    distortion: tuple[float, ...]
    parent: str = ""
    place: tuple[float, ...] = ()
    """x, y, z, and the quaternion x, y, z, w, in `parent`."""


def lenses(opening: Iterable[tuple[str, bytes]]) -> dict[str, Lens]:
    """By camera, of topics and messages that came before the first tick; none of those that cannot be read."""
    models: dict[str, CameraCalibration] = {}
    places: dict[str, tuple[str, tuple[float, ...]]] = {}
    for topic, data in opening:
        try:
            if topic.startswith("/cameras/"):
                models[topic.split("/")[2]] = CameraCalibration.FromString(data)
            elif topic == "/tf":
                for each in FrameTransforms.FromString(data).transforms:
                    places.setdefault(each.child_frame_id, (each.parent_frame_id, _place(each)))
        except DecodeError:
            continue
    return {name: _lens(model, *places.get(name, ("", ()))) for name, model in models.items()}


def _lens(model: CameraCalibration, parent: str, place: tuple[float, ...]) -> Lens:
    K, distortion = (tuple(round(value, 6) for value in values) for values in (model.K, model.D))
    return Lens((model.width, model.height), K, distortion, parent, place)


def _place(transform: FrameTransform) -> tuple[float, ...]:
    t, q = transform.translation, transform.rotation
    return tuple(round(value, 7) for value in (t.x, t.y, t.z, q.x, q.y, q.z, q.w))
