"""What our own messages hold, as JSON Schema: written into every log, so that each file explains itself."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TIME: Schema = {"type": "number", "description": "s on the host's monotonic clock"}
_NUMBER: Schema = {"type": "number"}
_WORD: Schema = {"type": "string"}


def _vector(says: str, count: int | None = None) -> Schema:
    size = {} if count is None else {"minItems": count, "maxItems": count}
    return {"type": "array", "items": _NUMBER, "description": says, **size}


def _thing(**fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


POSE = _vector("x, y, z [m] and quaternion x, y, z, w, in the base frame", 7)
GRIP = _thing(
    width={"type": "number", "description": "m between the fingers"},
    force={"type": "number", "description": "N, at most"},
)
FRAME = _thing(
    sequence={"type": "integer", "description": "the camera's own number; a gap is a lost picture"},
    captured_at={"type": "number", "description": "mid-exposure, s on the host's clock"},
    arrived_at=TIME,
    device_time={"type": "number", "description": "mid-exposure, s on the camera's clock"},
)
STATE = _thing(
    valid_at=TIME,
    pose=POSE,
    velocity=_vector("m/s, base frame", 3),
    angular_velocity=_vector("rad/s, base frame", 3),
    health={"type": "number", "description": "0 lost to 1 certain; from 0.5 on it may be acted on"},
    covariance=_vector("lower triangle by rows of (12, 12): position, rotation, velocity, angular velocity", 78),
)
_NAMES: Schema = {"type": "array", "items": _WORD}

SCHEMAS: dict[str, Schema] = {
    "/tick": _thing(
        index={"type": "integer", "description": "also the number of its picture in every video"},
        time=TIME,
        phase=_WORD,
        frames={"type": "object", "additionalProperties": FRAME, "description": "by camera"},
        missing={**_NAMES, "description": "cameras without a picture for this tick"},
        late={**_NAMES, "description": "cameras whose picture is older than it should be"},
        repeated={**_NAMES, "description": "cameras whose picture in the video is the one before"},
        chunk={**_or_null({"type": "array"}), "description": "the policy's actions, where one drives"},
    ),
    "/arm": _thing(
        measured_at=TIME,
        arrived_at=TIME,
        joints=_vector("rad"),
        joint_velocity=_vector("rad/s"),
        joint_torque=_vector("N m"),
        tool=POSE,
        gripper_width={"type": "number", "description": "m"},
        gripper_force={"type": "number", "description": "N"},
        fault=_or_null(_thing(name=_WORD, detail=_WORD, person={"type": "boolean"})),
    ),
    "/objects": {"type": "object", "additionalProperties": STATE, "description": "by key of the episode's things"},
    "/command": _thing(
        index={"type": "integer", "description": "of the tick that it was given at"},
        tool=_or_null(POSE),
        joints=_or_null(_vector("rad")),
        velocity=_or_null(_vector("of the tool at the goal, m/s", 3)),
        reach_at=_or_null(TIME),
        grip=_or_null(GRIP),
    ),
    "/setpoints": _thing(
        times=_vector("s on the host's clock"),
        joints={"type": "array", "items": _vector("rad"), "description": "one row for each time"},
        grip=_or_null(GRIP),
    ),
}
"""By topic."""
