"""Which suites are run, and a run's settings as each of them changes these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...rig.errors import DynacollectError
from ..evaluation import Settings
from ..noise import StateNoise
from .suite import Suite
from .table import SUITES

DOM = "dom"
"""All of them."""
PLAIN = {"split": "seen", "textures": "seen", "perturbation_m_s": 0.0}
"""What no suite takes from a rig.yaml."""


def parse_suites(text: str) -> tuple[Suite, ...]:
    """`dom`, or names with commas between them."""
    if text.strip().lower() == DOM:
        return tuple(SUITES.values())
    names = list(dict.fromkeys(name.strip().upper() for name in text.split(",")))
    for name in names:
        if name not in SUITES:
            raise DynacollectError(f"there is no suite '{name}'; choose dom, or some of {', '.join(SUITES)}")
    return tuple(SUITES[name] for name in names)


def name_of(runs: Sequence[Settings]) -> str:
    """Of the suites that are run, or of the task without them."""
    names = [run.suite.name for run in runs if run.suite is not None]
    return DOM if len(names) == len(SUITES) else ",".join(names) or runs[0].task


def settings_for(suite: Suite, settings: Settings) -> Settings:
    """The run as this suite has it."""
    if settings.state == "vision" and suite.two_of_a_kind:
        raise DynacollectError(
            f"which of two of a kind is meant in {suite.name} the tracker is not told; with --state vision take "
            f"--suite {','.join(each.name for each in SUITES.values() if not each.two_of_a_kind)}"
        )
    cell = settings.rig.cell
    episodes = cell.episodes.model_copy(update={**PLAIN, **suite.episodes})
    rig = settings.rig.model_copy(update={"cell": cell.model_copy(update={"episodes": episodes})})
    noisy = settings.state == "vision" or settings.noise != StateNoise()
    noise = settings.noise if noisy else suite.noise
    return replace(settings, rig=rig, task=suite.task, noise=noise, suite=suite)
