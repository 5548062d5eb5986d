"""A reading as one JSON document: what `/status.json` serves."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...rig.nouns import ObjectState
from ...tracking.tracked import HEALTHY
from ..output import plain
from .reading import Reading
from .worded import told

SCHEMA = 1
JOURNAL = 40
"""Lines that are served."""
MOVES = 0.03
"""Slower objects have no direction, m/s."""


def status(reading: Reading) -> dict[str, Any]:
    """SI units; what is not known is null."""
    summary, now, timing = reading.summary, reading.now, reading.timing
    document = {
        "schema": SCHEMA,
        **plain(summary),
        "now": {
            "time": now.time,
            "task": now.task,
            "target": now.target,
            "instruction": now.instruction,
            "phase": now.phase,
            "why": now.why,
            "objects": [
                {**of_object(name, state), "target": now.target in (name, state.object)}
                for name, state in now.objects.items()
            ],
            "cameras": list(now.pictures),
            "waiting_to_encode": now.waiting_to_encode,
        },
        "timing": {**plain(timing), "slack_ms": timing.slack_ms, "least_slack_ms": timing.least_slack_ms},
        "journal": told(reading.lines)[-JOURNAL:],
        "written": reading.written,
        "healthy": HEALTHY,
        "silent_s": reading.silent_s,
        "silent": reading.silent,
    }
    return plain(document)


def of_object(name: str, state: ObjectState) -> dict[str, Any]:
    """What a person wants to know of an object; no direction while it stands."""
    speed = float(np.linalg.norm(state.velocity))
    towards = float(np.degrees(np.arctan2(state.velocity[1], state.velocity[0]))) if speed > MOVES else None
    return {
        "name": name,
        "position": [float(each) for each in state.position],
        "speed": speed,
        "towards_deg": towards,
        "health": float(state.health),
    }
