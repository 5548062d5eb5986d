"""USB cameras through OpenCV: a video file in place of a device, and a stand-in for what a file cannot refuse."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from dynacollect.rig.cameras import stream
from dynacollect.rig.cameras.open import open_cameras
from dynacollect.rig.cameras.stream import StreamCamera
from dynacollect.rig.cameras.uvc.config import UvcCamera
from dynacollect.rig.cameras.uvc.device import Capture, Uvc, open_capture
from dynacollect.rig.clock import HostClock
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Image

from .waiting import until

WIDTH, HEIGHT, FPS = 96, 64, 50.0


def scene(number: int, blue: int = 40) -> Image:
    """Even colours and a block that moves, which JPEG keeps within `LOSS`."""
    image = np.full((HEIGHT, WIDTH, 3), (200, 100, blue), np.uint8)
    left = 8 * (number % 10)
    image[16:48, left : left + 16] = 250
    return image


LOSS = 6.0
"""Mean difference that JPEG makes, grey levels; a block elsewhere makes three times as much."""


def loss(image: Image, other: Image) -> float:
    return float(np.abs(image.astype(float) - other).mean())


def film(path: Path, count: int = 30, blue: int = 40) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for number in range(count):
        writer.write(cv2.cvtColor(scene(number, blue), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


def part(device: Path | str, **changed: object) -> UvcCamera:
    given = {"driver": "uvc", "device": str(device), "width": WIDTH, "height": HEIGHT, "fps": FPS, "lock": False}
    return UvcCamera.model_validate({**given, **changed})


def test_a_film_is_read_with_its_own_time(tmp_path: Path) -> None:
    config = part(film(tmp_path / "usb-Lab_Cam_77-video-index0.avi"))
    device = Uvc(config, HostClock())
    info = device.open()
    # Two pictures were spent on finding out that it works.
    shots = [shot for _ in range(28) if (shot := device.read()) is not None]
    device.close()
    assert (info.serial, info.width, info.height, info.fps) == (config.serial, WIDTH, HEIGHT, FPS)
    assert config.serial == "usb-Lab_Cam_77-video-index0.avi"
    assert [shot.sequence for shot in shots] == list(range(1, 29))
    assert np.diff([shot.device_time for shot in shots]) == pytest.approx(1.0 / FPS)
    for number, shot in enumerate(shots):
        assert loss(shot.image, scene(number + 2)) < LOSS < loss(shot.image, scene(number + 3))


class Paced:
    """A film at the pace of a camera."""

    def __init__(self, device: str) -> None:
        self._film, self._never = open_capture(device), Event()

    def read(self) -> tuple[bool, Image]:
        self._never.wait(0.004)
        return self._film.read()

    def isOpened(self) -> bool:
        return self._film.isOpened()

    def set(self, propId: int, value: float) -> bool:
        return self._film.set(propId, value)

    def get(self, propId: int) -> float:
        return self._film.get(propId)

    def release(self) -> None:
        self._film.release()


def test_it_comes_back_at_the_same_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "RETRY_S", 0.02)
    monkeypatch.setattr(Uvc, "warm_up_s", 0.0)
    link = tmp_path / "usb-Lab_Cam_77-video-index0"
    link.symlink_to(film(tmp_path / "video0.avi", 20))
    camera = StreamCamera("front", part(link), Uvc(part(link), HostClock(), Paced), HostClock())
    camera.connect()
    until(camera.latest)
    link.unlink()
    until(lambda: "is not there" in "".join(fault.detail for fault in camera.health().faults))
    link.symlink_to(film(tmp_path / "video2.avi", 200, blue=180))
    old = camera.latest()
    frame = until(lambda: new if (new := camera.latest()) is not None and new is not old else None)
    camera.close()
    assert camera.health().restarts >= 1
    assert min(loss(frame.image, scene(number, blue=180)) for number in range(10)) < LOSS


class Menu:
    """A camera's controls: it takes what it offers and keeps the rest as it was."""

    def __init__(self, **fixed: float) -> None:
        self.fixed = {getattr(cv2, f"CAP_PROP_{key}"): value for key, value in fixed.items()}
        self.values: dict[int, float] = {}
        self.order: list[int] = []
        self.now_ms = 5e6
        self.skip_ms: list[float] = []
        self.empty = False
        self.image = scene(0)

    def isOpened(self) -> bool:
        return True

    def set(self, propId: int, value: float) -> bool:
        self.order.append(propId)
        if propId in self.fixed:
            return False
        self.values[propId] = value
        return True

    def get(self, propId: int) -> float:
        if propId == cv2.CAP_PROP_POS_MSEC:
            return self.now_ms
        return self.fixed.get(propId, self.values.get(propId, -1.0))

    def read(self) -> tuple[bool, Image]:
        self.now_ms += self.skip_ms.pop(0) if self.skip_ms else 1e3 / FPS
        return not self.empty, self.image

    def release(self) -> None:
        return


