"""How late everything is: cameras against the arm, the arm against its commands, the fingers against theirs."""

from .measure import CameraTiming, GripperTiming, Timing, measure

__all__ = ["CameraTiming", "GripperTiming", "Timing", "measure"]
