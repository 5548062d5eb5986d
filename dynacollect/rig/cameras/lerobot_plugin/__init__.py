"""Our cameras as LeRobot's: give `--robot.discover_packages_path=dynacollect.rig.cameras.lerobot_plugin`.

Then `{type: dynacollect, rig: rig.yaml, camera: opst_cam}` is a camera of any LeRobot robot.
"""

from .config_camera import DynacollectCameraConfig
from .dynacollectcamera import DynacollectCamera

__all__ = ["DynacollectCamera", "DynacollectCameraConfig"]
