"""Autonomous data collection on moving objects: see, track, intercept, record, learn."""

__version__ = "0.1.0"
