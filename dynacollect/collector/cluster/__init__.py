"""Many cells at once, each in a session of its own, and their episodes as one session."""

from .running import Cluster, run_workers
from .shares import workers_of

__all__ = ["Cluster", "run_workers", "workers_of"]
