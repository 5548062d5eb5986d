"""Cameras that are really there, or really were: recorded files, RealSense, UVC, and whatever LeRobot can read."""
