"""The client against the real server.py in its own process, and against everything else that may answer there."""

from __future__ import annotations

import ast
import os
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgpack
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.foundationpose import client as client_module
from dynacollect.tracking.foundationpose.client import Patience, PoseServer, Shot
from dynacollect.tracking.shape import shape_of

from .depth_scene import CAMERAS, DepthScene
from .pose_servers import SERVER, ServerProcess, serving

NAME = "toy_car"
CAR = shape_of(catalogue.load(NAME))
POSE = RigidTransform.from_components([0.45, 0.03, catalogue.load(NAME).rest_height], Rotation.from_euler("z", 0.7))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with serving(tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest.fixture(scope="module")
def shots() -> dict[str, tuple[Shot, NDArray[np.bool_]]]:
    """By camera, with the pixels that the car fills."""
    scene, found = DepthScene(NAME), {}
    for name, model in CAMERAS.items():
        seen, empty = scene.view(name, {NAME: POSE}, 1), scene.view(name, {}, 2, noisy=False)
        mask = np.abs(seen.image.astype(int) - empty.image).sum(axis=2) > 40
        found[name] = Shot(name, model.K, seen.image, seen.depth), mask
    scene.close()
    return found


@pytest.fixture
def poses(server: ServerProcess) -> Iterator[PoseServer]:
    connected = PoseServer(server.address)
    connected.load(NAME, CAR)
    yield connected
    connected.close()


def off(pose: RigidTransform | None, camera: str) -> tuple[float, float]:
    """In mm and degrees."""
    assert pose is not None
    true = CAMERAS[camera].T_base_camera().inv() * POSE
    turned = (pose.rotation * true.rotation.inv()).magnitude()
    return 1e3 * float(np.linalg.norm(pose.translation - true.translation)), float(np.rad2deg(turned))


def refused(ask: Callable[[], object]) -> str:
    """The one sentence."""
    with pytest.raises(DynacollectError) as told:
        ask()
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.slow
def test_poses_come_over_the_wire(poses: PoseServer, shots: dict[str, tuple[Shot, NDArray[np.bool_]]]) -> None:
    for camera, (shot, mask) in shots.items():
        assert poses.track(NAME, shot) is None
        place, turn = off(poses.register(NAME, shot, mask), camera)
        assert place < 2.0
        assert turn < 4.0
        place, turn = off(poses.track(NAME, shot), camera)
        assert place < 2.0
        assert turn < 4.0


def test_what_is_sent_wrong_is_told_and_the_server_goes_on(
    poses: PoseServer, shots: dict[str, tuple[Shot, NDArray[np.bool_]]]
) -> None:
    shot, mask = shots["cam1"]
    assert poses.register(NAME, shot, np.zeros_like(mask)) is None
    assert "no mesh of mug was sent; load it first" in refused(lambda: poses.track("mug", shot))
    small = replace(shot, depth=shot.depth[:-1])
    assert "is not of one size with its depth; align depth to colour" in refused(lambda: poses.track(NAME, small))
    huge = replace(CAR, vertices=1e3 * CAR.vertices)
    assert "the mesh of big is 80 m long; send it in metres" in refused(lambda: poses.load("big", huge))
    torn = replace(CAR, faces=CAR.faces + len(CAR.vertices), face_colours=None)
    assert "has faces without vertices" in refused(lambda: poses.load("torn", torn))
    dark = replace(shot, image=np.zeros_like(shot.image))
    told = refused(lambda: poses.register(NAME, dark, mask))
    assert told.endswith(
        "says: FoundationPose failed (ValueError: a black picture tells nothing); its terminal says more"
    )
    again = PoseServer(poses.address)
    again.load(NAME, CAR)
    assert again.track(NAME, shot) is None
    assert off(again.register(NAME, shot, mask), "cam1")[0] < 2.0
    again.close()


def test_versions_must_agree(server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "VERSION", 2)
    told = refused(lambda: PoseServer(server.address).track(NAME, SHOT))
    assert "says: the server speaks version 1 of the protocol and dynacollect 2; copy the server.py" in told
    monkeypatch.undo()
    with answering(lambda line: line.sendall(framed({"id": 1, "version": 9}))) as address:
        told = refused(lambda: PoseServer(address).track(NAME, SHOT))
    assert "speaks version 9 of the protocol and this dynacollect 1; copy server.py" in told


def test_a_new_connection_is_told_of_the_objects_again(
    poses: PoseServer, shots: dict[str, tuple[Shot, NDArray[np.bool_]]]
) -> None:
    shot, mask = shots["cam1"]
    assert off(poses.register(NAME, shot, mask), "cam1")[0] < 2.0
    poses.close()
    assert poses.track(NAME, shot) is None
    assert off(poses.register(NAME, shot, mask), "cam1")[0] < 2.0


@pytest.mark.slow
def test_a_server_that_dies_is_told_and_one_that_comes_back_is_used(tmp_path: Path) -> None:
    place = tmp_path / "poses"
    with serving(tmp_path, socket=place) as first:
        assert first.address == str(place)
        poses = PoseServer(first.address)
        assert "says: no mesh of mug was sent" in refused(lambda: poses.track("mug", SHOT))
    for _ in range(2):
        told = refused(lambda: poses.track("mug", SHOT))
        assert told.startswith(f"no pose server answers at {place} (Connection refused); start server.py")
    with serving(tmp_path, socket=place):
        assert "says: no mesh of mug was sent" in refused(lambda: poses.track("mug", SHOT))
    with serving(tmp_path, socket=place):
        # A connection that broke in between is opened anew without a word.
        assert "says: no mesh of mug was sent" in refused(lambda: poses.track("mug", SHOT))
        poses.close()


def test_a_server_that_hangs_is_not_waited_for(
    server: ServerProcess, shots: dict[str, tuple[Shot, NDArray[np.bool_]]]
) -> None:
    shot, mask = shots["cam1"]
    poses = PoseServer(server.address, Patience(track=0.2))
    poses.load(NAME, CAR)
    assert poses.register(NAME, shot, np.zeros_like(mask)) is None
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        told = refused(lambda: poses.track(NAME, shot))
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert told.startswith(f"the pose server at {server.address} did not answer 'track' within 0.2 s; look at")
    poses.close()
    patient = PoseServer(server.address)
    patient.load(NAME, CAR)
    assert patient.track(NAME, shot) is None
    patient.close()


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (None, "there is no estimater.py in"),
        (
            "import nowhere_to_be_found\n",
            "FoundationPose cannot be imported (No module named 'nowhere_to_be_found'); start",
        ),
    ],
)
def test_an_installation_that_is_none_is_told(tmp_path: Path, code: str | None, why: str) -> None:
    if code is not None:
        (tmp_path / "estimater.py").write_text(code)
    with serving(tmp_path, code=tmp_path) as bare:
        poses = PoseServer(bare.address)
        poses.load(NAME, CAR)
        for _ in range(2):
            assert why in refused(lambda: poses.track(NAME, SHOT))


