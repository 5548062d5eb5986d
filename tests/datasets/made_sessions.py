"""Raw sessions with known contents: pictures that carry their own number, an arm that follows a known way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.datasets.raw import Head, Recorder, Recording, Thing
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import (
    ArmState,
    Command,
    Frame,
    FrameSet,
    Grip,
    Image,
    ObjectState,
    SetPoints,
    Tick,
    Vector,
    Verdict,
)

CAMERAS = ("opst_cam", "side_cam", "wrist_cam")
WIDTH, HEIGHT = 96, 64
FPS = 25.0
BLOCK, BITS = 8, 24
"""A number is written into a picture as blocks of so many pixels, black or white."""
PHASES = ("APPROACH", "GRASP", "LIFT", "TO_GOAL")


def stamped(number: int, camera: int, width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A picture that says which one it is, on a ground of smooth colour."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([60 + x * 120 // width, 60 + y * 120 // height, np.full_like(x, 90 + 20 * camera)], axis=2)
    image = np.roll(image, number % width, axis=1).astype(np.uint8)
    for bit in range(BITS):
        row, column = divmod(bit, 12)
        value = 235 if (number * 4 + camera) >> bit & 1 else 20
        image[row * BLOCK : (row + 1) * BLOCK, column * BLOCK : (column + 1) * BLOCK] = value
    return image


def read_stamp(image: Image) -> tuple[int, int]:
    """The number and the camera of a picture, also after it was compressed."""
    code = 0
    for bit in range(BITS):
        row, column = divmod(bit, 12)
        block = image[row * BLOCK + 2 : (row + 1) * BLOCK - 2, column * BLOCK + 2 : (column + 1) * BLOCK - 2]
        code |= int(block.mean() > 128) << bit
    return code >> 2, code & 3


@dataclass(frozen=True, slots=True)
class Course:
    """What one episode contains; all of it follows from the seed."""

    seed: int = 0
    ticks: int = 40
    success: bool | None = True
    task: str = "pick"
    missing: tuple[int, ...] = ()
    """Ticks at which side_cam has no picture."""


def cameras(width: int = WIDTH, height: int = HEIGHT) -> dict[str, CameraModel]:
    K = np.array([[60.0, 0, width / 2], [0, 60.0, height / 2], [0, 0, 1]])
    return {name: CameraModel(name, width, height, K, on_wrist=name == "wrist_cam") for name in CAMERAS}


def tool_at(course: Course, time: float) -> RigidTransform:
    """A smooth way that begins and ends at rest."""
    share = 0.5 - 0.5 * np.cos(np.pi * np.clip(time / (course.ticks / FPS), 0.0, 1.0))
    place = np.array([0.45, 0.1 - 0.2 * share + 0.01 * course.seed % 0.1, 0.35 - 0.2 * np.sin(np.pi * share)])
    return RigidTransform.from_components(place, Rotation.from_euler("xyz", [np.pi, 0.0, 0.4 * share]))


def tick_of(course: Course, index: int, begin: float, stamp: int) -> Tick:
    time = begin + index / FPS
    frames = {
        name: Frame(stamped(stamp, number), name, index, time - 0.012, time - 0.004, time - 0.012)
        for number, name in enumerate(CAMERAS)
        if not (name == "side_cam" and index in course.missing)
    }
    missing = ("side_cam",) if index in course.missing else ()
    share = index / course.ticks
    closed = share > 0.5
    velocity = np.array([0.0, -0.2, 0.0])
    thing = ObjectState(
        "target0", RigidTransform.from_translation([0.45, 0.1 - 0.2 * index / FPS, 0.03]), velocity, np.zeros(3),
        1e-6 * np.eye(12), time, 0.95,
    )  # fmt: skip
    arm = ArmState(
        np.full(7, 0.1 * share), np.zeros(7), np.zeros(7), tool_at(course, index / FPS), 0.03 if closed else 0.08,
        12.0 if closed else 0.0, time - 0.002, time - 0.001,
    )  # fmt: skip
    command = Command(tool_at(course, (index + 1) / FPS), grip=Grip(0.0 if closed else 0.08, 20.0))
    return Tick(index, time, FrameSet(frames, missing), arm, {"target0": thing}, PHASES[int(4 * share)], command)


def record(recorder: Recorder, course: Course, clock: SimClock, first_stamp: int = 0) -> Recording:
    """The whole course, handed over; not yet committed."""
    head = Head(
        course.task, ("pick up the mug", "grab the mug"), "panda", cameras(),
        (Thing(key="target0", name="mug", role="target", words=("mug",), colour="white"),), {"cell": course.seed},
        {"version": "test", "calibration": "none"}, FPS,
    )  # fmt: skip
    recording = recorder.begin(head)
    begin, phase = clock.now(), ""
    for index in range(course.ticks):
        clock.wait_until(begin + index / FPS)
        tick = tick_of(course, index, begin, first_stamp + index)
        if tick.phase != phase:
            phase = tick.phase
            recording.phase(tick.time, phase, "it was time")
        recording.tick(tick)
        times: Vector = tick.time + np.array([0.0, 0.02, 0.04])
        recording.setpoints(SetPoints(times, np.tile(tick.arm.joints, (3, 1))))
    return recording


def make_session(folder: Path, *courses: Course) -> Path:
    """A session with these episodes committed; pictures are numbered through all of it."""
    clock = SimClock(start=100.0)
    recorder, stamp = Recorder(folder, clock), 0
    for course in courses:
        recording = record(recorder, course, clock, stamp)
        recording.commit(Verdict(course.success, 0.9, "held at the goal" if course.success else "it slipped"))
        stamp += course.ticks
    return folder
