"""A worker in a process of its own on this machine."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

from .job import Ended, How, Job

LOG = "worker.log"
"""In the worker's session: what it prints, and why it crashed."""
ONE_CORE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Workers share a machine by the core, unless somebody says otherwise."""


class Process:
    """Follows the `Worker` protocol. It lives no longer than its standard input, which dies with this process."""

    def __init__(self, job: Job) -> None:
        job.home.mkdir(parents=True, exist_ok=True)
        self._log = job.home / LOG
        with self._log.open("ab") as log:
            # In a group of its own, so that Ctrl-C reaches it once: through us.
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, env={**ONE_CORE, **os.environ}, start_new_session=True,
            )  # fmt: skip
        self._input, self._answer = cast(IO[bytes], self._process.stdin), cast(IO[bytes], self._process.stdout)
        with suppress(BrokenPipeError):
            self._input.write(pickle.dumps(job))
            self._input.flush()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ended(self) -> Ended | None:
        return None if self._process.poll() is None else self.wait()

    def wait(self) -> Ended:
        """Until it has ended."""
        answer = self._answer.read()
        return _understood(answer, self._process.wait(), self._log)

    def stop(self) -> None:
        with suppress(BrokenPipeError):
            self._input.close()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


def _understood(answer: bytes, code: int, log: Path) -> Ended:
    if code == 0 and answer:
        said = json.loads(answer)
        return Ended(How(said["how"]), said["reason"])
    how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"crashed, see {log}"
    return Ended(How.CRASHED, how)
