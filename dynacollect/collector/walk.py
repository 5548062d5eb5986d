"""Several commands one after another, each shown as a person would give it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..rig.clock import HostClock
from ..rig.errors import DynacollectError


@dataclass(frozen=True, slots=True)
class Leg:
    """One command."""

    title: str
    words: tuple[str, ...]
    done: Path | None = None
    """Nothing is to be done once this is there."""

    @property
    def line(self) -> str:
        return shlex.join(("dynacollect", *self.words))


def walk(legs: Sequence[Leg], *, quiet: bool) -> dict[str, float]:
    """Seconds of each that had to be run; the first that fails ends it."""
    console, clock, took = Console(stderr=True, highlight=False, quiet=quiet), HostClock(), dict[str, float]()
    for number, leg in enumerate(legs, 1):
        if leg.done is not None and leg.done.exists():
            continue
        console.print(Text(f"\n{number} of {len(legs)}  {leg.title}", style="bold"))
        console.print(Text(f"$ {leg.line}", style="cyan"), soft_wrap=True)
        begin = clock.now()
        code = _run(leg.words, quiet=quiet)
        took[leg.title] = clock.now() - begin
        if code:
            raise DynacollectError(
                f"this step ended with exit code {code}: {leg.line}; mend what it says, then give the same line again"
            )
    return took


def _run(words: tuple[str, ...], *, quiet: bool) -> int:
    """Its exit code; Ctrl-C goes to the command, which ends safely, and then ends this."""
    out = subprocess.DEVNULL if quiet else None
    with subprocess.Popen([sys.executable, "-m", "dynacollect", *words], stdout=out, stderr=out) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
