"""What becomes of an episode: begun, then kept whole or left out, and never two in flight."""

from __future__ import annotations

from pathlib import Path

from ...datasets.raw import EpisodeLostError, Head, Recorder, Recording
from ...rig.clock import Clock
from ...rig.nouns import Verdict
from .fault_table import rule_of
from .standing import Standing

AHEAD = 3
"""Episodes for which there must be room to go on."""


class Keeping:
    """The episodes of one run."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.recorder = Recorder(folder, clock)
        self.trouble: Standing | None = None
        """Why the last episode could not be kept."""
        self._recording: Recording | None = None

    def begin(self, head: Head) -> Recording:
        self._recording = self.recorder.begin(head)
        return self._recording

    def discard(self) -> None:
        """Leave out what is in flight, if anything is."""
        recording, self._recording = self._recording, None
        if recording is not None:
            recording.discard()

    def commit(self, recording: Recording, found: Verdict) -> bool:
        """Whether it is kept."""
        self._recording = None
        try:
            recording.commit(found)
        except EpisodeLostError as error:
            self.trouble = Standing(rule_of("session", "encoder behind"), "session", str(error))
            return False
        self.trouble = None
        return True

    def has_room(self) -> bool:
        need, free = self.recorder.forecast(AHEAD)
        return need < free
