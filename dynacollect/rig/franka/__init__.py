"""Franka Panda and FR3 through franky."""
