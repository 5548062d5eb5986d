"""The data sets that LeRobot's trainer is given: held-out episodes, cameras that are used, statistics, mixtures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from lerobot.datasets.factory import make_dataset
from lerobot.transforms import ImageTransformsConfig
from torch.utils.data import Subset

from ..dynamicvla import DynamicVLAConfig
from .embodiment import LEAST, spread_of_differences
from .frames import keep_frames
from .mixture import Mixture
from .pipeline import Pipeline
from .quick_rows import keep_rows
from .rows import ACTION, read_rows
from .settings import Plan
from .sources import read_set

VALIDATED = 1000
"""Rows of the held-out episodes that are looked at each time, evenly spread."""


def held_out(episodes: int, share: float, seed: int) -> list[int]:
    """Episodes that are not trained on; at least one where any are asked for, and never all."""
    count = min(max(1, round(share * episodes)), episodes - 1) if share else 0
    return sorted(np.random.default_rng(seed).permutation(episodes)[:count].tolist())


def datasets_of(cfg: Pipeline, plan: Plan) -> tuple[Any, Any]:
    """To train on, and to validate with, if at all."""
    episodes = read_set(plan.data).episodes
    held = held_out(episodes, plan.settings.validate, plan.settings.seed)
    train = _opened(cfg, plan, sorted({*range(episodes)} - {*held}) if held else None)
    _spread_no_less(train)
    _learn_differences(train, cfg)
    others = [_opened(replace(cfg, dataset=replace(cfg.dataset, root=root)), plan, None) for root in plan.mix]
    return Mixture([train, *others]) if others else train, _validation(cfg, plan, held) if held else None


def _validation(cfg: Pipeline, plan: Plan, held: list[int]) -> Any:
    plain = replace(cfg, dataset=replace(cfg.dataset, image_transforms=ImageTransformsConfig()))
    found = _opened(plain, plan, held)
    rows = np.unique(np.linspace(0, len(found) - 1, min(len(found), VALIDATED)).round().astype(int))
    return Subset(found, rows.tolist())


def _opened(cfg: Pipeline, plan: Plan, episodes: list[int] | None) -> Any:
    found = make_dataset(replace(cfg, dataset=replace(cfg.dataset, episodes=episodes)))
    _leave_out_cameras(found, cfg)
    settings = plan.settings
    drawn = 1 if settings.overfit else settings.steps * settings.batch * settings.accumulate * settings.processes
    keep_rows(found)
    keep_frames(found, Path(cfg.output_dir or "."), settings.frames, drawn)
    return found


def _leave_out_cameras(found: Any, cfg: Pipeline) -> None:
    """Pictures that the policy does not look at are not decoded."""
    wanted = set(cfg.policy.image_features) if cfg.policy else set()
    for key in [key for key in found.meta.camera_keys if cfg.rename_map.get(key, key) not in wanted]:
        del found.meta.info.features[key]
        for moments in (found.delta_timestamps, found.reader.delta_indices):
            (moments or {}).pop(key, None)


def _spread_no_less(found: Any) -> None:
    """A number that never changed would be blown up beyond all bounds by the first that differs."""
    for name, least in LEAST.items():
        stats = found.meta.stats[name]
        stats["std"] = np.maximum(stats["std"], least)


def _learn_differences(found: Any, cfg: Pipeline) -> None:
    """Statistics of the numbers that are learnt, where these are not the ones in the data."""
    policy = cfg.policy
    if not isinstance(policy, DynamicVLAConfig) or not policy.delta_statistics:
        return
    rows = read_rows(Path(found.root))
    dims = min(rows.state.shape[1], rows.action.shape[1] - 1) if policy.use_delta_action else 0
    mean, deviation = spread_of_differences(rows, dims, policy.wrapped_dims, policy.chunk_size)
    found.meta.stats[ACTION] |= {"mean": mean, "std": np.maximum(deviation, LEAST[ACTION])}
