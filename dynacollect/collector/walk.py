"""Several commands one after another, each shown as a person would give it."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
    into: Path | None = None
    """What it prints goes into this file, which is there once it has ended well."""

    @property
    def line(self) -> str:
        said = shlex.join(("dynacollect", *self.words))
        return said if self.into is None else f"{said} > {shlex.quote(str(self.into))}"


def walk(legs: Sequence[Leg], *, quiet: bool) -> dict[str, float]:
    """Seconds of each that had to be run; the first that fails ends it."""
    console, clock, took = Console(stderr=True, highlight=False, quiet=quiet), HostClock(), dict[str, float]()
    for number, leg in enumerate(legs, 1):
        if leg.done is not None and leg.done.exists():
            continue
        console.print(Text(f"\n{number} of {len(legs)}  {leg.title}", style="bold"))
        console.print(Text(f"$ {leg.line}", style="cyan"), soft_wrap=True)
        begin = clock.now()
        code = _run(leg.words, quiet=quiet) if leg.into is None else _kept(leg.words, leg.into, quiet=quiet)
        took[leg.title] = clock.now() - begin
        if code:
            raise DynacollectError(
                f"this step ended with exit code {code}: {leg.line}; mend what it says, then give the same line again"
            )
    return took


def _kept(words: tuple[str, ...], into: Path, *, quiet: bool) -> int:
    aside = into.with_name(f"{into.name}.part")
    with aside.open("wb") as file:
        code = _run(words, quiet=quiet, printed=file)
    if not code:
        aside.replace(into)
    return code


def _run(words: tuple[str, ...], *, quiet: bool, printed: IO[bytes] | None = None) -> int:
    """Its exit code; Ctrl-C goes to the command, which ends safely, and then ends this."""
    out = subprocess.DEVNULL if quiet else None
    whole = [sys.executable, "-m", "dynacollect", *words]
    with subprocess.Popen(whole, stdout=printed or out, stderr=out) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue
