"""Set before anything renders: off-screen drawing without a display, and of rough pictures."""

import os
from collections.abc import Iterator

import pytest

os.environ.setdefault("MUJOCO_GL", "egl")


@pytest.fixture(scope="session", autouse=True)
def rough_pictures() -> Iterator[None]:
    """Rougher shadows and edges: what a picture shows stays, what it costs goes down to less than half."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dynacollect.rig.cell.scene.SHADOW_PX", 256)
        patch.setattr("dynacollect.rig.cell.scene.EDGE_SAMPLES", 0)
        yield
