"""Set before anything renders: off-screen drawing without a display, and of rough pictures."""

import os
import sys
from collections.abc import Iterator

import pytest

os.environ.setdefault("MUJOCO_GL", "egl")
# Small matrices and pictures: a second thread only waits for the first, and keeps the other tests from working.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LP_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(name, "1")
# Where byte code is not kept, each worker and each process that a test starts compiles all packages anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


@pytest.fixture(scope="session", autouse=True)
def rough_pictures() -> Iterator[None]:
    """Rougher shadows and edges: what a picture shows stays, what it costs goes down to less than half."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dynacollect.rig.cell.scene.SHADOW_PX", 256)
        patch.setattr("dynacollect.rig.cell.scene.EDGE_SAMPLES", 0)
        yield


@pytest.fixture(scope="session", autouse=True)
def sleeping() -> Iterator[None]:
    """Whoever waits sleeps to the end: a tenth of a millisecond late, and the core is left to the other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("dynacollect.rig.clock._SPIN", 0.0)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is long is slow, too, so that `-m "not slow"` leaves it out."""
    for item in items:
        if item.get_closest_marker("long") is not None:
            item.add_marker("slow")