def opened(menu: Capture, **changed: object) -> Uvc:
    device = Uvc(part("/dev/v4l/by-id/cam", lock=True, **changed), HostClock(), lambda _: menu)
    device.open()
    return device


def test_all_is_locked_each_automatic_before_its_value() -> None:
    menu = Menu()
    opened(menu, exposure_s=0.005, gain=30, white_balance_k=5000, focus=10)
    value = {name: menu.values[getattr(cv2, f"CAP_PROP_{name}")] for name in ("EXPOSURE", "GAIN", "FOCUS")}
    assert value == {"EXPOSURE": 50.0, "GAIN": 30.0, "FOCUS": 10.0}
    for automatic, name, off in (
        (cv2.CAP_PROP_AUTO_EXPOSURE, cv2.CAP_PROP_EXPOSURE, 1.0),
        (cv2.CAP_PROP_AUTO_WB, cv2.CAP_PROP_WB_TEMPERATURE, 0.0),
        (cv2.CAP_PROP_AUTOFOCUS, cv2.CAP_PROP_FOCUS, 0.0),
        (cv2.CAP_PROP_FOURCC, cv2.CAP_PROP_FRAME_WIDTH, float(cv2.VideoWriter.fourcc(*"MJPG"))),
    ):
        assert menu.order.index(automatic) < menu.order.index(name)
        assert menu.values[automatic] == off


@pytest.mark.parametrize(
    ("fixed", "sentence"),
    [
        ({"FRAME_WIDTH": 640.0}, "took 640x64 at 50 frames/s instead of 96x64 at 50; set what v4l2-ctl"),
        ({"FPS": 30.0}, "took 96x64 at 30 frames/s instead of"),
        ({"FOURCC": float(cv2.VideoWriter.fourcc(*"YUYV"))}, "sends YUYV, not MJPG; set fourcc to what it offers"),
        ({"AUTO_EXPOSURE": 3.0}, "has auto_exposure 3 instead of 1; set what v4l2-ctl"),
        ({"EXPOSURE": 156.0}, "has exposure_time_absolute 156 instead of 40"),
        ({"WB_TEMPERATURE": 4000.0}, "has white_balance_temperature 4000 instead of 4600"),
    ],
)
def test_what_the_camera_did_not_take_is_refused(fixed: dict[str, float], sentence: str) -> None:
    with pytest.raises(DynacollectError) as caught:
        opened(Menu(**fixed))
    assert sentence in str(caught.value)


def test_lost_frames_show_in_the_kernels_times() -> None:
    menu = Menu()
    device = opened(menu)
    menu.skip_ms = [20.0, 23.0, 60.0, 19.0, 41.0, 20.0]
    numbers = [shot.sequence for _ in range(6) if (shot := device.read()) is not None]
    assert np.diff(numbers).tolist() == [1, 3, 1, 2, 1]


def test_without_the_kernels_times_those_of_arrival_count() -> None:
    menu = Menu(POS_MSEC=0.0)
    menu.get = lambda propId: Menu.get(menu, propId) if propId != cv2.CAP_PROP_POS_MSEC else 0.0
    shot = opened(menu).read()
    assert shot is not None and shot.device_time == shot.arrived_at


def test_a_camera_that_falls_silent_is_lost() -> None:
    menu = Menu()
    device = opened(menu)
    menu.empty = True
    with pytest.raises(DynacollectError, match="sends no pictures any more; check its cable"):
        [device.read() for _ in range(3)]


def test_no_camera_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"no film")
    for device, sentence in ((tmp_path / "gone", "is not there"), (tmp_path / "noise", "cannot be opened")):
        with pytest.raises(DynacollectError, match=f"^front: .*{sentence}") as caught:
            open_cameras({"front": part(device)}, HostClock())["front"].connect()
        assert "\n" not in str(caught.value)


def test_a_rig_names_its_link(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(
        "schema: 1\nname: lab\narm: {driver: cell, model: piper}\n"
        "cameras:\n  front: {driver: uvc, device: /dev/v4l/by-id/usb-Lab_Cam_77-video-index0}\n",
        encoding="utf-8",
    )
    rig = load_rig(tmp_path / "rig.yaml")
    assert rig.cameras["front"].serial == "usb-Lab_Cam_77-video-index0"
    (tmp_path / "again.yaml").write_text(rig.to_yaml(), encoding="utf-8")
    assert load_rig(tmp_path / "again.yaml") == rig
