"""All poses that are known before the arm moves, gone through in thought: which ways are clear, and how long they take.

What comes after them depends on what the pictures show; every way is checked again as it is driven.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from scipy.spatial.transform import RigidTransform

from ...calibration.capture.first_poses import Around, first_poses
from ...calibration.sightings import Mounting
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.rig import Rig
from ...rig.stage import HeldBox, Panel
from .kept import Kept
from .progress import Wish
from .shadow import shadow_of
from .shooting import put_away, seen_standing
from .starting import FIRST, carried_in, headings, held_pivot, table_pivot


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsed:
    """One way in thought: from the pose before to this one."""

    mounting: Mounting
    purpose: str
    T_base_flange: RigidTransform
    why: str
    """Why the arm will not go there; empty where the way is clear."""
    took_s: float


def rehearse(rig: Rig, kept: Kept, panel: Panel, wish: Wish) -> list[Rehearsed]:
    """Every mounting from where the arm stands; nothing is sent to it."""
    done = list[Rehearsed]()
    for mounting in wish.mountings:
        if kept.cameras(mounting):
            done += rehearsed(rig, kept, wish, mounting, rig.stage.present(**{mounting: panel}))
            put_away(rig)
    return done


def rehearsed(rig: Rig, kept: Kept, wish: Wish, mounting: Mounting, box: HeldBox | None) -> list[Rehearsed]:
    """One mounting, whose board is in its place; the way back is the last."""
    shadow, carried = shadow_of(rig), carried_in(box, rig)
    visitor, home = Visitor(shadow, carried=carried), shadow.feel()
    done = list[Rehearsed]()
    for purpose, pose in _poses(rig, kept, wish, visitor, mounting, box):
        begin = shadow.clock.now()
        why = visitor.visit(pose)
        done.append(Rehearsed(mounting, purpose, pose, why, shadow.clock.now() - begin))
    begin, back = shadow.clock.now(), Visitor(shadow)
    why = back.return_to(home.joints)
    pose = home.T_base_tool * rig.arm.model.T_flange_tool.inv()
    return [*done, Rehearsed(mounting, "back", pose, why, shadow.clock.now() - begin)]


def _poses(
    rig: Rig, kept: Kept, wish: Wish, visitor: Visitor, mounting: Mounting, box: HeldBox | None
) -> Iterator[tuple[str, RigidTransform]]:
    cameras, rng = kept.cameras(mounting), wish.chance(mounting)
    start = seen_standing(rig, cameras)
    if mounting == "held":
        pivot = held_pivot(box)
        for pose in headings(start.T_base_flange, pivot):
            yield "search", pose
    else:
        pivot = table_pivot(kept, start, cameras[0])
    if kept.fewest(mounting) < FIRST:
        for pose in first_poses(start.T_base_flange, Around(pivot), visitor.allowed, FIRST, rng):
            yield "first view", pose


def refuse_blocked(poses: list[Rehearsed]) -> None:
    """A capture needs some views of every mounting, and a way back."""
    for mounting in sorted({one.mounting for one in poses}):
        mine = [one for one in poses if one.mounting == mounting]
        if not any(one.purpose != "back" and not one.why for one in mine):
            raise DynacollectError(f"No way to any {mounting} view is clear ({mine[0].why}): start from another pose.")


def view(poses: list[Rehearsed]) -> RenderableType:
    """For people, before they agree."""
    table = Table("", "board", "for", "flange x y z mm", "way", title="What the arm would do", title_justify="left")
    for number, one in enumerate(poses, 1):
        place = " ".join(f"{step:5.0f}" for step in 1e3 * np.asarray(one.T_base_flange.translation))
        way = Text(one.why, style="yellow") if one.why else Text(f"clear, {one.took_s:.1f} s", style="green")
        table.add_row(str(number), one.mounting, one.purpose, place, way)
    return Group(table, Text(summary(poses)))


def summary(poses: list[Rehearsed]) -> str:
    """In one sentence."""
    clear = sum(not one.why for one in poses)
    return f"{clear} of {len(poses)} ways are clear; the views after them follow from what the pictures show."
