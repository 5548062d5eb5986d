"""Contacts between pads and round things, stiff enough that light objects are not squeezed flat.

MuJoCo scales a contact's stiffness with the mass behind it: between two pads that press with 40 N a ball of 3 g would
let the fingers through. Round solids take the stiffer setting; on boxes it makes contacts flicker, so they keep the
pads' own.
"""

from __future__ import annotations

import mujoco

from ..arms.mjcf import ArmHandle
from ..objects import catalogue
from .episode_plan import EpisodePlan

SOLREF = (0.004, 1.0)
SOLIMP = (0.98, 0.995, 0.0005, 0.5, 2.0)
TORSION, ROLLING = 0.01, 0.0001


def stiffen(
    spec: mujoco.MjSpec, arm: ArmHandle, bodies: dict[str, str], plan: EpisodePlan, pad_friction: float
) -> None:
    """Give every round solid of the plan's objects a contact of its own with both pads."""
    for body, placed in zip(bodies, plan.placed, strict=True):
        model = catalogue.load(placed.object)
        slide = max(pad_friction, model.friction * placed.friction_scale)
        for index, solid in enumerate(model.solids):
            if solid.kind in ("box", "mesh"):
                continue
            for pad in arm.pads:
                spec.add_pair(
                    geomname1=pad,
                    geomname2=f"{body}/solid{index}",
                    condim=4,
                    friction=[slide, slide, TORSION, ROLLING, ROLLING],
                    solref=SOLREF,
                    solimp=SOLIMP,
                )
