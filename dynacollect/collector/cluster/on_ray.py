"""Workers on a Ray cluster whose machines share the session's folder and have the package."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from socket import create_connection
from types import ModuleType
from typing import Any

from ...rig.errors import DynacollectError
from .job import Ended, How, Job
from .pool import Start
from .process import Process

LOCAL = "local"
"""The address that stands for a cluster of this machine alone, for as long as the run takes."""

REACH_S = 10.0
"""So long a cluster may take to answer."""


class Hold:
    """Lives on a machine of the cluster as a Ray actor, and holds one worker's process: when it dies, that ends."""

    def __init__(self, job: Job) -> None:
        self._process = Process(job)

    def wait(self) -> Ended:
        return self._process.wait()

    def stop(self) -> None:
        self._process.stop()


class OnRay:
    """Follows the `Worker` protocol."""

    def __init__(self, ray: ModuleType, job: Job) -> None:
        self._ray = ray
        self._hold: Any = ray.remote(num_cpus=1, max_concurrency=2)(Hold).remote(job)
        self._answer = self._hold.wait.remote()

    def ended(self) -> Ended | None:
        ready, _ = self._ray.wait([self._answer], timeout=0)
        return self._said() if ready else None

    def stop(self) -> None:
        self._hold.stop.remote()

    def kill(self) -> None:
        self._ray.kill(self._hold)

    def _said(self) -> Ended:
        try:
            return self._ray.get(self._answer)
        except self._ray.exceptions.RayError as error:
            return Ended(How.CRASHED, f"Ray lost it: {str(error).strip().splitlines()[0]}")
        finally:
            # Its core is free for the next one.
            self._ray.kill(self._hold)


@contextmanager
def on_ray(address: str, workers: int) -> Iterator[Start]:
    """What starts a worker there."""
    ray = _installed()
    _check(address)
    alone: dict[str, Any] = {"num_cpus": workers, "include_dashboard": False} if address == LOCAL else {}
    try:
        ray.init(address=address, log_to_driver=False, logging_level="warning", **alone)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise _unreachable(address, error) from error
    try:
        yield lambda job: OnRay(ray, job)
    finally:
        ray.shutdown()


def _check(address: str) -> None:
    """Ray itself asks for minutes before it says that nobody answers."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    try:
        if port.isdigit():
            create_connection((host, int(port)), timeout=REACH_S).close()
    except OSError as error:
        raise _unreachable(address, error) from error


def _unreachable(address: str, error: Exception) -> DynacollectError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DynacollectError(
        f"no Ray cluster answers at {address} ({reason}); start one with: ray start --head, or use --ray {LOCAL}"
    )


def _installed() -> ModuleType:
    # Under `uv run`, Ray would have every worker install the project anew, which needs a network, and waits for ever.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    try:
        import ray
    except ImportError as error:
        raise DynacollectError("Ray is not installed; install the extra: pip install 'dynacollect[cluster]'") from error
    return ray
