"""Pictures of the rig itself, from a few poses that it can always return to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ...calibration.verify.looks import Looks
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.nouns import Grip, Image, Vector
from ...rig.rig import Rig
from .shooting import seen_standing

Watch = Callable[[int, int], None]
"""Told how many poses are done, of how many."""


def taken_looks(rig: Rig, joints: Vector, watch: Watch) -> Looks:
    """Drive to every row of `joints` with open fingers, and take a picture of every camera there."""
    gripper = rig.arm.model.gripper
    visitor = Visitor(rig, grip=Grip(gripper.max_width, gripper.min_force))
    home = rig.feel().joints
    stood, pictures = [], dict[str, list[Image]]((name, []) for name in rig.cameras)
    for done, goal in enumerate(joints):
        watch(done, len(joints))
        if why := visitor.return_to(goal):
            raise DynacollectError(f"The arm cannot go to look {done + 1} ({why}); clear its way and start again.")
        stand = seen_standing(rig, list(rig.cameras))
        missing = sorted(set(rig.cameras) - set(stand.pictures))
        if missing:
            raise DynacollectError(f"{missing[0]} sends no pictures; see: dynacollect rig check.")
        stood.append(stand.arm.joints)
        for name, (_, frame) in stand.pictures.items():
            pictures[name].append(np.array(frame.image))
    if why := visitor.return_to(home):
        raise DynacollectError(
            f"The arm does not come back to where it started ({why}); move it there and start again."
        )
    return Looks(np.array(stood), {name: tuple(images) for name, images in pictures.items()})
