"""How a person at the rig is spoken to."""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from typing import Protocol, TextIO

from .errors import DynacollectError

POLL_S = 0.2


class Asks(Protocol):
    """Somebody who may be there."""

    def tell(self, sentence: str) -> None: ...

    def ask(self, sentence: str) -> None:
        """Return once it is done; DynacollectError where nobody can be asked."""
        ...

    def answered(self) -> bool:
        """Whether the person has said since the last time that something is done; returns at once."""
        ...


class Terminal:
    """A person who reads the terminal and presses Enter when it is done."""

    def __init__(
        self, ended: Callable[[], str] | None = None, read: TextIO | None = None, write: TextIO | None = None
    ) -> None:
        self._ended, self._given = ended, (read, write)

    @property
    def _read(self) -> TextIO:
        return self._given[0] or sys.stdin

    def tell(self, sentence: str) -> None:
        # Whoever draws on the terminal puts another standard error in place.
        write = self._given[1] or sys.stderr
        write.write(f"{sentence}\n")
        write.flush()

    def ask(self, sentence: str) -> None:
        if not self._read.isatty():
            raise DynacollectError(
                f"somebody has to do this and cannot be asked, since there is no terminal: {sentence}; "
                "start it in one, or name commands that do it under stage: in rig.yaml"
            )
        while self.answered():
            pass
        self.tell(f"{sentence}. Then press Enter.")
        while not self._waits(POLL_S):
            if self._ended is not None and (reason := self._ended()):
                raise DynacollectError(f"{reason} while somebody was asked to do this: {sentence}; start it again")
        self._line()

    def answered(self) -> bool:
        return self._read.isatty() and self._waits(0.0) and self._line()

    def _waits(self, seconds: float) -> bool:
        return bool(select.select([self._read], [], [], seconds)[0])

    def _line(self) -> bool:
        if self._read.readline():
            return True
        raise DynacollectError("the terminal was closed while somebody was asked; start it in an open one")
