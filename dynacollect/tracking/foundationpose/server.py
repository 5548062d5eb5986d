"""Serves poses of your FoundationPose installation: copy this file there, run it in its environment (Python >= 3.8).

    pip install msgpack
    python server.py --code ~/FoundationPose --port 5577

FoundationPose and its weights are NVIDIA's, licensed for non-commercial use only; nothing of them is in this file.

The wire: a message is its length in 4 bytes, the highest first, and a msgpack mapping. A request has `id` and `call`;
the answer has the same `id`, and `error` with one sentence if it was refused. Arrays are {dtype, shape, data}: raw
bytes in C order, the lowest byte first. Lengths are metres; a pose (4, 4) takes the mesh's coordinates to the camera's.

    hello     version                                  -> version
    load      object, vertices, faces, colours         -> (nothing)         colours may be nil
    register  object, camera, K, rgb, depth, mask      -> pose              nil where the mask has hardly any depth
    track     object, camera, K, rgb, depth            -> pose              nil until it is registered
"""

from __future__ import annotations

import argparse
import importlib
import logging
import socket
import socketserver
import struct
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

try:
    import msgpack
    import numpy as np
except ImportError as missing:
    sys.exit(f"{missing}; run in FoundationPose's environment: pip install msgpack numpy")

VERSION = 1
LARGEST = 1 << 28
"""Bytes of a message; what claims more is no message."""
SIZES_M = (0.005, 3.0)
"""A mesh that is smaller or larger is not in metres."""
NEAREST_M, LEAST_PIXELS = 0.1, 20
"""FoundationPose passes over depth below; and so many pixels of a mask must have some."""


class RefusedError(Exception):
    """What the other side is told in one sentence."""


class Installation:
    """FoundationPose's own modules, imported when the first mesh comes, and what all its estimators share."""

    def __init__(self, code: Path, register_iterations: int, track_iterations: int) -> None:
        self.code = code
        self.register_iterations = register_iterations
        self.track_iterations = track_iterations
        self.lock = threading.Lock()
        self._shared: dict[str, Any] = {}

    def estimator(self, mesh: Any) -> Any:
        """One that follows one object in one camera."""
        return self._shared["class"](
            model_pts=mesh.vertices,
            model_normals=mesh.vertex_normals,
            mesh=mesh,
            scorer=self._shared["scorer"],
            refiner=self._shared["refiner"],
            glctx=self._shared["glctx"],
            debug=0,
            debug_dir=self._shared["debug_dir"],
        )

    def mesh(self, vertices: Any, faces: Any, colours: Any) -> Any:
        """As FoundationPose wants it."""
        trimesh = importlib.import_module("trimesh")
        mesh = trimesh.Trimesh(vertices, faces, process=False)
        if colours is not None:
            mesh.visual.vertex_colors = colours
        return mesh

    def ready(self) -> None:
        """Import it, if that was not done before."""
        if self._shared:
            return
        if not (self.code / "estimater.py").is_file():
            raise RefusedError(
                f"there is no estimater.py in {self.code}; start the server with --code PATH_TO_FOUNDATIONPOSE"
            )
        sys.path.insert(0, str(self.code))
        try:
            published = importlib.import_module("estimater")
        except ImportError as error:
            sys.path.remove(str(self.code))
            raise RefusedError(
                f"FoundationPose cannot be imported ({error}); start the server in FoundationPose's own environment"
            ) from error
        self._shared = {
            "scorer": published.ScorePredictor(),
            "refiner": published.PoseRefinePredictor(),
            "glctx": published.dr.RasterizeCudaContext(),
            "debug_dir": tempfile.mkdtemp(prefix="foundationpose-"),
            "class": published.FoundationPose,
        }


