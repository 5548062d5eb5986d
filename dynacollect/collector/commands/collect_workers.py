"""`dynacollect collect --workers N [--ray ADDRESS]`: the same session by many cells at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..cluster import Cluster
    from ..session.running import Ran
    from ..session.settings import Settings


def by_workers(out: Path, settings: Settings, cluster: Cluster, as_json: bool) -> Ran:
    """With the successes of all workers as a bar on standard error."""
    from ..cluster import run_workers
    from .dataset_check import bar

    with bar("Collecting", as_json) as progress:
        return run_workers(out, settings, cluster, lambda kept: progress(kept, settings.episodes))
