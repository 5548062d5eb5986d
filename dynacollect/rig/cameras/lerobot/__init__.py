"""Any camera that LeRobot can read."""