class Connection:
    """What one connection has sent, and its estimators: one for each object in each camera."""

    def __init__(self, installation: Installation) -> None:
        self._installation = installation
        self._meshes: dict[str, Any] = {}
        self._estimators: dict[tuple[str, str], Any] = {}
        self._registered: set[tuple[str, str]] = set()

    def answer(self, request: Any) -> Any:
        """What a request gives."""
        calls = {"hello": self._hello, "load": self._load, "register": self._register, "track": self._track}
        call = request.get("call")
        if call not in calls:
            raise RefusedError(f"there is no call {call!r}; copy the server.py of this dynacollect here")
        return calls[call](request)

    def _hello(self, request: Any) -> Any:
        if request["version"] != VERSION:
            raise RefusedError(
                f"the server speaks version {VERSION} of the protocol and dynacollect {request['version']}; "
                "copy the server.py of that dynacollect to the server"
            )
        return {"version": VERSION}

    def _load(self, request: Any) -> Any:
        name, vertices, faces = request["object"], unpacked(request["vertices"]), unpacked(request["faces"])
        if vertices.ndim != 2 or vertices.shape[1] != 3 or faces.ndim != 2 or faces.shape[1] != 3 or len(faces) < 4:
            raise RefusedError(f"the mesh of {name} is no surface of triangles; send (n, 3) vertices and (m, 3) faces")
        if not np.isfinite(vertices).all() or faces.min() < 0 or faces.max() >= len(vertices):
            raise RefusedError(f"the mesh of {name} has faces without vertices, or vertices that are nowhere; mend it")
        size = float((vertices.max(axis=0) - vertices.min(axis=0)).max())
        if not SIZES_M[0] <= size <= SIZES_M[1]:
            raise RefusedError(f"the mesh of {name} is {size:.3g} m long; send it in metres")
        self._installation.ready()
        colours = None if request.get("colours") is None else unpacked(request["colours"])
        self._meshes[name] = self._installation.mesh(vertices.astype(float), faces.astype(np.int64), colours)
        for key in [key for key in self._estimators if key[0] == name]:
            del self._estimators[key]
        self._registered = {key for key in self._registered if key[0] != name}
        return {}

    def _register(self, request: Any) -> Any:
        key, K, rgb, depth = self._view(request)
        mask = unpacked(request["mask"]).astype(bool)
        if mask.shape != depth.shape:
            raise RefusedError(f"mask and depth of {key[1]} differ in size; send those of one picture")
        if np.count_nonzero(mask & (depth >= NEAREST_M)) < LEAST_PIXELS:
            return {"pose": None}
        if key not in self._estimators:
            self._estimators[key] = self._installation.estimator(self._meshes[key[0]])
        iterations = self._installation.register_iterations
        estimator = self._estimators[key]
        pose = plain_pose(estimator.register(K=K, rgb=rgb, depth=depth, ob_mask=mask, iteration=iterations))
        if getattr(estimator, "pose_last", pose) is None:
            return {"pose": None}
        self._registered.add(key)
        return {"pose": packed(pose)}

    def _track(self, request: Any) -> Any:
        key, K, rgb, depth = self._view(request)
        if key not in self._registered:
            return {"pose": None}
        iterations = self._installation.track_iterations
        pose = self._estimators[key].track_one(rgb=rgb, depth=depth, K=K, iteration=iterations)
        return {"pose": packed(plain_pose(pose))}

    def _view(self, request: Any) -> Any:
        """Object and camera, and what the camera sees."""
        name, camera = request["object"], request["camera"]
        if name not in self._meshes:
            raise RefusedError(f"no mesh of {name} was sent; load it first")
        K, rgb, depth = (unpacked(request[part]) for part in ("K", "rgb", "depth"))
        if K.shape != (3, 3) or rgb.dtype != np.uint8 or rgb.shape != (*depth.shape, 3):
            raise RefusedError(f"the picture of {camera} is not of one size with its depth; align depth to colour")
        return (name, camera), K.astype(float), rgb, depth.astype(np.float32)


def packed(array: Any) -> Any:
    """An array for the wire."""
    array = np.ascontiguousarray(array, np.dtype(array.dtype).newbyteorder("<"))
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": array.tobytes()}


def unpacked(sent: Any) -> Any:
    """An array of the wire, that can be written to."""
    return np.frombuffer(sent["data"], np.dtype(sent["dtype"])).reshape(sent["shape"]).copy()


def plain_pose(pose: Any) -> Any:
    """(4, 4), whether it comes as an array or as a tensor on a GPU."""
    if hasattr(pose, "detach"):
        pose = pose.detach().cpu().numpy()
    pose = np.asarray(pose, np.float64).reshape(4, 4)
    if not np.isfinite(pose).all():
        raise RefusedError("FoundationPose found no finite pose; send a better mask, or look at mesh and depth")
    return pose


class Handler(socketserver.StreamRequestHandler):
    """One connection; what it asks is done one after the other, and nobody else's in between."""

    def handle(self) -> None:
        connection = Connection(self._installation)
        while True:
            head = self.rfile.read(4)
            size = struct.unpack(">I", head)[0] if len(head) == 4 else 0
            if not 0 < size <= LARGEST:
                return
            body = self.rfile.read(size)
            if len(body) < size:
                return
            answer = bytes(msgpack.packb(self._answer(connection, body)) or b"")
            self.wfile.write(struct.pack(">I", len(answer)) + answer)

    @property
    def _installation(self) -> Installation:
        return getattr(self.server, "installation")  # noqa: B009 # because the base class does not know it

    def _answer(self, connection: Connection, body: bytes) -> Any:
        number = None
        try:
            request = msgpack.unpackb(body)
            number = request.get("id")
            with self._installation.lock:
                return {"id": number, **connection.answer(request)}
        except RefusedError as refused:
            return {"id": number, "error": str(refused)}
        except Exception as error:  # because whatever fails in here, the other side must hear of it
            logging.exception("a request failed")
            said = " ".join(f"{type(error).__name__}: {error}".split())
            return {"id": number, "error": f"FoundationPose failed ({said}); its terminal says more"}


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Takes connections until it is interrupted."""

    allow_reuse_address = True
    daemon_threads = True
    installation: Installation


class SocketFileServer(Server):
    """The same at a socket file, for clients on this machine."""

    address_family = socket.AF_UNIX

    def server_bind(self) -> None:
        """A file that a dead server left behind is taken away."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(self.server_address)
            except ConnectionRefusedError:
                Path(str(self.server_address)).unlink()
            except OSError:
                pass
        super().server_bind()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="Serves poses of your FoundationPose installation to dynacollect.")
    parser.add_argument("--code", type=Path, required=True, help="the folder with FoundationPose's estimater.py")
    parser.add_argument("--port", type=int, default=5577, help="0 takes any that is free")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets other machines in; there is no password")
    parser.add_argument("--socket", default="", help="listen at this socket file and not at a port")
    parser.add_argument("--register-iterations", type=int, default=5)
    parser.add_argument("--track-iterations", type=int, default=2)
    told = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    try:
        kind, address = (SocketFileServer, told.socket) if told.socket else (Server, (told.host, told.port))
        server = kind(address, Handler)
    except OSError as error:
        sys.exit(f"cannot listen there ({error}); choose another --port or --socket")
    server.installation = Installation(told.code.expanduser(), told.register_iterations, told.track_iterations)
    place = told.socket or "{}:{}".format(*server.server_address[:2])
    sys.stdout.write(f"listening at {place}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()
        if told.socket:
            Path(told.socket).unlink()


if __name__ == "__main__":
    main()
