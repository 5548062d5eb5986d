"""A session to its end through faults and kills, on the cell without pictures; run by hand, figures in docs/results.md.

    uv run python tests/collector/session/endurance.py FOLDER EPISODES KILLS [SEED]

The same line is given again and again: KILLS times it is killed at a random instant, and each run has its own random
faults of the whole table that needs no camera, one about every ten episodes. A simulated person comes 20 s after a
call.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from dynacollect.collector.report import summary_of
from dynacollect.collector.session.journal import read_journal
from dynacollect.datasets.raw.reader import episodes_in
from dynacollect.rig.cell.faults import ARM, GRIPPER, STAGE
from dynacollect.rig.starter import starter_text

EVERY_S = 90.0
"""Of simulated time, from one fault to the next: some ten attempts."""
LONGEST_S = 200_000.0


def rig_file(folder: Path) -> Path:
    path = folder / "rig.yaml"
    text = starter_text("franka-panda", name="endurance")
    path.write_text(text.replace("\ncell:", "\ncell:\n  attendant_s: 20", 1))
    return path


def faults(rng: random.Random) -> list[str]:
    found, at = [], 30.0
    while at < min(LONGEST_S, 400 * EVERY_S):
        kind = rng.choice([*ARM, *GRIPPER, *STAGE])
        found.append(f"{kind.device}.{kind.name}@{at:.1f}")
        at += rng.uniform(0.5, 1.5) * EVERY_S
    return found


def line(folder: Path, episodes: int, seed: int, rng: random.Random) -> list[str]:
    words = [sys.executable, "-m", "dynacollect", "collect", "--rig", str(folder / "rig.yaml"), "--state", "truth"]
    words += ["--no-images", "--top-speed", "0.35", "--episodes", str(episodes), "--seed", str(seed), "--json"]
    words += ["--out", str(folder / "session"), *(word for spec in faults(rng) for word in ("--fault", spec))]
    return words


def main(folder: Path, episodes: int, kills: int, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    rig_file(folder)
    rng, session = random.Random(seed), folder / "session"
    for number in range(kills):
        until = (number + rng.random()) * episodes / (kills + 1)
        words = line(folder, episodes, seed, rng)
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None and len(list((session / "episodes").glob("[0-9]*"))) < until:
            time.sleep(0.2)
        time.sleep(rng.uniform(0, 5))
        process.kill()
        process.wait()
    ended = subprocess.run(line(folder, episodes, seed, rng), capture_output=True, text=True, check=False)
    told(session, ended.returncode, kills)


def told(session: Path, code: int, kills: int) -> None:
    """What must hold, and what was."""
    kept = episodes_in(session)
    attempts = Counter(episode.record.provenance["wish"]["attempt"] for episode in kept)
    ids = Counter(episode.record.id for episode in kept)
    summary = summary_of(session)
    memory = [line["memory_mb"] for line in read_journal(session) if line["event"] == "verdict" and "memory_mb" in line]
    found = {
        "exit_code": code,
        "kills": kills,
        "successes": sum(episode.record.verdict.success is True for episode in kept),
        "committed": len(kept),
        "attempts_twice": sum(count > 1 for count in attempts.values()),
        "ids_twice": sum(count > 1 for count in ids.values()),
        "damaged": sum(bool(episode.damage()) for episode in kept),
        "human_calls": summary.human_calls,
        "faults": {name: (count.seen, count.recovered, count.stopped) for name, count in summary.faults.items()},
        "memory_mb_first_and_last": [memory[0], memory[-1]] if memory else None,
        "largest_child_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
    }
    sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]) if len(sys.argv) > 4 else 0)
