"""LeRobot imports every installed distribution with a name like this one's; the import registers the camera."""

from dynacollect.rig.cameras.lerobot_plugin import DynacollectCameraConfig

__all__ = ["DynacollectCameraConfig"]
