"""Boards as a session would leave them: an ordinary one, an empty one, and one full of what should not be there."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy.spatial.transform import RigidTransform

from dynacollect.collector.session.board import Board, Now, Share, Summary, Trouble
from dynacollect.rig.nouns import Image, ObjectState

AT = "2026-11-21T22:10:05.123+00:00"
VERDICT = {
    "outcome": "success", "episode": 3, "reason": "gripper holds 64 mm", "confidence": 0.97, "seconds": 6.4,
    "cycle_s": 24.8, "speed_seen": 0.28, "ticks": 160, "missed": 2,
}  # fmt: skip
EVENTS: list[dict[str, Any]] = [
    {"event": "session", "run": 2, "version": "0.1", "settings": {
        "rig": "cell", "robot": "panda", "tasks": ["pick"], "objects": ["red_mug"], "episodes": 100}},
    {"event": "check", "name": "disk", "ok": True, "detail": "200 GB free", "remedy": ""},
    {"event": "check", "name": "calibration", "ok": False, "detail": "is 40 days old", "remedy": "verify it"},
    {"event": "attempt", "attempt": 7, "task": "pick", "object": "red_mug", "speed": 0.2, "bin": [0.15, 0.35],
     "launcher": "ramp", "heading_deg": 90.0, "place": "left", "seed": 1},
    {"event": "reset", "attempt": 7, "tries": 2, "ok": True, "reason": ""},
    {"event": "verdict", "attempt": 7, **VERDICT},
    {"event": "fault", "name": "camera_freeze", "device": "side_cam", "detail": "no new picture", "attempt": 7},
    {"event": "deed", "name": "camera_freeze", "device": "side_cam", "deed": "reconnect", "try": 1, "ok": True,
     "seconds": 1.2},
    {"event": "call", "reason": "emergency stop", "remedy": "release it"},
    {"event": "answered", "reason": "released", "seconds": 63.0},
    {"event": "quarantine", "object": "pear", "reason": "fell three times"},
    {"event": "drift", "cameras": {"side_cam": 1.7, "wrist_cam": None}},
    {"event": "end", "reason": "the count is reached"},
]  # fmt: skip


def summary(**changes: Any) -> Summary:
    """Of an ordinary session."""
    values: dict[str, Any] = {
        "session": "sessions/monday", "rig": "cell", "robot": "panda", "doing": "running", "wanted": 2000, "kept": 812,
        "failures": 71, "doubtful": 9, "discarded": 12, "attempt": 904, "seconds": 20113.5, "per_hour": 145.3,
        "eta_s": 29430.0, "disk_free": 211_000_000_000, "disk_needed": 34_500_000_000, "human_calls": 1,
        "by_speed": (Share("0", 130, 128), Share("0 to 0.15", 221, 213), Share("0.15 to 0.35", 0, 0)),
        "by_object": (Share("red_mug", 160, 151), Share("tennis_ball", 171, 139)),
        "troubles": (
            Trouble(AT, "camera_freeze", "side_cam", "no new picture for 0.5 s", "reconnecting", True),
            Trouble(AT, "gripper_jammed", "panda", "does not follow", "homed", False),
        ),
    }  # fmt: skip
    return Summary(**{**values, **changes})


def state(name: str, x: float = 0.4, speed: float = 0.3, health: float = 0.9) -> ObjectState:
    velocity = np.array([0.0, speed, 0.0])
    place = RigidTransform.from_translation([x, -0.1, 0.033])
    return ObjectState(name, place, velocity, np.zeros(3), 1e-6 * np.eye(12), 0.0, health)


@cache
def picture(seed: int = 0, width: int = 480, height: int = 360) -> Image:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)


def now(ticks: int = 91231, **changes: Any) -> Now:
    states = {name: state(name, 0.1 * index) for index, name in enumerate(("red_mug", "tennis_ball", "pear"))}
    pictures = {name: picture(index) for index, name in enumerate(("opst_cam", "side_cam", "wrist_cam"))}
    values: dict[str, Any] = {
        "task": "pick", "target": "tennis_ball", "instruction": "pick up the tennis ball", "phase": "meet",
        "why": "will be here in 0.4 s", "objects": states, "pictures": pictures, "ticks": ticks, "missed": 3,
        "work_ms": 12.0, "waiting_to_encode": 2,
    }  # fmt: skip
    return Now(0.04 * ticks, **{**values, **changes})


def ordinary() -> Board:
    board = Board(summary())
    for work in np.random.default_rng(3).gamma(40.0, 0.3, 500):
        board.tick(now(work_ms=float(work)))
    for event in EVENTS:
        board.lines.append({"at": AT, **event})
        board.written += 1
    return board


def empty() -> Board:
    return Board(Summary("s", "cell", "panda"))


def hostile() -> Board:
    """Control codes, wide letters, quotes, line ends, no numbers, and lines that no version ever wrote."""
    nasty = 'x\x1b[31m"\\\n\r\t\x07大きい' + "é" * 300
    board = Board(
        summary(
            session=nasty, rig=nasty, robot=nasty, doing="waiting", waits_for=nasty, wanted=0, kept=5,
            by_speed=tuple(Share(f"{nasty}{index}", index, index) for index in range(30)),
            by_object=(Share(nasty, 3, 1), Share(nasty, 4, 1)), seconds=float("nan"), per_hour=float("inf"),
            eta_s=float("nan"), disk_free=0,
            troubles=tuple(Trouble(nasty, nasty, nasty, nasty, nasty, True) for _ in range(30)),
        )
    )  # fmt: skip
    lost = state(nasty, float("nan"), float("nan"), float("nan"))
    board.tick(now(objects={nasty: lost}, target=nasty, phase=nasty, why=nasty, work_ms=float("nan"), task=nasty))
    for event in EVENTS:
        board.lines.append({"at": nasty, **dict.fromkeys(event), "event": event["event"]})
        board.lines.append({"event": event["event"]})
        board.lines.append({"at": None, **dict.fromkeys(event, nasty)})
    board.lines.append({})
    return board
