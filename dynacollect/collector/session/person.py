"""The person at the rig of a session: asked on the board as well, for whoever looks from elsewhere."""

from __future__ import annotations

from ...rig.asking import Terminal
from .log import Log
from .supervisor import Stop


class Person(Terminal):
    """Told and asked at the terminal."""

    def __init__(self, log: Log, stop: Stop) -> None:
        super().__init__(lambda: stop.reason)
        self._log = log

    def tell(self, sentence: str) -> None:
        self._log.say("told", sentence=sentence)
        super().tell(sentence)

    def ask(self, sentence: str) -> None:
        with self._log.waiting_for(f"{sentence}, then press Enter"):
            super().ask(sentence)
