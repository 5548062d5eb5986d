"""Whether a calibrated rig still is where it was: reference pictures, a check against them, and a watch for drift."""
