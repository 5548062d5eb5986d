"""Poses by server.py, which runs in FoundationPose's environment: connected to when needed, and again if that broke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from ...rig.errors import DynacollectError
from ...rig.nouns import Image, Vector
from ..shape import Shape
from .channel import Channel, HungUpError, StrangerError, packed, unpacked

VERSION = 1
"""Of the protocol."""

Pixels = NDArray[np.bool_]
Depth = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer may take, s. The first mesh makes the server load networks, the first pose compile kernels."""

    connect: float = 5.0
    load: float = 180.0
    register: float = 60.0
    track: float = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What one camera sees, as a lens without distortion would have it."""

    camera: str
    K: Vector
    image: Image
    """(height, width, 3), RGB."""
    depth: Depth
    """(height, width) along the optical axis, m; 0 where there is none."""

    def sent(self) -> dict[str, object]:
        """For the wire."""
        return {
            "camera": self.camera,
            "K": packed(np.asarray(self.K, float)),
            "rgb": packed(self.image),
            "depth": packed(self.depth.astype(np.float32, copy=False)),
        }


class PoseServer:
    """Poses by another process. `address`: HOST:PORT, or the path of a socket file."""

    def __init__(self, address: str, patience: Patience | None = None) -> None:
        self.address, self._patience, self._channel = address, patience or Patience(), Channel(address)
        self._meshes: dict[str, dict[str, object]] = {}

    def load(self, name: str, shape: Shape) -> None:
        """Make an object known: the server hears of it now if it is connected, and whenever it has to be told again."""
        self._meshes[name] = {
            "object": name,
            "vertices": packed(shape.vertices.astype(np.float32)),
            "faces": packed(shape.faces.astype(np.int32)),
            "colours": None if shape.face_colours is None else packed(_vertex_colours(shape)),
        }
        if self._channel.is_open:
            self._call("load", self._meshes[name], self._patience.load)

    def register(self, name: str, shot: Shot, mask: Pixels) -> RigidTransform | None:
        """T_camera_object of an object in the pixels of a mask, from nothing else; None where they have no depth."""
        request = {"object": name, **shot.sent(), "mask": packed(mask.astype(np.uint8))}
        return _pose(self._call("register", request, self._patience.register)["pose"])

    def track(self, name: str, shot: Shot) -> RigidTransform | None:
        """T_camera_object of an object near to where this camera had it last; None if the server has forgotten."""
        return _pose(self._call("track", {"object": name, **shot.sent()}, self._patience.track)["pose"])

    def close(self) -> None:
        """Hang up; the next call connects again."""
        self._channel.close()

    def _call(self, call: str, request: Mapping[str, object], seconds: float) -> dict[str, Any]:
        """The answer. A connection that broke since the last call is opened anew, once."""
        try:
            if self._channel.is_open:
                return self._ask(call, request, seconds)
        except HungUpError:
            self._channel.close()
        try:
            self._connect()
            return self._ask(call, request, seconds)
        except HungUpError as error:
            raise DynacollectError(
                f"the pose server at {self.address} hung up; look at its terminal, and start it again"
            ) from error

    def _connect(self) -> None:
        """Connect, agree on the protocol, and tell of the objects."""
        try:
            self._channel.open(self._patience.connect)
        except OSError as error:
            raise DynacollectError(
                f"no pose server answers at {self.address} ({error.strerror or error}); start server.py in "
                "FoundationPose's environment, as docs/foundationpose.md says"
            ) from error
        try:
            self._agree()
            for mesh in self._meshes.values():
                self._ask("load", mesh, self._patience.load)
        except DynacollectError:
            self._channel.close()
            raise

    def _agree(self) -> None:
        told = self._ask("hello", {"version": VERSION}, self._patience.connect).get("version")
        if told != VERSION:
            raise DynacollectError(
                f"the pose server at {self.address} speaks version {told} of the protocol and this dynacollect "
                f"{VERSION}; copy server.py of this dynacollect there"
            )

    def _ask(self, call: str, request: Mapping[str, object], seconds: float) -> dict[str, Any]:
        try:
            answer = self._channel.ask({"call": call, **request}, seconds)
        except TimeoutError as error:
            raise DynacollectError(
                f"the pose server at {self.address} did not answer '{call}' within {seconds:g} s; look at its "
                "terminal, or start it again"
            ) from error
        except StrangerError as error:
            raise DynacollectError(
                f"what answers at {self.address} is no pose server of dynacollect; name the address of one"
            ) from error
        if "error" in answer:
            raise DynacollectError(f"the pose server at {self.address} says: {answer['error']}")
        return answer


def _pose(sent: Mapping[str, Any] | None) -> RigidTransform | None:
    return None if sent is None else RigidTransform.from_matrix(unpacked(sent).reshape(4, 4))


def _vertex_colours(shape: Shape) -> Image:
    """(n, 3): the mean of the faces around each vertex."""
    faces = np.repeat(np.asarray(shape.face_colours, float), 3, axis=0)
    corners, sums = shape.faces.ravel(), np.zeros((len(shape.vertices), 3))
    np.add.at(sums, corners, faces)
    count = np.maximum(np.bincount(corners, minlength=len(sums)), 1)
    return np.round(sums / count[:, None]).astype(np.uint8)
