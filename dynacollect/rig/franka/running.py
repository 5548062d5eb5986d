"""Starts a stand-in of the arm in a process of its own, tells it what to do, and ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Self
from weakref import finalize

from ..errors import DynacollectError
from ..nouns import Vector
from .stretched_clock import StandInTime, StretchedClock
from .vendor import INSTALL_SIM

TRIES = 20
"""Addresses that are tried; two stand-ins cannot have the same."""
END_S = 5.0
_started = count()


class RunningStandIn:
    """Listens at `host` until it is closed, forgotten, or this process ends."""

    def __init__(
        self, *, led: bool = False, joints: Vector | None = None, width: float = 0.08, diary: str = ""
    ) -> None:
        self._folder = TemporaryDirectory(prefix="franka-")
        path = Path(self._folder.name) / "time"
        self.clock = StretchedClock(StandInTime.create(path))
        self._process, self.host = self._start(path, self._wishes(led, joints, width, diary))
        self._finalizer = finalize(self, _end, self._process, self._folder)

    def say(self, order: str) -> None:
        """One of the orders that a stand-in knows."""
        if self._process.stdin is not None and self._process.poll() is None:
            self._process.stdin.write(f"{order}\n")
            self._process.stdin.flush()

    def go(self, seconds: float) -> tuple[float, ...]:
        """Let a led stand-in's time pass by so much; its joints and the width of its hand then."""
        self.say(f"go {seconds!r}")
        line = self._out.readline()
        if not line:
            raise DynacollectError("the stand-in of the arm has ended; open the rig again")
        return tuple(float(word) for word in line.split())

    @property
    def process_id(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        """As a power cut does."""
        self._process.kill()
        self._process.wait(END_S)

    def close(self) -> None:
        self._finalizer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _out(self) -> IO[str]:
        if self._process.stdout is None:
            raise DynacollectError("the stand-in of the arm does not speak; open the rig again")
        return self._process.stdout

    @staticmethod
    def _wishes(led: bool, joints: Vector | None, width: float, diary: str) -> list[str]:
        start = [] if joints is None else ["--joints", *(f"{joint:.9f}" for joint in joints)]
        return ["--width", f"{width:.9f}", "--diary", diary, *(["--led"] if led else []), *start]

    def _start(self, path: Path, wishes: list[str]) -> tuple[subprocess.Popen[str], str]:
        said = ""
        for _ in range(TRIES):
            host = f"127.{64 + next(_started) % 180}.{os.getpid() // 250 % 250}.{1 + os.getpid() % 250}"
            command = [sys.executable, "-m", "dynacollect.rig.franka.stand_in", host, str(path)]
            with (path.parent / "said").open("w+") as words:
                process = subprocess.Popen(
                    [*command, *wishes], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=words,
                )  # fmt: skip
                line = process.stdout.readline() if process.stdout is not None else ""
                if line.startswith("ready"):
                    return process, host
                process.communicate()
                words.seek(0)
                said = words.read().strip()
            if "No module named 'franky_sim'" in said:
                raise DynacollectError(f"franky-sim is not installed; {INSTALL_SIM}")
            if "hostname" not in said:
                break
        last = said.splitlines()[-1] if said else "no reason given"
        raise DynacollectError(f"the stand-in of the arm does not start ({last}); {INSTALL_SIM}")


def _end(process: subprocess.Popen[str], folder: TemporaryDirectory[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(END_S)
    folder.cleanup()
