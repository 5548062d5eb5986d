"""Everything but pictures, as MCAP: our own messages as JSON, and Foxglove's beside them for viewers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration
from foxglove_schemas_protobuf.FrameTransform_pb2 import FrameTransform
from foxglove_schemas_protobuf.FrameTransforms_pb2 import FrameTransforms
from foxglove_schemas_protobuf.Log_pb2 import Log
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from mcap.writer import CompressionType, Writer
from mcap_protobuf.schema import build_file_descriptor_set
from scipy.spatial.transform import RigidTransform

from ...rig.arms.model import ArmModel
from ...rig.camera_model import CameraModel
from ...rig.nouns import ArmState, Command, Frame, ObjectState, SetPoints, Tick
from .record import REPEATED, EpisodeRecord, repeated
from .schemas import SCHEMAS

CHUNK = 1 << 16
"""Bytes that a cut file may lose at its end."""
INFO, WARNING = 2, 3
"""Levels of `foxglove.Log`."""


class SignalsWriter:
    """Times go in on the host's clock, and into the file as nanoseconds since 1970."""

    def __init__(self, path: Path, wall_minus_clock: float) -> None:
        self._file = path.open("xb")
        self._offset = wall_minus_clock
        self._writer = Writer(self._file, chunk_size=CHUNK, compression=CompressionType.ZSTD)
        self._writer.start(profile="", library="dynacollect")
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def cameras(self, models: Mapping[str, CameraModel], time: float, arm: ArmModel | None = None) -> None:
        """Lenses and mounts; the flange, on which wrist cameras sit, hangs on the tool, where the arm is known."""
        if arm is not None:
            flange = _transform("tool", "flange", arm.T_flange_tool.inv(), self._stamp(time))
            self._proto("/tf", FrameTransforms(transforms=[flange]), time)
        for name, model in models.items():
            self._proto(f"/cameras/{name}/calibration", _calibration(name, model, self._stamp(time)), time)
            mount = "flange" if model.on_wrist else "base"
            mounting = _transform(mount, name, model.T_parent_camera, self._stamp(time))
            self._proto("/tf", FrameTransforms(transforms=[mounting]), time)

    def tick(self, tick: Tick, repeated: tuple[str, ...]) -> None:
        """One control step; `repeated` are cameras whose picture in the video is the one before."""
        frames = {name: _frame(frame) for name, frame in tick.frames.frames.items()}
        row = {
            "index": tick.index, "time": tick.time, "phase": tick.phase, "frames": frames,
            "missing": tick.frames.missing, "late": tick.frames.late, "repeated": repeated,
            "chunk": None if tick.chunk is None else np.asarray(tick.chunk).tolist(),
        }  # fmt: skip
        self._json("/tick", row, tick.time)
        self._json("/arm", arm_row(tick.arm), tick.arm.measured_at)
        self._json("/objects", {name: object_row(state) for name, state in tick.objects.items()}, tick.time)
        if tick.command is not None:
            self._json("/command", {"index": tick.index, **command_row(tick.command)}, tick.time)
        places = [_transform("base", "tool", tick.arm.T_base_tool, self._stamp(tick.time))]
        places += [
            _transform("base", name, each.T_base_object, self._stamp(tick.time)) for name, each in tick.objects.items()
        ]
        self._proto("/tf", FrameTransforms(transforms=places), tick.time)

    def arm(self, arm: ArmState) -> None:
        """What the arm reported between ticks."""
        self._json("/arm", arm_row(arm), arm.measured_at)

    def setpoints(self, sent: SetPoints) -> None:
        """What was sent to the arm; a row is dated with its first point."""
        grip = sent.grip
        row = {
            "times": sent.times.tolist(), "joints": sent.joints.tolist(),
            "grip": None if grip is None else {"width": float(grip.width), "force": float(grip.force)},
        }  # fmt: skip
        self._json("/setpoints", row, float(sent.times[0]))

    def log(self, time: float, level: int, name: str, message: str) -> None:
        entry = Log(timestamp=self._stamp(time), level=level, name=name, message=message)  # pyright: ignore[reportArgumentType]
        self._proto("/log", entry, time)

    def about(self, record: EpisodeRecord) -> None:
        """Repeat what the record says of the whole, so that it can be lost."""
        self._writer.add_metadata(REPEATED, repeated(record))

    def close(self) -> None:
        try:
            self._writer.finish()
        finally:
            self._file.close()

    def _json(self, topic: str, row: Mapping[str, Any], time: float) -> None:
        if topic not in self._channels:
            schema = self._writer.register_schema(
                f"dynacollect{topic.replace('/', '.')}", "jsonschema", json.dumps(SCHEMAS[topic]).encode()
            )
            self._channels[topic] = self._writer.register_channel(topic, "json", schema)
        self._add(topic, json.dumps(row, separators=(",", ":")).encode(), time)

    def _proto(self, topic: str, message: Message, time: float) -> None:
        if topic not in self._channels:
            kind = type(message)
            schema = self._writer.register_schema(
                kind.DESCRIPTOR.full_name, "protobuf", build_file_descriptor_set(kind).SerializeToString()
            )
            self._channels[topic] = self._writer.register_channel(topic, "protobuf", schema)
        self._add(topic, message.SerializeToString(), time)

    def _add(self, topic: str, data: bytes, time: float) -> None:
        count = self._counts[topic] = self._counts.get(topic, -1) + 1
        stamp = self._nanoseconds(time)
        self._writer.add_message(self._channels[topic], stamp, data, stamp, count)

    def _nanoseconds(self, time: float) -> int:
        return max(round((time + self._offset) * 1e9), 0)

    def _stamp(self, time: float) -> Timestamp:
        seconds, nanos = divmod(self._nanoseconds(time), 1_000_000_000)
        return Timestamp(seconds=seconds, nanos=nanos)


