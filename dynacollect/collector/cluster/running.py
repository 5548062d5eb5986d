"""A session with many workers, from its line to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...datasets.merge_sessions import merge_sessions, merged_from
from ...rig.clock import HostClock
from ...rig.errors import DynacollectError
from ..session.journal import Journal, read_journal
from ..session.lock import locked
from ..session.running import CALIBRATION, Ran, heeding, session_calibration
from ..session.settings import Settings, keep
from ..session.supervisor import Stop
from .job import Ended, How, Job
from .journals import WORKER, attempt_of, merge_journals
from .pool import Look, Start, run_all
from .process import Process
from .shares import MOST, home_of, kept, seed_of, shares, workers_of

FREE_S = 60.0
"""So long workers of a run that was killed may take to end."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What goes with a run beside its settings."""

    workers: int
    ray: str | None = None
    """Address of a Ray cluster; `local` starts one on this machine; None is processes without Ray."""
    faults: tuple[str, ...] = ()
    """To rehearse, on every cell."""
    realtime: bool = False
    webhook: str | None = None


def run_workers(folder: Path, settings: Settings, cluster: Cluster, look: Look | None = None) -> Ran:
    """Run so many cells at once until their sessions have the count together, then make them one session.

    `look` is told whenever there are more successes. However it ends, what there is has been merged; the same line
    goes on, also with another number of workers.
    """
    folder = folder.resolve()
    _check(settings, cluster)
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        settings = _begun(folder, settings)
        stop = Stop()
        # After Ray, which has a handler of its own.
        with _starting(cluster.ray, cluster.workers) as start, heeding(stop):
            jobs, idle = _jobs(folder, settings, cluster)
            ended = _run(folder, settings, jobs, start, stop, lambda count: look and look(idle + count))
        merge_workers(folder)
    refused = {end.reason for end in ended.values() if end.how == How.REFUSED}
    if refused and all(end.how == How.REFUSED for end in ended.values()):
        raise DynacollectError("; ".join(sorted(refused)))
    return Ran(folder, stop.reason or _why(ended), bool(stop.reason))


def merge_workers(folder: Path) -> None:
    """Make what the workers of a session have so far its own; it may be killed at any time, and done again."""
    homes = workers_of(folder)
    origins = merge_sessions(homes, folder, _of_session)
    numbers = {(origin.session, origin.number): number for number, origin in enumerate(origins, 1)}
    merge_journals(folder, homes, numbers)


def _of_session(worker: str, provenance: Mapping[str, Any]) -> Mapping[str, Any]:
    """The wish, under the attempt's number in the merged session."""
    wish = provenance.get("wish")
    if not isinstance(wish, Mapping) or not isinstance(wish.get("attempt"), int):
        return provenance
    return {**provenance, "wish": {**wish, "attempt": attempt_of(worker, wish["attempt"])}}


def _check(settings: Settings, cluster: Cluster) -> None:
    if not 1 <= cluster.workers <= MOST:
        raise DynacollectError(f"--workers {cluster.workers} is too many; there may be 1 to {MOST}")
    if not settings.rig.simulated:
        raise DynacollectError(f"{settings.rig.name} is no cell, and there is one of it; leave out --workers")


def _begun(folder: Path, settings: Settings) -> Settings:
    """The folder is one of workers, and has its settings and its calibration."""
    gone = sorted({origin.session for origin in merged_from(folder)} - {home.name for home in workers_of(folder)})
    if gone:
        raise DynacollectError(f"{folder} has lost {', '.join(gone)}; bring it back, or collect into another --out")
    if not workers_of(folder) and any(line["event"] == "attempt" for line in read_journal(folder)):
        raise DynacollectError(f"{folder} was begun without --workers; leave it out, or name another --out")
    keep(folder, settings)
    if session_calibration(folder, settings) is None:
        return settings
    # As it was given, for the reference pictures that lie beside it.
    given = settings.calibration or settings.rig.calibration
    return replace(settings, calibration=(given or folder / CALIBRATION).resolve())


def _jobs(folder: Path, settings: Settings, cluster: Cluster) -> tuple[list[Job], int]:
    """Of workers that have something left to do; and the successes of those that have not."""
    homes = workers_of(folder)
    for home in homes:
        _wait_until_free(home)
    most = max(len(homes), cluster.workers)
    have = [kept(home_of(folder, worker)) for worker in range(most)]
    wanted = shares(settings.episodes, have, cluster.workers)
    busy = [worker for worker, count in enumerate(wanted) if count > have[worker]]
    jobs = [
        Job(
            home_of(folder, worker), replace(settings, seed=seed_of(settings.seed, worker), episodes=wanted[worker]),
            cluster.faults, cluster.realtime, cluster.webhook,
        )
        for worker in busy
    ]  # fmt: skip
    return jobs, sum(have) - sum(have[worker] for worker in busy)


def _wait_until_free(home: Path) -> None:
    clock = HostClock()
    end = clock.now() + FREE_S
    while True:
        try:
            with locked(home):
                return
        except DynacollectError:
            if clock.now() > end:
                raise
        clock.wait_until(clock.now() + 0.2)


def _run(
    folder: Path, settings: Settings, jobs: Sequence[Job], start: Start, stop: Stop, look: Look
) -> Mapping[str, Ended]:
    journal = Journal(folder)
    runs = sum(line["event"] == "session" and WORKER not in line for line in read_journal(folder))
    journal.say("session", run=runs + 1, settings={**settings.said(), "workers": len(jobs)})
    try:
        ended = run_all(jobs, start, stop, lambda name, why: journal.say("restart", name=name, reason=why), look)
        journal.say("end", reason=stop.reason or _why(ended) or "the count is reached")
    finally:
        journal.close()
    return ended


def _why(ended: Mapping[str, Ended]) -> str:
    return "; ".join(f"{name}: {end.reason}" for name, end in ended.items() if end.how != How.DONE)


@contextmanager
def _starting(ray: str | None, workers: int) -> Iterator[Start]:
    if ray is None:
        yield Process
        return
    from .on_ray import on_ray

    with on_ray(ray, workers) as start:
        yield start
