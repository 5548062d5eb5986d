"""A training from outside: begins it, follows what it records, lets it end, and says what came of it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, cast

from ...datasets.raw.durable import written
from ...rig.clock import HostClock
from ...rig.errors import DynacollectError
from .coverage import Coverage, coverage_of
from .fitting import camera_key, refuse_other_features, refuse_what_does_not_fit
from .hub import folder_of
from .record import KNOWN, Record, Row, losses, policy_in
from .rows import read_rows
from .settings import FILE, Plan, Settings, differences, read_plan
from .sources import DataSet, Show, data_of, read_set
from .worker import WATCHED

SET, COVERAGE, SUMMARY, LOG, LOCK = "set", "coverage.json", "summary.json", "train.log", ".lock"
RAISED = re.compile(r"[\w.]*(?<!ChildFailed)(Error|Exception): .*")
"""The last line of a traceback, but not of the one of who started the process."""
LOOK_S = 0.2
"""Between two looks at the record."""

Tell = Callable[[list[Row]], None]
"""Told all rows of the record whenever there are more."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What came of a training so far."""

    out: Path
    policy: str
    finished: bool
    """False where it was stopped; the same line goes on."""
    parameters: int | None
    trainable: int | None
    steps: int
    loss: dict[str, float | None]
    validation: dict[str, float | int | None]
    """The best one, and at which step."""
    samples_per_s: float | None
    checkpoint: Path | None
    """The folder of the policy to run."""
    coverage: Coverage
    data: dict[str, int]