def pose_row(pose: RigidTransform) -> list[float]:
    """x, y, z, then the quaternion x, y, z, w."""
    return [*np.asarray(pose.translation).tolist(), *np.asarray(pose.rotation.as_quat()).tolist()]


def arm_row(arm: ArmState) -> dict[str, Any]:
    fault = arm.fault
    return {
        "measured_at": arm.measured_at, "arrived_at": arm.arrived_at, "joints": arm.joints.tolist(),
        "joint_velocity": arm.joint_velocity.tolist(), "joint_torque": arm.joint_torque.tolist(),
        "tool": pose_row(arm.T_base_tool), "gripper_width": float(arm.gripper_width),
        "gripper_force": float(arm.gripper_force),
        "fault": None if fault is None else {"name": fault.name, "detail": fault.detail, "person": fault.needs_person},
    }  # fmt: skip


def object_row(state: ObjectState) -> dict[str, Any]:
    """The covariance by its lower triangle, row by row."""
    return {
        "valid_at": state.valid_at, "pose": pose_row(state.T_base_object), "velocity": state.velocity.tolist(),
        "angular_velocity": state.angular_velocity.tolist(), "health": float(state.health),
        "covariance": state.covariance[np.tril_indices(12)].tolist(),
    }  # fmt: skip


def command_row(command: Command) -> dict[str, Any]:
    def listed(values: np.ndarray | None) -> list[float] | None:
        return None if values is None else np.asarray(values).tolist()

    grip = command.grip
    return {
        "tool": None if command.T_base_tool is None else pose_row(command.T_base_tool),
        "joints": listed(command.joints), "velocity": listed(command.velocity), "reach_at": command.reach_at,
        "grip": None if grip is None else {"width": float(grip.width), "force": float(grip.force)},
    }  # fmt: skip


def _frame(frame: Frame) -> dict[str, Any]:
    return {
        "sequence": int(frame.sequence), "captured_at": frame.captured_at, "arrived_at": frame.arrived_at,
        "device_time": frame.device_time,
    }  # fmt: skip


def _transform(parent: str, child: str, pose: RigidTransform, stamp: Timestamp) -> FrameTransform:
    x, y, z, qx, qy, qz, qw = pose_row(pose)
    message = FrameTransform(timestamp=stamp, parent_frame_id=parent, child_frame_id=child)
    message.translation.x, message.translation.y, message.translation.z = x, y, z
    message.rotation.x, message.rotation.y, message.rotation.z, message.rotation.w = qx, qy, qz, qw
    return message


def _calibration(name: str, model: CameraModel, stamp: Timestamp) -> CameraCalibration:
    K = model.K
    P = np.column_stack([K, np.zeros(3)])
    return CameraCalibration(
        timestamp=stamp, frame_id=name, width=model.width, height=model.height, distortion_model="plumb_bob",
        D=np.asarray(model.distortion).ravel().tolist(), K=K.ravel().tolist(), R=np.eye(3).ravel().tolist(),
        P=P.ravel().tolist(),
    )  # fmt: skip
