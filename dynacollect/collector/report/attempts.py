"""One attempt, from what was to be tried to how it ended, and the groups that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass

from .events import AttemptBegan, Reset, Verdict

UNKNOWN = "unknown"
STILL = "still"
SECTORS = (
    "away from the robot", "away and left", "left", "nearer and left", "nearer to the robot", "nearer and right",
    "right", "away and right",
)  # fmt: skip
"""Ways over the table, from the base's x axis on, counter-clockwise from above, 45 deg each."""
JUDGED = ("success", "failure", "doubtful")

Bin = tuple[float, float]


@dataclass(slots=True)
class Attempt:
    """As far as it is known; a killed one has no ending."""

    begun: AttemptBegan
    reset: Reset | None = None
    ending: Verdict | None = None

    @property
    def task(self) -> str:
        return self.begun.task or UNKNOWN

    @property
    def object(self) -> str:
        return self.begun.object or UNKNOWN

    @property
    def launcher(self) -> str:
        return self.begun.launcher or ("none" if self.bin == (0.0, 0.0) else UNKNOWN)

    @property
    def place(self) -> str:
        return self.begun.place or UNKNOWN

    @property
    def bin(self) -> Bin | None:
        return self.begun.bin

    @property
    def sector(self) -> int | None:
        """Into `SECTORS`; None of what stands still."""
        heading = self.begun.heading_deg
        return None if heading is None or self.bin == (0.0, 0.0) else round(heading / 45.0) % len(SECTORS)

    @property
    def direction(self) -> str:
        return UNKNOWN if self.sector is None else SECTORS[self.sector]

    @property
    def outcome(self) -> str | None:
        return None if self.ending is None else self.ending.outcome

    @property
    def episode(self) -> int | None:
        """Number of the folder, of what was committed."""
        return None if self.ending is None else self.ending.episode

    @property
    def judged(self) -> bool:
        return self.outcome in JUDGED

    @property
    def won(self) -> bool:
        return self.outcome == "success"


def bin_name(bin_: Bin | None) -> str:
    """Of a speed bin, without its unit."""
    if bin_ is None:
        return UNKNOWN
    return STILL if bin_[1] == 0 else f"{bin_[0]:g} to {bin_[1]:g}"


def bins_of(attempts: list[Attempt]) -> list[Bin | None]:
    """All that occur, slowest first; unknown ones last."""
    found = {attempt.bin for attempt in attempts}
    known = sorted(each for each in found if each is not None)
    return [*known, *([None] if None in found else [])]
