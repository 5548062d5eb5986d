"""A recorded episode done again: its actions executed open loop, and how well the arm followed."""

from .follow import Followed, refuse_other_arm, retrace
from .read import read_way
from .way import Way

__all__ = ["Followed", "Way", "read_way", "refuse_other_arm", "retrace"]
