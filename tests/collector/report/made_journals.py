"""Journals with known counts, written as a session writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from dynacollect.training.trials import BINS

OBJECTS = ("apple", "egg", "mug")
LAUNCHERS = ("push", "ramp", "conveyor")
OUTCOMES = ("success", "failure", "doubtful", "discarded")
FAULTS = {"freeze": "opst_cam", "reflex": "arm", "hot": "arm", "stuck": "mug", "estop": "arm"}
REASONS = ("the fingers closed on nothing", "lost at 0.31 m", "lost at 0.47 m", "it slipped")
START = datetime(2026, 1, 31, 20, 0, tzinfo=UTC)


@dataclass
class Known:
    """What was written, counted by the writer itself."""

    attempts: list[dict[str, Any]] = field(default_factory=list)
    """With the fields of both lines."""
    faults: dict[str, list[int]] = field(default_factory=dict)
    """Seen, recovered, stopped, and by itself."""
    recovery_s: dict[str, list[float]] = field(default_factory=dict)
    calls: int = 0
    seconds: float = 0.0
    """While a run was on."""

    def count(self, outcome: str) -> int:
        return sum(each["outcome"] == outcome for each in self.attempts)

    def rate(self, **same: Any) -> tuple[int, int]:
        """Successes, and attempts with a verdict."""
        mine = [each for each in self.attempts if all(each[key] == value for key, value in same.items())]
        judged = [each for each in mine if each["outcome"] in OUTCOMES[:3]]
        return sum(each["outcome"] == "success" for each in judged), len(judged)


@dataclass
class Writer:
    """Says lines, and knows what time it is."""

    session: Path
    known: Known = field(default_factory=Known)
    now: datetime = START

    def say(self, event: str, after: float = 1.0, /, **what: Any) -> None:
        if event != "session":
            self.known.seconds += after
        self.now += timedelta(seconds=after)
        line = {"at": self.now.isoformat(timespec="milliseconds"), "event": event, **what}
        with (self.session / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def run(self, number: int, wanted: int) -> None:
        settings = {
            "rig": "cell", "robot": "franka-panda", "tasks": ["pick", "place"], "objects": OBJECTS, "episodes": wanted,
            "seed": 4, "state": "vision", "images": True,
        }  # fmt: skip
        self.say("session", 600.0, run=number, version="0.7", settings=settings)
        self.say("check", name="disk", ok=True, detail="enough", remedy="")

    def attempt(self, number: int, rng: np.random.Generator, outcome: str, episode: int | None, **fixed: Any) -> None:
        bin_ = BINS[rng.integers(len(BINS))]
        still = bin_ == BINS[0]
        begun = {
            "attempt": number, "task": str(rng.choice(["pick", "place"])), "object": str(rng.choice(OBJECTS)),
            "speed": float(rng.uniform(*bin_)), "bin": list(bin_),
            "launcher": None if still else str(rng.choice(LAUNCHERS)),
            "heading_deg": None if still else 45.0 * int(rng.integers(8)), "place": "left", "seed": number, **fixed,
        }  # fmt: skip
        self.say("attempt", **begun)
        self.say("reset", attempt=number, tries=int(rng.integers(1, 4)), ok=True, reason="")
        ended = {
            "attempt": number, "outcome": outcome, "episode": episode, "reason": str(rng.choice(REASONS)),
            "confidence": 0.5, "seconds": 6.0, "cycle_s": 10.0, "speed_seen": 0.2, "ticks": 150,
            "missed": int(rng.integers(2)), "work_ms": {"median": 8.0, "p99": 15.0},
            "age_ms": {"median": 40.0, "p99": 60.0}, "phases": [["approach", 4.0], ["lift", 2.0]],
            "cues": {"gripper": {"says": True, "detail": "31 mm"}, "seen": {"says": False, "detail": "90 mm off"}},
        }  # fmt: skip
        self.say("verdict", 6.0, **ended)
        self.say("drift", cameras={"opst_cam": 0.1, "side_cam": 0.2})
        self.known.attempts.append(begun | ended)

    def fault(self, name: str, ending: str, seconds: float = 3.0) -> None:
        """`ending`: recovered, stopped, or by itself."""
        about = {"name": name, "device": FAULTS[name]}
        seen = self.known.faults.setdefault(name, [0, 0, 0, 0])
        seen[0] += 1
        seen[1 + ("recovered", "stopped", "by itself").index(ending)] += 1
        self.say("fault", **about, detail="it was so", attempt=1)
        if ending != "by itself":
            self.say("deed", **about, deed="recover", **{"try": 1, "ok": False, "seconds": seconds / 2})
        if ending == "recovered":
            self.say("deed", **about, deed="recover", **{"try": 2, "ok": True, "seconds": seconds})
            self.known.recovery_s.setdefault(name, []).append(seconds)
        if ending == "stopped":
            self.known.calls += 1
            self.say("call", **about, reason=f"arm: {name}", remedy="look at it")
            self.say("answered", 90.0, **about, seconds=90.0)


def made(session: Path, seed: int, count: int = 60, runs: int = 3) -> Known:
    """A session of several runs with everything in it; the first ones are killed in the middle of a line."""
    session.mkdir(parents=True, exist_ok=True)
    rng, writer, episode = np.random.default_rng(seed), Writer(session), 0
    for number in range(1, count + 1):
        if (number - 1) % -(-count // runs) == 0:
            if number > 1:
                with (session / "journal.jsonl").open("a") as file:
                    file.write('{"at": "2026-01-31T20:11:00.000+00:00", "event": "verd\n')
            writer.run(1 + (number - 1) // -(-count // runs), wanted=count)
        outcome = str(rng.choice(OUTCOMES, p=(0.7, 0.15, 0.08, 0.07)))
        episode += outcome != "discarded"
        writer.attempt(number, rng, outcome, None if outcome == "discarded" else episode)
        if rng.random() < 0.4:
            name = str(rng.choice(list(FAULTS)))
            ending = "stopped" if name == "estop" else str(rng.choice(["recovered", "stopped", "by itself"]))
            writer.fault(name, ending, float(rng.integers(2, 20)))
    writer.say("quarantine", object="egg", reason="not found after 3 tries")
    writer.say("a new kind of line", colour="blue")
    writer.say("end", reason="all are there")
    return writer.known
