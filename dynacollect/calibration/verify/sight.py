"""Whether a camera's new pictures show what its reference pictures show, and if not, what is the matter."""

from __future__ import annotations

import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from .landmarks import Landmarks
from .looks import Looks
from .motions import Motions, expected
from .patches import contrast, measure
from .reference import ALIKE, Reference
from .surfaces import TABLE

LEVEL = 2
DARK_LEVEL = 14.0
"""Mean grey level below which noise hides what there is to see."""
DARK_SHARE = 0.2
"""And the share of the reference's."""
LEAST_ALIKE = 0.4
"""Share of the textured patches that must show the same."""
TABLE_LEAST = 0.25
FEWEST = 4
"""Textured patches, at the coarse level, below which a picture tells nothing."""


def refuse_unfit(reference: Reference, now: Looks) -> None:
    """The new looks must be of the same poses and sizes."""
    if now.joints.shape != reference.looks.joints.shape:
        raise DynacollectError("The new pictures were not taken at the reference's arm poses; take them there.")
    off = float(np.abs(now.joints - reference.looks.joints).max())
    if off > 0.05:
        raise DynacollectError(
            f"The arm stood {np.rad2deg(off):.1f} deg away from where the reference was taken; drive it there."
        )
    for name in reference.models:
        if name not in now.pictures:
            raise DynacollectError(f"There are no new pictures of {name}; take one at each arm pose.")
        before, after = reference.looks.pictures[name][0].shape, now.pictures[name][0].shape
        if before != after:
            raise DynacollectError(
                f"{name}'s pictures are {after[1]}x{after[0]}, its reference {before[1]}x{before[0]}; "
                "set the camera as it was."
            )


def trouble(reference: Reference, now: Looks, name: str, motions: Motions) -> str | None:
    """Why nothing can be said of this camera, given the best guess at what moved; None where all is well."""
    before, after = (np.mean([_grey(one) for one in looks.pictures[name]]) for looks in (reference.looks, now))
    if after < DARK_LEVEL or after < DARK_SHARE * before:
        return f"its pictures are too dark (grey level {after:.0f}, {before:.0f} in the reference); turn on the light"
    if _textured(reference, name) < FEWEST:
        return "its reference pictures show too little; put something with texture where it looks"
    if alike(reference, now, name, name, motions) >= LEAST_ALIKE:
        return None
    other = next((one for one in reference.models if one != name and _is_view_of(reference, now, name, one)), None)
    if other:
        return f"its pictures show what {other} saw; the two cameras are mixed up"
    return "its pictures do not show what they showed; it is blocked or points elsewhere: look, and calibrate again"


def table_seen(reference: Reference, now: Looks, names: tuple[str, ...], motions: Motions) -> bool:
    """Whether enough of the table is left to tell the base by."""
    shares = [alike(reference, now, name, name, motions, table=True) for name in names]
    return max(shares, default=0.0) >= TABLE_LEAST


def alike(reference: Reference, now: Looks, shown: str, camera: str, motions: Motions, *, table: bool = False) -> float:
    """Share of the patches of `camera`'s reference that the new pictures of `shown` show where they are expected."""
    good = total = 0
    for mark in _marks(reference, camera):
        before, after = reference.looks.joints[mark.look], now.joints[mark.look]
        where = expected(mark, motions, reference.bench.arm, before, after)
        found = measure(mark.patches, contrast(now.pictures[shown][mark.look], LEVEL), where.corners)
        counts = mark.patches.textured & ((mark.surfaces.part == TABLE) if table else True)
        good += int((counts & found.seen & (found.likeness > ALIKE)).sum())
        total += int((counts & found.seen).sum()) if table else int(counts.sum())
    return good / total if total else 0.0


def _is_view_of(reference: Reference, now: Looks, shown: str, camera: str) -> bool:
    same = reference.models[shown].width, reference.models[shown].height
    if same != (reference.models[camera].width, reference.models[camera].height):
        return False
    return alike(reference, now, shown, camera, reference.still) >= LEAST_ALIKE


def _marks(reference: Reference, name: str) -> list[Landmarks]:
    return [mark for mark in reference.marks[LEVEL] if mark.camera.name == name]


def _textured(reference: Reference, name: str) -> int:
    return sum(int(mark.patches.textured.sum()) for mark in _marks(reference, name))


def _grey(image: Image) -> float:
    return float(image.mean())
