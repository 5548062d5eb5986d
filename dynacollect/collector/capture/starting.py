"""Where a capture starts: from where the arm stands, the board turned to all sides, or looked at from around."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...calibration.capture.aspect import aspect_of, lens_of
from ...calibration.capture.gate import Refused
from ...controllers.carried import Carried, middle
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ...rig.rig import Rig
from ...rig.stage import HeldBox
from .kept import Kept
from .shooting import Stand

FIRST = 9
"""First views around each place where the board is shown."""
HEADINGS = (0.0, 45.0, -45.0, 90.0, -90.0, 135.0, -135.0)
"""How the board is turned about the vertical in search of cameras that see it, deg."""
SHIFTS = ((0.0, 0.0, 0.08), (0.15, 0.0, 0.08), (0.0, 0.2, 0.08), (0.0, -0.2, 0.08))
"""And where it is taken meanwhile, m."""


def carried_in(box: HeldBox | None, rig: Rig) -> Carried | None:
    """What the hand carries, for the arm to mind."""
    return None if box is None else Carried(box, rig.arm.model, rig.config.safety.table_z)


def held_pivot(box: HeldBox | None) -> Vector:
    """(3,) flange frame: the middle of a held board, which stays in its place while the hand turns."""
    return np.zeros(3) if box is None else middle(box)


def table_pivot(kept: Kept, stand: Stand, camera: str) -> Vector:
    """(3,) flange frame: as far ahead as the board on the table is from the wrist camera, by a guessed lens."""
    seen, size = kept.judged("table", stand, camera), kept.sizes[camera]
    aspect = None
    if not isinstance(seen, Refused):
        aspect = aspect_of(kept.board.points, seen, size, lens_of(camera, size, None))
    if aspect is None:
        why = seen.reason if isinstance(seen, Refused) else "it is too small"
        raise DynacollectError(f"{camera} does not see the board on the table ({why}): move arm or board.")
    return np.array([0.0, 0.0, float(aspect.distance)])


def headings(start: RigidTransform, pivot: Vector) -> Iterator[RigidTransform]:
    """The held board turned to all sides, here and a little away."""
    for shift, heading in product(SHIFTS, HEADINGS):
        turn = Rotation.from_euler("z", heading, degrees=True) * start.rotation
        yield RigidTransform.from_components(start.apply(pivot) + shift - turn.apply(pivot), turn)
