"""One page that says what a session did: kept, failed, broke, was mended; with pictures, and no network or scripts."""

from .summary import FaultCount, SessionSummary, SpeedRate, summary_of
from .write import write_report

__all__ = ["FaultCount", "SessionSummary", "SpeedRate", "summary_of", "write_report"]
