"""The nine suites. Motions other than straight, and objects and surfaces of the unseen split, are in no training data
unless a rig.yaml asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from ...rig.config_cell import Motion
from ...rig.stage import Request
from ..noise import StateNoise
from ..trials import SEVERAL
from .suite import Suite

UNSEEN: tuple[Motion, ...] = ("curved", "accelerating")
"""Motions of MG."""
SLOWEST, APART = 0.08, 0.12
"""m/s: of what moves, and between two of a kind; above what instructions call moving, and faster."""
PERTURBATION = 0.2
"""Size of the largest push of DR, m/s."""
NOISE = StateNoise(position=0.003, velocity=0.03, latency=0.04)
"""Of the states in DR."""


def _alone(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion="straight", distractors=())


def _among_others(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion="straight")


def _turned_away(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion="knocked", distractors=())


def _one_after_the_other(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion="straight", distractors=(), several=SEVERAL["long-horizon"])


def _beside_its_like(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion="straight", rival=speed)


def _faster_or_slower(rng: np.random.Generator, speed: float, top: float) -> Request:
    while True:
        rival = float(rng.uniform(SLOWEST, max(top, speed + 2 * APART)))
        if abs(rival - speed) > APART:
            return Request(speed=speed, motion="straight", distractors=(), rival=rival)


def _unseen_motion(rng: np.random.Generator, speed: float, top: float) -> Request:  # noqa: ARG001
    return Request(speed=speed, motion=UNSEEN[int(rng.integers(2))], distractors=())


_ALL = (
    Suite("CR", "closed-loop reactivity", "One object, at speeds of all kinds.", _alone),
    Suite(
        "DA", "dynamic adaptation",
        "Within the first second of its way, the object is knocked aside or back.", _turned_away,
    ),
    Suite(
        "LS", "long-horizon sequencing", "Three objects, the first of them moving, are put into a container.",
        _one_after_the_other, "long-horizon",
    ),
    Suite(
        "VU", "visual understanding", "Three to five others, told apart by what they are, their colour or their size.",
        _among_others, episodes={"distractors": (3, 5)}, still=True,
    ),
    Suite(
        "SR", "spatial reasoning",
        "Another of the same kind, as fast and the same way or as still; only their places tell them apart.",
        _beside_its_like, episodes={"distractors": (0, 2)}, told_by=("place",), still=True,
    ),
    Suite(
        "MP", "motion perception",
        "Another of the same kind goes the same way at another speed: the faster or the slower one is wanted.",
        _faster_or_slower, told_by=("speed",),
    ),
    Suite(
        "VG", "visual generalisation", "Objects, tables and walls of the unseen split.",
        _among_others, episodes={"split": "unseen", "textures": "unseen", "objects": ()},
    ),
    Suite("MG", "motion generalisation", "Curved and accelerating ways, which no training data has.", _unseen_motion),
    Suite(
        "DR", "disturbance robustness",
        "The object is pushed at random every 0.5 to 1 s, and true states come late and with noise.",
        _alone, episodes={"perturbation_m_s": PERTURBATION}, noise=NOISE,
    ),
)  # fmt: skip
SUITES: Mapping[str, Suite] = MappingProxyType({suite.name: suite for suite in _ALL})
