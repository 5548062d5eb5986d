"""The DynamicVLA policy, for LeRobot: written from its description, loads the published weights.

Importing this package makes LeRobot know the policy type `dynamicvla` and the steps of its pipelines.
"""

from .configuration_dynamicvla import DynamicVLAConfig
from .modeling_dynamicvla import DynamicVLAPolicy
from .processor_dynamicvla import make_dynamicvla_pre_post_processors

__all__ = ["DynamicVLAConfig", "DynamicVLAPolicy", "make_dynamicvla_pre_post_processors"]
