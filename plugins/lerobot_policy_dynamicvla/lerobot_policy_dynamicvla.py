"""LeRobot imports every installed distribution with a name like this one's; the import registers the policy."""

from dynacollect.training.dynamicvla import DynamicVLAConfig

__all__ = ["DynamicVLAConfig"]
