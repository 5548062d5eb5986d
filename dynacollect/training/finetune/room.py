"""Room on the disk for all checkpoints of a training, asked before it begins."""

from __future__ import annotations

import shutil
from pathlib import Path

from ...datasets.raw.disk import RESERVE
from ...rig.errors import DynacollectError
from .settings import Settings

BYTES = 4
"""Of a number; checkpoints are float32."""


def refuse_without_room(out: Path, settings: Settings, step: int, total: int, trained: int) -> None:
    """From this step on, for a policy of so many parameters, of which so many are trained."""
    adapter, averaged = settings.train == "lora", settings.ema is not None
    saved = (trained if adapter else total) + (total if adapter or averaged else 0)
    # The optimizer keeps two numbers for each that is trained.
    each = BYTES * (saved + 2 * trained + (trained if averaged else 0))
    count = -(-(settings.steps - step) // settings.saves_every)
    need, free = count * each, shutil.disk_usage(out).free - RESERVE
    if need > free:
        raise DynacollectError(
            f"{count} checkpoints of {each / 1e6:.0f} MB each do not go into the {max(free, 0) / 1e6:.0f} MB that are "
            f"left for {out}; make room, or save less often with --save-every"
        )
