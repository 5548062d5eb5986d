"""The v2.1 layout in the release of LeRobot that upstream's trainer uses, in an environment of its own."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.export import Options, build

from ..datasets.made_sessions import CAMERAS, Course, make_session

WITH = ("--with", "lerobot==0.3.3", "--with", "av==14.2.0")
"""Its way to read videos needs these."""
UV = ("uv", "run", "--isolated", "--no-project", "--python", "3.12", *WITH)
READ = """
import json, sys
from lerobot.datasets.lerobot_dataset import LeRobotDataset
data = LeRobotDataset("made/up", root=sys.argv[1], video_backend="pyav")
rows = [data[index] for index in range(0, len(data), 3)]
print(json.dumps({
    "rows": len(data), "episodes": data.num_episodes, "tasks": sorted({row["task"] for row in rows}),
    "mean": data.meta.stats["observation.state"]["mean"].tolist(),
    "stamps": [[[float(row[key][:, 2:6, 8 * bit + 2 : 8 * bit + 6].mean()) > 0.5 for bit in range(12)]
                for key in data.meta.video_keys] for row in rows],
}))
"""


def uv(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*UV, *words], capture_output=True, text=True, timeout=900, check=False)


@pytest.mark.long
@pytest.mark.slow
def test_lerobot_03_reads_every_row(tmp_path: Path) -> None:
    if shutil.which("uv") is None or uv("--offline", "python", "-c", "import lerobot").returncode:
        pytest.skip(f"not in the cache of uv (some 5 GB); fill it with: {' '.join(UV)} python -c 'import lerobot'")
    courses = Course(0, 30), Course(1, 21)
    session = make_session(tmp_path / "monday", *courses)
    build([session], tmp_path / "set", Options(format="v2.1"))
    done = uv("--offline", "python", "-c", READ, str(tmp_path / "set"))
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["rows"], said["episodes"], said["tasks"]) == (51, 2, ["pick up the mug"])
    for index, stamps in zip(range(0, 51, 3), said["stamps"], strict=True):
        for number, bits in enumerate(stamps):
            assert sum(bit << place for place, bit in enumerate(bits)) == 4 * index + number
    assert np.shape(said["stamps"])[1] == len(CAMERAS)
    assert np.isfinite(said["mean"]).all()
