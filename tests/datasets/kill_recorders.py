"""Kill recording processes at random instants, many times, and say what is left on the disk.

Run as a program: `kill_recorders.py FOLDER TRIALS SEED` prints one JSON document.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from made_sessions import Course, make_session, read_stamp, record

from dynacollect.datasets.raw import RawEpisode, Recorder, episodes_in
from dynacollect.rig.clock import HostClock, SimClock
from dynacollect.rig.nouns import Verdict

TICKS = 20
LONGEST_S = 0.35


def recorder_process(session: Path) -> None:
    """Record episode after episode until somebody puts an end to it."""
    clock = SimClock(start=100.0)
    recorder = Recorder(session, clock)
    while True:
        stamp = TICKS * sum(1 for _ in recorder.episodes.iterdir())
        record(recorder, Course(seed=1, ticks=TICKS), clock, stamp).commit(Verdict(True, 0.9, "held"))


def prints(session: Path) -> dict[str, str]:
    """Digest of every committed file."""
    found = sorted((session / "episodes").rglob("*.*")) if (session / "episodes").is_dir() else []
    return {str(path.relative_to(session)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def is_whole(episode: RawEpisode, first: int) -> bool:
    """Whether every picture and every row of an episode is there and is the right one."""
    if episode.damage() or len(episode.signals().ticks) != TICKS:
        return False
    for number, camera in enumerate(episode.record.videos):
        stamps = [read_stamp(picture) for picture in episode.pictures(camera)]
        if stamps != [(first + index, number) for index in range(TICKS)]:
            return False
    return True


def trial(session: Path, after_s: float) -> None:
    """Let a process record for so long, then kill it."""
    child = os.fork()
    if child == 0:
        try:
            recorder_process(session)
        finally:
            os._exit(1)
    clock = HostClock()
    clock.wait_until(clock.now() + after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def main(session: Path, trials: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    make_session(session, Course(seed=1, ticks=TICKS))
    changed, before = 0, prints(session)
    for _ in range(trials):
        trial(session, float(rng.uniform(0.0, LONGEST_S)))
        now = prints(session)
        changed += sum(now.get(name) != digest for name, digest in before.items())
        before = now
    episodes = episodes_in(session)
    damaged = [one.record.number for k, one in enumerate(episodes) if not is_whole(one, k * TICKS)]
    numbers = [one.record.number for one in episodes]
    over = [int(path.name) for path in session.glob("left_over/*")]
    return {
        "trials": trials, "episodes": len(episodes), "changed": changed, "damaged": damaged, "left_over": len(over),
        "in_order": numbers == sorted(numbers), "numbers_twice": sorted(set(over) & set(numbers)),
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201 # a program's answer
