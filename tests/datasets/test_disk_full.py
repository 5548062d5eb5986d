"""On a file system that fills up at random moments, nothing committed is lost and no row pairs with a wrong picture."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from dynacollect.datasets.checks import check_session
from dynacollect.datasets.raw import DiskFullError, EpisodeLostError, RawEpisode, Recorder, episodes_in
from dynacollect.datasets.raw import disk as disk_module
from dynacollect.datasets.raw.disk import size_of
from dynacollect.rig.clock import SimClock
from dynacollect.rig.nouns import Verdict

from .made_sessions import CAMERAS, Course, make_session, read_stamp, record

BLOCK = 1 << 12
"""Bytes that a file takes at least."""
GOOD = Verdict(True, 0.9, "held at the goal")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 8 MiB and 400 files."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m,nr_inodes=400", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip("a file system of its own may not be mounted here")
    yield place
    # It is refused while anything is open in it.
    subprocess.run(["umount", str(place)], capture_output=True, check=True)


def fill(place: Path, room: int) -> Path:
    """Take all but so many bytes."""
    filler, free = place / "filler", disk_module.shutil.disk_usage(place).free
    filler.write_bytes(bytes(max(free - room, 0)))
    return filler


def prints(session: Path) -> dict[Path, str]:
    files = (session / "episodes").rglob("*.*")
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def right(episode: RawEpisode, first: int) -> bool:
    """Whether every tick has its row and the picture that it had."""
    ticks = [row["index"] for row in episode.signals().ticks]
    expected = list(range(episode.record.ticks))
    stamps = [[read_stamp(picture) for picture in episode.pictures(name)] for name in CAMERAS]
    return ticks == expected and stamps == [[(first + tick, number) for tick in expected] for number in range(3)]


PROGRAM = """
import json, os, resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from made_sessions import stamped
from dynacollect.datasets.raw.video import VideoWriter

def video(path):
    writer = VideoWriter(path, 96, 64, 25.0)
    for number in range(40):
        writer.put(stamped(number, 0))
    writer.close()
    return writer

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[2])
size = video(folder / "whole.mp4").path.stat().st_size
before, silent = len(os.listdir("/proc/self/fd")), []
for limit in range(1, size, size // 12):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    if video(folder / f"{limit}.mp4").error is None:
        silent.append(limit)
open_now = len(os.listdir("/proc/self/fd"))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps({"silent": silent, "left_open": open_now - before}))
"""


@pytest.mark.slow
def test_a_video_that_does_not_fit_never_passes_for_a_whole_one(tmp_path: Path) -> None:
    """Whether it is cut in its first bytes or in its last; and its file is closed."""
    line = [sys.executable, "-c", PROGRAM, str(Path(__file__).parent), str(tmp_path)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"silent": [], "left_open": 0}


def test_a_disk_without_room_for_another_folder_is_full(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "RESERVE", 0)
    monkeypatch.setattr(disk_module, "MARGIN", 0.0)
    recorder, clock, files = Recorder(small / "session", SimClock(start=5.0)), SimClock(start=5.0), list[Path]()
    with pytest.raises(OSError, match="No space left"):
        for number in range(500):
            files.append(small / f"{number}")
            files[-1].touch()
    with pytest.raises(DiskFullError, match="make room"):
        record(recorder, Course(0, 5), clock)
    for file in files[:10]:
        file.unlink()
    assert record(recorder, Course(0, 5), clock).commit(GOOD).name == "000001"


@pytest.mark.slow
@pytest.mark.parametrize("times", [6, pytest.param(20, marks=pytest.mark.long)])
def test_many_times_full(small: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    # What keeps a session from coming so far is left out.
    monkeypatch.setattr(disk_module, "RESERVE", 0)
    monkeypatch.setattr(disk_module, "MARGIN", 0.0)
    session, clock, rng = (
        make_session(small / "session", Course(0, 30)),
        SimClock(start=200.0),
        np.random.default_rng(5),
    )
    size, firsts = size_of(session / "episodes/000001"), {1: 0}
    recorder, lost, refused, stamp = Recorder(session, clock), 0, 0, 30
    while lost + refused < times:
        before = prints(session)
        filler = fill(small, int(rng.uniform(0.0, 1.2 * size)) // BLOCK * BLOCK)
        try:
            kept = record(recorder, Course(1, 30), clock, stamp).commit(GOOD)
            firsts[int(kept.name)] = stamp
        except EpisodeLostError as error:
            lost += 1
            assert "all before it are safe" in str(error)
        except DiskFullError:
            refused += 1
        stamp += 30
        after = prints(session)
        assert before.items() <= after.items()
        assert not any((session / "in_flight").iterdir())
        filler.unlink()
        # As soon as there is room, it goes on.
        kept = record(recorder, Course(2, 30), clock, stamp).commit(GOOD)
        firsts[int(kept.name)] = stamp
        stamp += 30
    episodes = episodes_in(session)
    assert {episode.record.number for episode in episodes} == set(firsts)
    assert all(episode.damage() == [] and right(episode, firsts[episode.record.number]) for episode in episodes)
    assert check_session(session, ["tick-count", "frame-count", "file-changed", "undecodable"]).findings == ()
    assert lost >= 0.75 * times
