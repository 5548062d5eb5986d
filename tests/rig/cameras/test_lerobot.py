"""LeRobot's cameras as ours, and ours as LeRobot's: with its own classes, on a film and on a recording."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import draccus
import numpy as np
import pytest

from dynacollect.rig.cameras.lerobot.config import LeRobotCamera
from dynacollect.rig.cameras.lerobot.device import LeRobotDevice
from dynacollect.rig.cameras.open import open_cameras
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

from .made_recording import folder, picture
from .test_files import RIG, steady
from .test_uvc import FPS, HEIGHT, LOSS, WIDTH, film, loss, scene
from .waiting import until

# LeRobot is imported by the tests themselves: it takes seconds, and collecting tests should not.
pytestmark = pytest.mark.slow


def part(**changed: object) -> LeRobotCamera:
    given = {"driver": "lerobot", "serial": "film", "type": "opencv", "width": WIDTH, "height": HEIGHT, "fps": FPS}
    return LeRobotCamera.model_validate({**given, **changed})


def test_a_camera_of_lerobots_is_one_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lerobot.cameras.opencv import OpenCVCamera

    monkeypatch.setattr(LeRobotDevice, "warm_up_s", 0.0)
    # Else LeRobot reads a film as fast as it can.
    read, never = OpenCVCamera._read_from_hardware, Event()

    def paced(camera: OpenCVCamera) -> Any:
        never.wait(0.01)
        return read(camera)

    monkeypatch.setattr(OpenCVCamera, "_read_from_hardware", paced)
    settings = {"index_or_path": str(film(tmp_path / "film.avi", 2000)), "warmup_s": 0}
    # A film takes no settings, and LeRobot insists that they are taken.
    config = part(settings={**settings, "width": None, "height": None, "fps": None})
    camera = open_cameras({"front": config}, HostClock())["front"]
    info = camera.connect()
    frame = until(camera.latest)
    camera.close()
    assert (info.driver, info.serial, info.firmware) == ("lerobot", "film", "OpenCVCamera")
    assert (info.width, info.height, info.fps) == (WIDTH, HEIGHT, FPS)
    assert min(loss(frame.image, scene(number)) for number in range(10)) < LOSS


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"type": "opencw"}, "LeRobot has no camera of type opencw; did you mean 'opencv'?"),
        ({"settings": {"index": 3}}, "LeRobot refuses the settings of a opencv"),
        ({"settings": {"index_or_path": "/dev/video77"}}, "front cannot be read"),
    ],
)
def test_a_wrong_one_is_told_in_one_sentence(changed: dict[str, object], sentence: str) -> None:
    with pytest.raises(DynacollectError) as caught:
        open_cameras({"front": part(**changed)}, HostClock())["front"].connect()
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture
def rig(tmp_path: Path) -> str:
    folder(tmp_path / "made", "left", steady(50))
    (tmp_path / "rig.yaml").write_text(RIG.format(path="made", camera="left"), encoding="utf-8")
    return str(tmp_path / "rig.yaml")


def test_ours_is_made_as_lerobot_makes_cameras(rig: str) -> None:
    from lerobot.cameras import Camera, CameraConfig, make_cameras_from_configs
    from lerobot.configs.parser import load_plugin

    from dynacollect.rig.cameras.lerobot_plugin import DynacollectCamera

    load_plugin("dynacollect.rig.cameras.lerobot_plugin")
    config = CameraConfig.get_choice_class("dynacollect")(rig=rig, camera="front")
    camera = make_cameras_from_configs({"front": config})["front"]
    assert isinstance(camera, DynacollectCamera) and isinstance(camera, Camera)
    assert (camera.width, camera.height, camera.fps) == (96, 64, 25)
    with camera:
        images = [camera.read(), camera.async_read(1000), camera.read_latest()]
        assert camera.is_connected
    assert not camera.is_connected
    numbers = [next(n for n in range(50) if np.array_equal(image, picture(n))) for image in images]
    assert numbers[0] < numbers[1] <= numbers[2]


def test_a_camera_of_the_cell_is_seen_by_lerobot() -> None:
    from lerobot.cameras import make_cameras_from_configs

    from dynacollect.rig.cameras.lerobot_plugin import DynacollectCameraConfig

    cameras = make_cameras_from_configs(
        {name: DynacollectCameraConfig(rig="cell", camera=name) for name in ("opst_cam", "wrist_cam")}
    )
    for camera in cameras.values():
        camera.connect()
    before = {name: camera.async_read(500) for name, camera in cameras.items()}
    after = {name: camera.async_read(500) for name, camera in cameras.items()}
    for name, camera in cameras.items():
        assert before[name].shape == (360, 480, 3)
        assert not np.array_equal(before[name], after[name])
        camera.disconnect()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"camera": "fromt"}, "has no camera fromt; did you mean 'front'"),
        ({"width": 640}, r"width of front is 96 in .*; leave it out here"),
    ],
)
def test_what_the_rig_lacks_is_told(rig: str, changed: dict[str, object], sentence: str) -> None:
    from dynacollect.rig.cameras.lerobot_plugin import DynacollectCameraConfig

    with pytest.raises(DynacollectError, match=sentence):
        DynacollectCameraConfig(**{"rig": rig, "camera": "front", **changed})


def test_a_robot_of_lerobots_may_have_it(rig: str) -> None:
    from lerobot.configs.parser import load_plugin
    from lerobot.robots import RobotConfig
    from lerobot.robots.so_follower import SO101FollowerConfig

    from dynacollect.rig.cameras.lerobot_plugin import DynacollectCameraConfig

    load_plugin("dynacollect.rig.cameras.lerobot_plugin")
    wanted = {"type": "so101_follower", "port": "/dev/none", "cameras": {"front": CAMERA | {"rig": rig}}}
    robot = draccus.decode(RobotConfig, wanted)
    assert isinstance(robot, SO101FollowerConfig)
    assert robot.cameras["front"] == DynacollectCameraConfig(rig=rig, camera="front", width=96, height=64, fps=25)


CAMERA = {"type": "dynacollect", "camera": "front"}
