"""Recorded cameras in a rig of the cell's: one clock, and the same run every time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynacollect.rig.cameras.stream import StreamCamera
from dynacollect.rig.check import check
from dynacollect.rig.clock import SimClock, Ticker
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.rig import Rig, open_rig

from .made_recording import PERIOD_S, folder
from .test_files import steady

TEXT = """\
schema: 1
name: mixed
arm: {driver: cell, model: piper}
cameras:
  front: {driver: files, path: made, camera: left, loop: true}
  back: {driver: files, path: made, camera: right, loop: true}
"""
CELLS = "  hand: {driver: cell, serial: CELL-WRIST, mount: wrist, width: 96, height: 72}\n"


@pytest.fixture(params=["", CELLS], ids=["recorded only", "and one of the cell's"])
def rig_file(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    yield written(tmp_path, request.param)
    # A cell draws in the thread that made it, and must not be left to a camera's thread to clear away.
    gc.collect()


def written(tmp_path: Path, more: str) -> Path:
    folder(tmp_path / "made", "left", steady(40))
    folder(tmp_path / "made", "right", [{**row, "captured_at": row["captured_at"] + 0.004} for row in steady(40)])
    (tmp_path / "rig.yaml").write_text(TEXT + more, encoding="utf-8")
    return tmp_path / "rig.yaml"


def opened(rig_file: Path) -> Rig:
    return open_rig(load_rig(rig_file), seed=1)


def seen(rig: Rig) -> list[tuple[float, float, tuple[str, ...]]]:
    found = []
    with rig:
        for slot in Ticker(rig.clock, PERIOD_S):
            frames = rig.see()
            rig.feel()
            found.append((frames.captured_at, frames.skew, tuple(sorted(frames.frames))))
            if slot.index > 22:
                return found
    return found


@pytest.mark.slow
def test_they_are_seen_together_on_the_cells_clock(rig_file: Path) -> None:
    rig = opened(rig_file)
    assert isinstance(rig.clock, SimClock)
    ticks = seen(rig)[12:]
    assert {"front", "back"} <= set(ticks[-1][2])
    assert max(skew for _, skew, _ in ticks) <= rig.config.pairing.hard_s
    assert ticks == seen(opened(rig_file))[12:]


@pytest.mark.slow
def test_a_check_finds_nothing_wrong(rig_file: Path) -> None:
    found = check(opened(rig_file), watch_s=0.3)
    assert [part for part in found.parts if part.name in ("front", "back") and not part.ok] == []
    assert {"front", "back", "arm"} <= {part.name for part in found.parts}


def test_in_real_time_threads_take_them_in(tmp_path: Path) -> None:
    rig = open_rig(load_rig(written(tmp_path, "")), realtime=True)
    with rig:
        assert all(isinstance(camera, StreamCamera) for camera in rig.cameras.values())
        for slot in Ticker(rig.clock, PERIOD_S):
            if not rig.see().missing:
                break
            assert slot.index < 500, "they are never seen together"


def test_a_real_camera_does_not_wait_for_simulated_time(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("  front")] + "  front: {driver: uvc, device: /dev/v4l/by-id/cam}\n"
    (tmp_path / "rig.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DynacollectError, match="front is a real camera, and this rig's time is simulated; use"):
        opened(tmp_path / "rig.yaml")
