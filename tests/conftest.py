"""Set before anything renders: off-screen drawing without a display."""

import os

os.environ.setdefault("MUJOCO_GL", "egl")
