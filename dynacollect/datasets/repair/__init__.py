"""Bringing back what can be of sessions that were cut, truncated or bit-flipped; the old one is only read."""

from .restore import restored
from .session import Came, Pictures, Repaired, common_to, repair_session

__all__ = ["Came", "Pictures", "Repaired", "common_to", "repair_session", "restored"]
