"""Stock LeRobot loads from the Hub what was merged and pushed, row by row and picture by picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants

from dynacollect.datasets.export import build
from dynacollect.datasets.hub import push
from dynacollect.datasets.merge import merge

from ..made_sessions import Course, make_session, read_stamp
from .loopback import TOKEN, USER, running

REPO = f"{USER}/merged"
LOAD = """
import json, sys
from lerobot.datasets.lerobot_dataset import LeRobotDataset
root = sys.argv[2] if len(sys.argv) > 2 else None
data, told = LeRobotDataset(sys.argv[1], root=root), []
for row in (data[index] for index in range(len(data))):
    picture = (row["observation.images.opst_cam"].permute(1, 2, 0).numpy() * 255).round().astype(int).tolist()
    told.append([int(row["episode_index"]), int(row["frame_index"]), row["task"], row["action"].tolist(), picture])
print("LOADED" + json.dumps([data.meta.total_episodes, data.meta.robot_type, told]))
"""


@pytest.mark.slow
def test_stock_lerobot_loads_it_from_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    sessions = [("monday", (Course(0, 20), Course(1, 23))), ("tuesday", (Course(2, 26),))]
    for name, courses in sessions:
        build([make_session(tmp_path / name, *courses)], tmp_path / f"{name} set")
    merge([tmp_path / "monday set", tmp_path / "tuesday set"], tmp_path / "set")
    with running() as (_, address):
        push(tmp_path / "set", REPO, api=HfApi(endpoint=address, token=TOKEN))
        home = {"HF_ENDPOINT": address, "HF_TOKEN": TOKEN, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0"}
        home |= {"HF_HOME": str(tmp_path / "home"), "HF_LEROBOT_HOME": str(tmp_path / "home/lerobot")}
        done = subprocess.run(
            [sys.executable, "-c", LOAD, REPO], env=os.environ | home, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr[-3000:]
    episodes, robot, rows = json.loads(done.stdout.split("LOADED")[1])
    assert (episodes, robot) == (3, "panda")
    frames = [(episode, frame) for episode, ticks in enumerate((20, 23, 26)) for frame in range(ticks)]
    assert [(row[0], row[1]) for row in rows] == frames
    first = (0, 20, 0)
    for episode, frame, task, action, picture in rows:
        assert task == "pick up the mug" and len(action) == 7
        assert read_stamp(np.array(picture, np.uint8)) == (first[episode] + frame, 0)
