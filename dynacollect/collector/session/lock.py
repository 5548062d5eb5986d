"""One run of a session at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...rig.errors import DynacollectError

FILE = ".lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Held while it runs; let go by the system if the process dies."""
    try:
        file = (folder / FILE).open("w")
    except OSError as error:
        raise DynacollectError(f"cannot write to {folder} ({error}); name a folder that can be written to") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DynacollectError(f"{folder} is being collected into now; wait, or name another --out") from None
        yield
