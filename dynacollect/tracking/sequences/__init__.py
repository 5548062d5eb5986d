"""Recorded sequences in BOP's layout with several cameras: read, and written."""
