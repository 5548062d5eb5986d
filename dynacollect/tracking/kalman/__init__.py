"""The motion of objects from measured poses: filtered as they come, and smoothed when all are there."""

from .assignment import assign
from .object_filter import ObjectFilter, Update
from .smoothing import smoothed

__all__ = ["ObjectFilter", "Update", "assign", "smoothed"]
