"""The real server.py in a process of its own, with a stand-in where FoundationPose's code would be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dynacollect.tracking import foundationpose

CODE = Path(__file__).parent / "foundationpose_standin"
SERVER = Path(foundationpose.__file__).parent / "server.py"


class ServerProcess:
    """A copy of server.py that runs where nothing else of dynacollect is."""

    def __init__(self, folder: Path, *, code: Path = CODE, socket: Path | None = None) -> None:
        script = shutil.copy(SERVER, folder / "server.py")
        place = ["--socket", str(socket)] if socket else ["--port", "0"]
        log = folder / "server.log"
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [sys.executable, script, "--code", str(code), *place],
                stdout=subprocess.PIPE, stderr=errors, text=True, cwd=folder,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening at "), log.read_text()
        self.address = line.removeprefix("listening at ").strip()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@contextmanager
def serving(folder: Path, **options: object) -> Iterator[ServerProcess]:
    """A server while it is needed."""
    server = ServerProcess(folder, **options)  # pyright: ignore[reportArgumentType]
    try:
        yield server
    finally:
        server.end()
