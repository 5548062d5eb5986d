"""Trains a policy on collected data, by LeRobot's trainer in a process of its own."""
