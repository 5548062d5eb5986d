"""What LeRobot is told of one of our cameras."""

from __future__ import annotations

from dataclasses import dataclass

from lerobot.cameras import CameraConfig

from ...config import load_rig
from ...config_base import nearest
from ...errors import DynacollectError


@CameraConfig.register_subclass("dynacollect")
@dataclass(kw_only=True)
class DynacollectCameraConfig(CameraConfig):
    """A camera of a rig, which also has its size and rate: LeRobot's robots want to know them."""

    rig: str
    """A rig.yaml, or a built-in rig."""
    camera: str
    """Its name there."""

    def __post_init__(self) -> None:
        cameras = load_rig(self.rig).cameras
        if self.camera not in cameras:
            raise DynacollectError(f"{self.rig} has no camera {self.camera}; {nearest(self.camera, cameras)}")
        ours = cameras[self.camera]
        for key, value in (("width", ours.width), ("height", ours.height), ("fps", round(ours.fps))):
            if getattr(self, key) not in (None, value):
                raise DynacollectError(f"{key} of {self.camera} is {value} in {self.rig}; leave it out here")
            setattr(self, key, value)