class Training:
    """In one folder; there may be one at a time."""

    def __init__(self, out: Path) -> None:
        self.out, self.record = out, Record(out)
        self._process: subprocess.Popen[bytes] | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else trains into it."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            file = (self.out / LOCK).open("w")
        except OSError as error:
            raise DynacollectError(
                f"cannot write to {self.out} ({error}); name a folder that can be written to"
            ) from error
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DynacollectError(f"{self.out} is being trained into now; wait, or name another --out") from None
            # A process that outlives this one holds on to it.
            os.set_inheritable(file.fileno(), True)
            yield

    def prepared(self, settings: Settings, show: Show) -> tuple[Plan, Coverage]:
        """Data and checkpoint found and looked at; nothing is trained yet."""
        self._refuse_other_things()
        there = read_plan(self.out)
        begun = there is not None and self.record.last is not None
        if there is not None and begun:
            settings = self._going_on(there.settings, settings)
            moved = not Path(there.data).exists() and (self.out / SET).exists()
            place = str((self.out / SET).absolute()) if moved else there.data
            plan, data = replace(there, settings=settings, data=place), read_set(place)
        else:
            self._refuse_another_set(there, settings)
            data = data_of(settings.sources, self.out / SET, show)
            plan = _plan_of(settings, data)
        rows = read_rows(data.root)
        if not begun:
            refuse_what_does_not_fit(plan, data, rows)
        found = coverage_of(rows, data.names("observation.state"))
        plan.write(self.out)
        written(self.out / COVERAGE, json.dumps(asdict(found), indent=1) + "\n")
        return plan, found

    def run(self, plan: Plan, tell: Tell) -> None:
        """Train until it has ended in one way or another."""
        settings, step = plan.settings, self.record.step
        if step < settings.steps and not _is_over(self.record.rows(), settings, step):
            self.record.add("begun")
            with (self.out / LOG).open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(settings), stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT,
                    env=_environment(settings), start_new_session=True, close_fds=False,
                )  # fmt: skip
            self._follow(self._process, tell)
            self._refuse_an_end_in_error(self._process.returncode)

    def stop(self) -> None:
        """Ask for an end; a checkpoint is saved first."""
        if self._process is not None:
            with suppress(BrokenPipeError):
                cast(IO[bytes], self._process.stdin).close()

    def kill(self) -> None:
        """End it at once; the newest checkpoint stays."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, 9)

    def summary(self, plan: Plan, coverage: Coverage) -> Summary:
        """Of what the record says."""
        rows, settings = self.record.rows(), plan.settings
        begun = next((row for row in reversed(rows) if row["event"] == "start"), {})
        rates = [row["samples_per_s"] for row in rows if row["event"] == "train" and row.get("samples_per_s")]
        best = self.record.best()
        chosen = best[0] if best else self.record.last
        data = read_set(plan.data)
        found = Summary(
            self.out, settings.policy, _is_over(rows, settings, self.record.step),
            begun.get("parameters"), begun.get("trainable"), self.record.step, dict(losses(rows)),
            {"best": best[1] if best else None, "at": int(best[0].name) if best else None},
            statistics.median(rates) if rates else None, policy_in(chosen) if chosen else None, coverage,
            {"episodes": data.episodes, "frames": data.frames},
        )  # fmt: skip
        written(self.out / SUMMARY, json.dumps(asdict(found), indent=1, default=str) + "\n")
        return found

    def _refuse_other_things(self) -> None:
        known = {LOCK, SET}
        if read_plan(self.out) is None and (other := sorted({each.name for each in self.out.iterdir()} - known)):
            raise DynacollectError(
                f"{self.out} holds other things, such as {other[0]}; name a folder that is new or empty"
            )

    def _refuse_another_set(self, there: Plan | None, settings: Settings) -> None:
        """What sessions were made into stays what it is."""
        if there is not None and there.settings.sources != settings.sources and (self.out / SET).exists():
            said = " ".join(there.settings.sources)
            raise DynacollectError(f"{self.out / SET} was made of {said}; train on the same, or name another --out")

    def _going_on(self, there: Settings, asked: Settings) -> Settings:
        if not asked.sources:
            # Whoever only names the folder wants what was asked for then.
            return there
        if other := differences(there, asked):
            said = ", ".join(f"{name} {getattr(there, name)!r}" for name in other)
            raise DynacollectError(f"{self.out} was begun with {said}; give the same line to go on, or another --out")
        return asked

    def _command(self, settings: Settings) -> list[str]:
        worker = ["-m", f"{__package__}.worker", str(self.out / FILE), WATCHED]
        if settings.processes == 1 and not settings.launch:
            return [sys.executable, *worker]
        place = shlex.split(settings.launch) or ["--standalone"]
        count = ["--nproc-per-node", str(settings.processes)]
        return [sys.executable, "-m", "torch.distributed.run", *count, *place, *worker]

    def _follow(self, process: subprocess.Popen[bytes], tell: Tell) -> None:
        clock, told = HostClock(), 0
        while process.poll() is None:
            clock.wait_until(clock.now() + LOOK_S)
            if len(rows := self.record.rows()) != told:
                told = len(rows)
                tell(rows)

    def _refuse_an_end_in_error(self, code: int) -> None:
        last = next(reversed(self.record.rows()), {"event": "nothing"})
        if last["event"] == "error":
            raise DynacollectError(last["sentence"])
        if code:
            lines = (self.out / LOG).read_text(encoding="utf-8", errors="replace").splitlines()
            said = next((found[0] for line in reversed(lines) if (found := RAISED.search(line))), f"exit code {code}")
            raise DynacollectError(
                f"the training broke off: {said[:200]}; {self.out / LOG} says more, and the same line goes on from the "
                "newest checkpoint"
            )


def _plan_of(settings: Settings, data: DataSet) -> Plan:
    mixed = [read_set(name) for name, _ in settings.mix]
    cameras = tuple(map(camera_key, settings.cameras))
    for other in mixed:
        refuse_other_features(data, other, cameras)
    start = None if settings.start is None else str(folder_of(settings.start, "model").absolute())
    return Plan(settings, str(data.root.absolute()), tuple(str(other.root.absolute()) for other in mixed), start)


def _is_over(rows: list[Row], settings: Settings, step: int) -> bool:
    """All steps are done; or, of a self-test, enough is learnt in no more than these."""
    found = [row["loss"] for row in rows if row["event"] == "train"]
    known = bool(found) and min(found) < KNOWN * found[0]
    return known if settings.overfit else step >= settings.steps


def _environment(settings: Settings) -> dict[str, str]:
    kind, _, number = (settings.device or "").partition(":")
    chosen = {"CUDA_VISIBLE_DEVICES": number} if kind == "cuda" and number else {}
    return {**os.environ, "TQDM_MININTERVAL": "60", "TOKENIZERS_PARALLELISM": "false", **chosen}
