"""The DynamicVLA policy, for LeRobot: written from its description, loads the published weights.

Importing this package makes LeRobot know the policy type `dynamicvla`.
"""

from .configuration_dynamicvla import DynamicVLAConfig

__all__ = ["DynamicVLAConfig"]
