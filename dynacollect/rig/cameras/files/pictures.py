"""Pictures of a recording, decoded ahead by a thread of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Thread

import av
import numpy as np
from PIL import Image as Picture

from ...errors import DynacollectError
from ...nouns import Image

PICTURES = (".png", ".jpg", ".jpeg", ".bmp")
AHEAD = 12
"""Pictures that lie ready: half a second."""
POLL_S = 0.2


class Pictures:
    """Asked for pictures by number, upwards; at the end, the first is next again."""

    def __init__(self, path: Path, loop: bool) -> None:
        self._path, self._loop = path, loop
        self._ready: Queue[tuple[int, int, Image] | None] = Queue(AHEAD)
        self._current: tuple[int, int, Image] | None = None
        self._error: Exception | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, name=f"decode {path.stem}", daemon=True)
        self._thread.start()

    def get(self, turn: int, number: int) -> Image:
        """Picture `number` of the given time round; waits only if the decoder is behind."""
        while self._current is None or self._current[:2] < (turn, number):
            self._current = self._next()
        return self._current[2]

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _next(self) -> tuple[int, int, Image]:
        while not self._stop.is_set():
            try:
                item = self._ready.get(timeout=POLL_S)
            except Empty:
                continue
            if item is not None:
                return item
            break
        why = f" ({self._error})" if self._error else ""
        raise DynacollectError(f"{self._path} has fewer pictures than its list says{why}; record it again")

    def _run(self) -> None:
        turn = 0
        try:
            while turn == 0 or self._loop:
                for number, image in enumerate(_decoded(self._path)):
                    if not self._put((turn, number, image)):
                        return
                turn += 1
        except Exception as error:  # noqa: BLE001 # because whatever stops the decoder must reach who waits for it
            self._error = error
        self._put(None)

    def _put(self, item: tuple[int, int, Image] | None) -> bool:
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=POLL_S)
            except Full:
                continue
            return True
        return False


def _decoded(path: Path) -> Iterator[Image]:
    if path.is_dir():
        for file in in_order(path):
            with Picture.open(file) as picture:
                yield np.asarray(picture.convert("RGB"))
        return
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            yield np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of the first picture."""
    first = next(_decoded(path))
    return first.shape[1], first.shape[0]


def in_order(folder: Path) -> list[Path]:
    """The pictures of a folder."""
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)
