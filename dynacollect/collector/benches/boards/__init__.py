"""Calibration sets with known truth, drawn by a projection and a renderer of their own."""
