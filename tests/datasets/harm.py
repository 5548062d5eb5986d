"""All kinds of harm, and the rule that is meant for each."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from foxglove_schemas_protobuf.CameraCalibration_pb2 import CameraCalibration

from dynacollect.datasets.repair.messages import Said
from dynacollect.rig.arms import arm, kinematics
from dynacollect.rig.nouns import Image

from .damage import cut, edit_record, edit_rows, edit_video, flip, messages, record_of, rewrite, set_in, spoil, vouch

Harm = Callable[[Path], object]
SIDE = "side_cam"


# Harm to the record.


def no_phases_but(*names: str) -> Harm:
    return lambda folder: edit_record(
        folder, lambda record: record.update(phases=[[5 * tick, name, ""] for tick, name in enumerate(names)])
    )


def recorded(**values: object) -> Harm:
    return lambda folder: edit_record(folder, lambda record: record.update(values))


def verdict(**values: object) -> Harm:
    return lambda folder: edit_record(folder, lambda record: record["verdict"].update(values))


# Harm to the signals.


def rows(**changes: object) -> Harm:
    return lambda folder: edit_rows(folder, **changes)  # pyright: ignore[reportArgumentType]


def later(row: dict, by: float) -> dict:
    """A row of any topic with all its times moved."""
    for key in ("time", "measured_at", "arrived_at", "valid_at", "captured_at"):
        if key in row:
            row[key] += by
    for value in row.values():
        if isinstance(value, dict):
            later(value, by)
    return row


def stretched(factor: float) -> Harm:
    """A clock that runs at another rate."""

    def stretch(row: dict, number: int) -> dict:
        first = row.get("time", row.get("measured_at", number))
        return later(row, (factor - 1.0) * (first - 100.0))

    return rows(tick=stretch, arm=stretch)


def all_later_from(tick: int, by: float) -> Harm:
    return rows(
        tick=lambda row, number: later(row, by * (number >= tick)),
        arm=lambda row, number: later(row, by * (number >= tick)),
        objects=lambda row, number: later(row, by * (number >= tick)),
    )


def camera_times(shift: Callable[[int], float], arrival: bool = True, camera: str = SIDE) -> Harm:
    def change(row: dict, number: int) -> dict:
        row["frames"][camera]["captured_at"] += shift(number)
        row["frames"][camera]["arrived_at"] += shift(number) if arrival else 0.0
        return row

    return rows(tick=change)


def arm_at(key: str, place: int | None, value: Callable[[float, int], float]) -> Harm:
    def change(row: dict, number: int) -> dict:
        if place is None:
            row[key] = value(row[key], number)
        else:
            row[key][place] = value(row[key][place], number)
        return row

    return rows(arm=change)


def objects(change: Callable[[dict, int], dict | None]) -> Harm:
    """Of the target; None takes it away."""

    def changed(row: dict, number: int) -> dict:
        state = change(row["target0"], number)
        return {} if state is None else {"target0": state}

    return rows(objects=changed)


def moved(state: dict, by: float) -> dict:
    return {**state, "pose": [state["pose"][0] + by, *state["pose"][1:]]}


def scaled(values: list[float], by: float, places: slice) -> list[float]:
    array = np.array(values)
    array[places] *= by
    return array.tolist()


def grips(width: Callable[[float, int], float]) -> Harm:
    return rows(command=lambda row, n: {**row, "grip": {"width": width(row["grip"]["width"], n), "force": 20.0}})


def no_object_later(folder: Path) -> None:
    """Gripper and tool stand still from the first tick."""
    still = {"tool": [0.45, 0.1, 0.35, 1.0, 0.0, 0.0, 0.0], "gripper_width": 0.08}
    edit_rows(folder, arm=set_in(**still))


def real_arm(folder: Path, change: Callable[[np.ndarray], np.ndarray] = lambda joints: joints) -> None:
    """A Panda on a smooth way; `change` is what the log has of its joints."""
    panda = arm("franka-panda")

    def way(number: int) -> np.ndarray:
        return panda.home + 0.3 * np.sin(0.05 * number) * np.ones(7)

    def told(row: dict, number: int) -> dict:
        pose = kinematics.forward(panda, way(number))
        tool = [*pose.translation.tolist(), *pose.rotation.as_quat().tolist()]
        return {**row, "joints": change(way(number)).tolist(), "tool": tool}

    edit_rows(folder, arm=told)
    edit_record(folder, lambda record: record.update(robot="franka-panda"))


def quick_setpoints(folder: Path) -> None:
    real_arm(folder)
    points = {"times": [0.0, 0.005, 0.01], "joints": [[0.02 * step] * 7 for step in range(3)]}
    edit_rows(folder, setpoints=lambda row, number: {**row, **points} if number == 7 else row)


def at_its_end(folder: Path) -> None:
    panda = arm("franka-panda")
    real_arm(folder, lambda joints: np.array([*joints[:5], panda.upper[5] - 0.001, joints[6]]))


# Harm to pictures.


def pictures(change: Callable[[list[Image]], list[Image]], camera: str = SIDE, fps: float = 25.0) -> Harm:
    return lambda folder: edit_video(folder, camera, change, fps)


def each(change: Callable[[Image], Image], ticks: range = range(10, 20)) -> Callable[[list[Image]], list[Image]]:
    return lambda images: [change(image) if tick in ticks else image for tick, image in enumerate(images)]


def soft(image: Image) -> Image:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 9.0), np.uint8)


def spoilt(folder: Path) -> None:
    spoil(folder / f"{SIDE}.mp4", 3000, 400)
    vouch(folder)


def other_size(images: list[Image]) -> list[Image]:
    return [np.asarray(cv2.resize(image, (80, 48)), np.uint8) for image in images]


# Harm to the set.


def copied(folder: Path) -> None:
    """A copy under a new number and a new name."""
    copy = folder.with_name("000004")
    shutil.copytree(folder, copy)
    edit_record(copy, lambda record: record.update(number=4, id="another", started="2099-01-01T00:00:00+00:00"))


def splits(lists: dict[str, list[int]]) -> Harm:
    return lambda folder: (folder.parents[1] / "splits.json").write_text(json.dumps(lists))


def copied_and_split(folder: Path) -> None:
    copied(folder)
    splits({"train": [1, 2], "val": [4]})(folder)


def other_lens(folder: Path) -> None:
    said = messages(folder)
    first = next(place for place, one in enumerate(said) if one.topic == f"/cameras/{SIDE}/calibration")
    lens = CameraCalibration.FromString(said[first].data)
    lens.K[0] += 2.0
    said[first] = Said(said[first].topic, said[first].time, 0, lens.SerializeToString())
    rewrite(folder, said)


def one_for_two(folder: Path) -> None:
    shutil.copyfile(folder / "opst_cam.mp4", folder / f"{SIDE}.mp4")
    vouch(folder)


def swapped(folder: Path) -> None:
    """The cameras look different in all episodes, and stand for each other in this one."""
    for other in sorted(folder.parent.iterdir()):
        edit_video(other, SIDE, lambda images: [255 - image for image in images])
    for old, new in ((SIDE, "x"), ("opst_cam", SIDE), ("x", "opst_cam")):
        (folder / f"{old}.mp4").rename(folder / f"{new}.mp4")
    vouch(folder)


HARM: dict[str, tuple[str, Harm]] = {
    "the record is gone": ("record-unreadable", lambda folder: (folder / "episode.json").unlink()),
    "the record is cut": ("record-unreadable", lambda folder: cut(folder / "episode.json", 300)),
    "the record is no text": ("record-unreadable", lambda folder: (folder / "episode.json").write_bytes(b"\xff\xfe")),
    "the number is another": ("number-mismatch", recorded(number=7)),
    "a video is gone": ("file-missing", lambda folder: (folder / f"{SIDE}.mp4").unlink()),
    "the signals are gone": ("file-missing", lambda folder: (folder / "signals.mcap").unlink()),
    "a video is cut": ("file-truncated", lambda folder: cut(folder / f"{SIDE}.mp4", 5000)),
    "a bit of a video is flipped": ("file-changed", lambda folder: flip(folder / f"{SIDE}.mp4", 4000, 3)),
    "the signals are cut": ("signals-unreadable", lambda folder: (cut(folder / "signals.mcap", 9000), vouch(folder))),
    "a bit of the signals is flipped": ("signals-unreadable", lambda folder: flip(folder / "signals.mcap", 9000)),
    "too few ticks": ("too-short", recorded(ticks=10)),
    "too many seconds": ("too-long", recorded(fps=2.0)),
    "nothing says how": ("provenance-missing", recorded(provenance={})),
    "success that failed": ("verdict-contradiction", no_phases_but("APPROACH", "GRASP", "LIFT", "FAILED")),
    "success without trust": ("verdict-contradiction", verdict(confidence=0.3)),
    "confidence in per cent": ("verdict-contradiction", verdict(confidence=90.0)),
    "a fault": ("fault-in-success", recorded(faults=[[101.0, "reflex", "it hit the table"]])),
    "a fault that only the arm tells": (
        "fault-in-success", rows(arm=set_in(fault={"name": "reflex", "detail": "", "person": False}))
    ),
    "lifted before it is grasped": ("phases-order", no_phases_but("APPROACH", "LIFT", "GRASP", "TO_GOAL")),
    "never grasped": ("phases-order", no_phases_but("APPROACH", "LIFT", "TO_GOAL")),
    "no phases": ("phases-order", recorded(phases=[])),
    "no instruction": ("instruction-empty", recorded(instructions=[])),
    "an empty instruction": ("instruction-empty", recorded(instructions=["pick up the mug", " . "])),
    "the same instruction twice": ("instruction-repeated", recorded(instructions=["Grab the mug.", "grab  the mug"])),
    "an instruction for something else": ("instruction-absent-object", recorded(instructions=["grab the tennis ball"])),
    "a row of a tick is gone": ("tick-count", rows(tick=lambda row, number: None if number == 20 else row)),
    "rows of objects are gone": ("tick-count", rows(objects=lambda row, number: None if number > 20 else row)),
    "a pause": ("tick-gaps", all_later_from(20, 0.3)),
    "another rate": ("tick-rate", stretched(1.2)),
    "a tick before the last": ("clock-jump", rows(tick=lambda row, number: later(row, -0.2 * (number == 20)))),
    "a camera comes back 300 ms late": ("clock-jump", camera_times(lambda number: -0.3 * (number >= 20))),
    "a camera's clock is slow": ("capture-drift", camera_times(lambda number: -0.0035 * number)),
    "pictures are old": ("latency", camera_times(lambda _number: -0.4, arrival=False)),
    "pictures from the future": ("latency", camera_times(lambda _number: 0.02)),
    "one camera lags": ("camera-skew", camera_times(lambda _number: -0.03)),
    "pictures are missing": (
        "repeated-pictures", rows(tick=lambda row, n: {**row, "repeated": [SIDE] if n % 6 == 0 else []})
    ),
    "the same frame again": (
        "repeated-pictures",
        rows(tick=lambda row, n: {**row, "frames": {k: {**f, "sequence": n // 2} for k, f in row["frames"].items()}}),
    ),
    "no number": ("not-a-number", arm_at("joints", 2, lambda value, number: float("nan") if number == 9 else value)),
    "infinite": (
        "not-a-number", objects(lambda state, n: {**state, "velocity": [np.inf if n == 9 else 0.0, -0.2, 0.0]})
    ),
    "millimetres": ("units", rows(arm=lambda row, _n: {**row, "tool": scaled(row["tool"], 1e3, slice(0, 3))})),
    "degrees": ("units", rows(arm=lambda row, n: {**row, "joints": scaled([0.5 + 0.02 * n] * 7, 57.3, slice(0, 7))})),
    "a gripper in millimetres": ("units", arm_at("gripper_width", None, lambda value, _number: 1e3 * value)),
    "health in per cent": ("units", objects(lambda state, _n: {**state, "health": 95.0})),
    "a quaternion of length 2": (
        "quaternion-norm", rows(arm=lambda row, _n: {**row, "tool": scaled(row["tool"], 2.0, slice(3, 7))})
    ),
    "joints that cannot be": ("joint-range", lambda folder: real_arm(folder, lambda joints: joints + 2.5)),
    "a joint with the wrong sign": (
        "kinematics", lambda folder: real_arm(folder, lambda joints: joints * [1, 1, -1, 1, 1, 1, 1])
    ),
    "too quick": ("setpoint-speed", quick_setpoints),
    "a joint at its end": ("limits-hit", at_its_end),
    "a leap of the tool": ("tool-jump", arm_at("tool", 0, lambda x, n: x + 0.4 * (n > 20))),
    "a turn of the tool": (
        "tool-jump",
        rows(arm=lambda row, n: {**row, "tool": [*row["tool"][:3], 0, 0, 0, 1] if n == 20 else row["tool"]}),
    ),
    "a leap of the object": ("object-jump", objects(lambda state, n: moved(state, 0.5 * (n > 10)))),
    "a velocity with the wrong sign": (
        "object-velocity", objects(lambda state, _: {**state, "velocity": [0.0, 0.2, 0.0]})
    ),
    "a twitch": ("action-jerk", arm_at("tool", 0, lambda x, n: x + 0.04 * (n == 20))),
    "nothing moves": ("idle", no_object_later),
    "never told to close": ("gripper-never-closes", grips(lambda _width, _number: 0.08)),
    "fingers that stay": ("gripper-never-closes", arm_at("gripper_width", None, lambda _width, _number: 0.08)),
    "nothing between the fingers": (
        "gripper-contradiction", arm_at("gripper_width", None, lambda width, _number: width if width > 0.05 else 0.0)
    ),
    "let go at the end": (
        "gripper-contradiction",
        lambda folder: (
            grips(lambda width, number: 0.08 if number > 26 else width)(folder),
            arm_at("gripper_width", None, lambda width, number: 0.08 if number > 26 else width)(folder),
        ),
    ),
    "placed, and still held": ("gripper-contradiction", recorded(task="place")),
    "lost": ("object-lost", objects(lambda state, n: None if 2 < n < 15 else state)),
    "uncertain": ("object-lost", objects(lambda state, n: {**state, "health": 0.2 if 2 < n < 15 else 0.95})),
    "never seen": ("object-lost", rows(objects=lambda _row, _number: {})),
    "it never moved": (
        "object-still",
        objects(lambda state, _: {**state, "velocity": [0, 0, 0], "pose": [0.45, 0.1, 0.03, 0, 0, 0, 1]}),
    ),
    "ticks tell another phase": ("phases-mismatch", rows(tick=set_in(phase="APPROACH"))),
    "garbage in a video": ("undecodable", spoilt),
    "a picture too few": ("frame-count", pictures(lambda images: images[:-1])),
    "another size than said": ("frame-size", pictures(other_size)),
    "other times in a video": ("frame-times", pictures(lambda images: images, fps=20.0)),
    "black": ("black", pictures(each(np.zeros_like))),
    "white": ("over-exposed", pictures(each(lambda image: np.full_like(image, 255)))),
    "blurred": ("blurred", pictures(each(soft))),
    "another exposure": ("brightness-jump", pictures(each(lambda image: image // 2, range(15, 99)))),
    "frozen": ("frozen", pictures(lambda images: [images[min(tick, 15)] for tick in range(len(images))])),
    "every picture twice": (
        "duplicates", pictures(lambda images: [images[tick // 2 * 2] for tick in range(len(images))])
    ),
    "the same id": ("duplicate-id", lambda folder: recorded(id=record_of(folder.with_name("000001"))["id"])(folder)),
    "a copy": ("duplicate-content", copied),
    "on both sides": ("split-leakage", splits({"train": [1, 2], "val": [2, 3]})),
    "a copy on the other side": ("split-leakage", copied_and_split),
    "lists of another set": ("split-unknown", splits({"train": [1, 2, 77]})),
    "time went backwards": ("wall-clock", recorded(started="2001-01-01T00:00:00+00:00")),
    "no time zone": ("wall-clock", recorded(started="2001-01-01T00:00:00")),
    "another size of camera": (
        "camera-changed",
        lambda folder: (
            pictures(other_size)(folder),
            edit_record(folder, lambda record: record["videos"][SIDE].update(width=80, height=48)),
        ),
    ),
    "another camera": ("camera-changed", lambda folder: edit_record(folder, lambda record: record["videos"].pop(SIDE))),
    "another robot": ("robot-changed", recorded(robot="piper-2")),
    "another calibration": ("calibration-changed", recorded(provenance={"version": "test", "calibration": "b"})),
    "another lens": ("calibration-changed", other_lens),
    "out of focus": ("soft-camera", pictures(lambda images: [soft(image) for image in images])),
    "one camera for two": ("one-view-twice", one_for_two),
    "cameras swapped": ("cameras-swapped", swapped),
}  # fmt: skip
