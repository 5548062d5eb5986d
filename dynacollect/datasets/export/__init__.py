"""Raw sessions to data sets that LeRobot loads: videos are copied, not encoded again."""

from .build import Built, Skipped, build
from .options import Options
from .where import FACTS, Condition

__all__ = ["FACTS", "Built", "Condition", "Options", "Skipped", "build"]
