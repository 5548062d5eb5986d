"""The process that trains: `python -m dynacollect.training.finetune.worker OUT/train.json [watched]`.

One of them, or as many as `torchrun` starts. A `watched` one ends well when its standard input is closed.
"""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path

from ...rig.errors import DynacollectError
from .record import Record
from .settings import read_plan

WATCHED = "watched"


def main(words: list[str]) -> int:
    """What the training ends with is in its record; anything unforeseen is a traceback in its log."""
    out, watched = Path(words[0]).parent, WATCHED in words[1:]
    record = Record(out)
    first = os.environ.get("RANK", "0") == "0"
    try:
        ended = _train(out, record, watched)
    except DynacollectError as error:
        if first:
            record.add("error", sentence=str(error))
        return 2
    if first:
        record.add(ended)
    return 0


def _train(out: Path, record: Record, watched: bool) -> str:
    plan = read_plan(out)
    if plan is None:
        raise DynacollectError(f"{out} holds no training; begin it with `dynacollect train`")
    import torch
    from lerobot.scripts import lerobot_train

    from .pipeline import pipeline_of
    from .seams import Seams
    from .stopping import StoppedError

    cfg = pipeline_of(plan, out)
    seams = Seams(plan, cfg, record, watched)
    try:
        with seams.in_place():
            # Without the wrapper that reads a command line.
            inspect.unwrap(lerobot_train.train)(cfg, seams.accelerator)
    except StoppedError:
        seams.accelerator.end_training()
        return "stopped"
    except torch.OutOfMemoryError:
        half = max(1, plan.settings.batch // 2)
        raise DynacollectError(
            f"the GPU has not enough memory for --batch {plan.settings.batch}; say --batch {half} "
            f"--accumulate {2 * plan.settings.accumulate} for the same steps in more parts, or --precision bf16"
        ) from None
    return "end"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
