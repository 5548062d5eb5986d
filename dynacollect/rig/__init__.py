"""What the software can see and move: cameras, arms, the clock, and the cell, a simulated rig."""

import os
import sys

# MuJoCo chooses how to draw when it is first imported; without a display only EGL works, and with one it does too.
if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")
