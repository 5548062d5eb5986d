"""Recordings to play again: an episode with faults, and a folder of pictures with a list of times."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from scipy.spatial.transform import RigidTransform

from dynacollect.datasets.raw import Head, Recorder
from dynacollect.rig.camera import CameraInfo
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import ArmState, Frame, FrameSet, Image, Tick, Verdict

from .waiting import until

PERIOD_S = 0.04
DROPPING, LATE, JUMPING = "dropping", "late", "jumping"
FAULTY: tuple[str, ...] = DROPPING, LATE, JUMPING
"""From a second on: every third frame is lost, frames come 80 ms late, the device's clock leaps by 0.4 s."""


def frames_of(camera: str, index: int, count: int) -> list[Frame]:
    """A camera at its own phase, and what goes wrong with it: see `FAULTY`."""
    found = []
    for number in range(count):
        captured = 50.0 + PERIOD_S * number + 0.005 * index
        late = 0.08 if camera == LATE and number > 40 else 0.0
        device = captured + 600.0 + (0.4 if camera == JUMPING and number > 30 else 0.0)
        if camera == DROPPING and number > 20 and number % 3 == 0:
            continue
        arrived = captured + 0.03 + 0.001 * (7 * number % 5) + late
        found.append(Frame(picture(number), camera, 100 + number, captured, arrived, device))
    return found


def episode(session: Path) -> tuple[Path, list[FrameSet]]:
    """The folder of one, and what its ticks saw: of each camera the newest, if it was new."""
    count = 110
    frames = {name: frames_of(name, index, count) for index, name in enumerate(FAULTY)}
    models = {name: CameraModel(name, 96, 64, np.eye(3)) for name in FAULTY}
    infos = {name: asdict(CameraInfo("cell", f"S-{name}", "1", 96, 64, 25.0, 0.004)) for name in FAULTY}
    mounts = {"cameras": {name: {"mount": "wrist" if name == JUMPING else "fixed"} for name in FAULTY}}
    head = Head("pick", ("pick it",), "piper", models, provenance={"cameras": infos, "config": mounts})
    recording = Recorder(session, SimClock()).begin(head)
    seen: list[FrameSet] = []
    used = dict.fromkeys(FAULTY, -1)
    for index in range(count):
        now = 50.05 + PERIOD_S * index
        newest = {name: [one for one in some if used[name] < one.sequence and one.arrived_at <= now][-1:]
                  for name, some in frames.items()}  # fmt: skip
        shown = {name: some[0] for name, some in newest.items() if some}
        used |= {name: frame.sequence for name, frame in shown.items()}
        seen.append(FrameSet(shown, tuple(name for name in FAULTY if name not in shown)))
        recording.tick(Tick(index, now, seen[-1], _arm(now)))
        until(lambda: recording.waiting < 8)
    return recording.commit(Verdict(True, 1.0, "made")), seen


def _arm(now: float) -> ArmState:
    still = np.zeros(6)
    return ArmState(still, still, still, RigidTransform.identity(), 0.05, 0.0, now, now)


def picture(number: int, width: int = 96, height: int = 64) -> Image:
    """Number `number` of a scene in which a bright block moves over a pattern that stays."""
    rng = np.random.default_rng(0)
    image = rng.integers(60, 120, (height, width, 3)).astype(np.uint8)
    left = 4 + 5 * number % (width - 20)
    image[8:24, left : left + 12] = 230
    image[-1, :, 0] = number % 256
    return image


def folder(path: Path, camera: str, rows: Sequence[dict[str, float]]) -> Path:
    """A folder of PNGs with the list of when they came."""
    (path / camera).mkdir(parents=True)
    for number in range(1 + max(int(row["picture"]) for row in rows)):
        Picture.fromarray(picture(number)).save(path / camera / f"{number:04d}.png")
    with (path / f"{camera}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
