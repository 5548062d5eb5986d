"""What the object is doing: masks, 6D pose, Kalman state."""