SHOT = Shot("cam1", np.eye(3), np.zeros((4, 4, 3), np.uint8), np.ones((4, 4), np.float32))


@contextmanager
def answering(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """Somebody at an address who says the same to everybody."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                line.recv(1 << 16)
                try:
                    answer(line)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listener.getsockname()[1]}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


def framed(message: object) -> bytes:
    body = msgpack.packb(message)
    assert body is not None
    return struct.pack(">I", len(body)) + body


def drip(line: socket.socket) -> None:
    """A long answer, byte by byte; each comes in time."""
    line.sendall(struct.pack(">I", 1000))
    for _ in range(60):
        line.sendall(b"x")
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda line: line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "is no pose server of dynacollect; name"),
        (lambda line: line.sendall(struct.pack(">I", 3) + b"\xc1\xc1\xc1"), "is no pose server of dynacollect; name"),
        (lambda line: line.sendall(framed([1, 2])), "is no pose server of dynacollect; name"),
        (lambda line: line.sendall(framed({"id": 7})), "is no pose server of dynacollect; name"),
        (lambda line: line.shutdown(socket.SHUT_RDWR), "hung up; look at its terminal, and start it again"),
        (drip, "did not answer 'hello' within 0.2 s; look at its terminal"),
    ],
    ids=["web", "garbage", "list", "other", "silent", "drip"],
)
def test_strangers_are_told_from_servers(answer: Callable[[socket.socket], None], why: str) -> None:
    with answering(answer) as address:
        patience = Patience(connect=0.2 if answer is drip else 5.0)
        assert why in refused(lambda: PoseServer(address, patience).track(NAME, SHOT))


@pytest.mark.parametrize("address", ["5577", "localhost:", "localhost:99999", ":5577", "here"])
def test_addresses_that_are_none(address: str) -> None:
    assert refused(lambda: PoseServer(address)).endswith("write HOST:PORT or the path of its socket")


def test_a_socket_file_that_is_not_there(tmp_path: Path) -> None:
    told = refused(lambda: PoseServer(str(tmp_path / "nobody")).track(NAME, SHOT))
    assert "(No such file or directory); start server.py" in told


@pytest.mark.slow
def test_without_msgpack_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgpack", None)
    assert "pip install 'dynacollect[foundationpose]'" in refused(lambda: PoseServer("localhost:1"))


@pytest.mark.slow
def test_the_server_needs_nothing_of_ours_and_old_pythons_read_it() -> None:
    text = SERVER.read_text()
    tree = ast.parse(text, feature_version=(3, 8))
    named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in named} <= {*sys.stdlib_module_names, "numpy", "msgpack"}
    assert f"VERSION = {client_module.VERSION}\n" in text
    assert "licensed for non-commercial use only" in (ast.get_docstring(tree) or "")
