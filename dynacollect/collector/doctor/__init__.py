"""What this machine has for a rig, what it lacks, and what to do about it; nothing is changed and nothing moves."""

from .examine import examine
from .finding import Finding, State

__all__ = ["Finding", "State", "examine"]
