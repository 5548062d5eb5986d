"""Sequences of the cell with known truth, to measure trackers on."""
