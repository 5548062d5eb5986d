"""A camera that shows a recording again, in its own time."""
