"""What a session's journal tells, from its first line to its last, however many runs it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ...rig.errors import DynacollectError
from ..session.journal import FILE, read_journal
from .attempts import Attempt
from .disk import Disk, look
from .events import AttemptBegan, Checked, Drift, Ended, Event, Reset, SessionBegan, Settings, Verdict, understood
from .troubles import Troubles


@dataclass(slots=True)
class Run:
    """From a start or a resume to its end, or to where it was killed."""

    began: SessionBegan
    first_attempt: int
    """How many there were before."""
    last: datetime | None = None
    seconds: float = 0.0
    """That passed on the wall's clock; steps back count nothing."""
    end: str | None = None
    """None of a run that was killed or still runs."""

    def heard(self, at: datetime | None) -> None:
        """A line came."""
        if at is None:
            return
        if self.last is not None:
            self.seconds += max((at - self.last).total_seconds(), 0.0)
        self.last = at


@dataclass(slots=True)
class Story:
    """Grows with the journal."""

    runs: list[Run] = field(default_factory=list)
    checks: list[Checked] = field(default_factory=list)
    """Of the last run."""
    attempts: list[Attempt] = field(default_factory=list)
    troubles: Troubles = field(default_factory=Troubles)
    resets: list[Reset] = field(default_factory=list)
    drifts: list[tuple[int, Drift]] = field(default_factory=list)
    """With how many attempts there were by then."""
    disk: Disk = field(default_factory=Disk)
    _open: dict[int | None, Attempt] = field(default_factory=dict)
    """By number: begun, and not yet ended."""

    @property
    def settings(self) -> Settings:
        """Of the newest run that told them."""
        told = [run.began.settings for run in self.runs if run.began.settings is not None]
        return told[-1] if told else Settings()

    @property
    def seconds(self) -> float:
        """Of all runs; what lies between them is not counted."""
        return sum(run.seconds for run in self.runs)

    @property
    def judged(self) -> list[Attempt]:
        """Those that ended with a verdict, in order."""
        return [attempt for attempt in self.attempts if attempt.judged]

    @property
    def kept(self) -> list[Attempt]:
        """The successes."""
        return [attempt for attempt in self.attempts if attempt.won]

    def add(self, event: Event) -> None:
        """The next line."""
        self._heard(event)
        self.troubles.add(event)
        match event:
            case Checked():
                self.checks.append(event)
            case AttemptBegan():
                self._begun(event)
            case Reset():
                self._reset(event)
            case Verdict():
                self._ended(event)
            case Drift():
                self.drifts.append((len(self.attempts), event))
            case Ended() if self.runs:
                self.runs[-1].end = event.reason or ""
            case _:
                pass

    def _heard(self, event: Event) -> None:
        if isinstance(event, SessionBegan) or not self.runs:
            began = event if isinstance(event, SessionBegan) else SessionBegan(at=event.at)
            self.runs.append(Run(began, len(self.attempts)))
            self.checks.clear()
        self.runs[-1].heard(event.at)

    def _begun(self, event: AttemptBegan) -> None:
        known = self._open.get(event.attempt)
        if known is not None:
            known.begun = event
            return
        self._open[event.attempt] = attempt = Attempt(event)
        self.attempts.append(attempt)

    def _reset(self, event: Reset) -> None:
        self.resets.append(event)
        if (attempt := self._open.get(event.attempt)) is not None:
            attempt.reset = event

    def _ended(self, event: Verdict) -> None:
        attempt = self._open.pop(event.attempt, None)
        if attempt is None:
            attempt = Attempt(AttemptBegan(attempt=event.attempt))
            self.attempts.append(attempt)
        attempt.ending = event

    def found(self, disk: Disk) -> None:
        """What the folders add to the journal."""
        self.disk = disk
        for one in disk.untold:
            if one.ending.attempt not in self._open:
                self._begun(one.begun)
            self._ended(one.ending)
        for attempt in self.attempts:
            if attempt.episode is not None and attempt.begun.launcher is None:
                attempt.begun = attempt.begun.model_copy(update={"launcher": disk.launchers.get(attempt.episode)})


def read_story(session: Path) -> Story:
    """All that the journal and the episodes' folders tell."""
    if not (session / FILE).is_file() and not (session / "episodes").is_dir():
        raise DynacollectError(f"{session} is no session; name a folder that dynacollect collect has written")
    story = Story()
    try:
        for line in read_journal(session):
            if (event := understood(line)) is not None:
                story.add(event)
    except OSError as error:
        raise DynacollectError(f"{session / FILE} cannot be read ({error}); make it readable") from error
    told = {attempt.episode for attempt in story.attempts if attempt.episode is not None}
    story.found(look(session, told))
    return story
