"""A session with many workers as a program: `cluster_run.py FOLDER WORKERS EPISODES [RAY]`; prints how it ended."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dynacollect.collector.cluster import Cluster, run_workers
from dynacollect.collector.session.settings import Settings
from dynacollect.rig.config import load_rig

if __name__ == "__main__":
    folder, workers, episodes, ray = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), [*sys.argv[4:], None][0]
    settings = Settings(
        load_rig("cell"),
        ("pick",),
        ("apple", "cube", "tennis_ball"),
        episodes,
        3,
        "truth",
        False,
        0.35,
        patience_s=20.0,
    )
    ran = run_workers(folder, settings, Cluster(workers, ray))
    print(json.dumps({"reason": ran.reason, "interrupted": ran.interrupted}))  # noqa: T201 # a program's answer
