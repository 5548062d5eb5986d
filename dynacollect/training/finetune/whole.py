"""A policy as one folder that needs no other: with averaged weights, or with what LoRA has learnt merged into it."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

PROCESSORS = "policy_*"


def save_whole(policy: Any, beside: Path, folder: Path) -> None:
    """Weights, configuration, and the processors that were saved `beside` it."""
    _merged(policy).save_pretrained(folder)
    for path in beside.glob(PROCESSORS):
        shutil.copy2(path, folder)


def _merged(policy: Any) -> Any:
    if not policy.config.use_peft:
        return policy
    # The configuration refers to the data set, which need not be copied.
    config = policy.config
    alone = copy.deepcopy(policy, {id(config): config}).merge_and_unload()
    alone.config = replace(config, use_peft=False, pretrained_path=None)
    return alone
