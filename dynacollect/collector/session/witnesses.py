"""Asks both witnesses of an attempt once the arm has come to rest."""

from __future__ import annotations

from ...controllers.machine import TaskName
from ...rig.nouns import ObjectState
from ...rig.objects import load
from ...rig.rig import Rig
from .cues import Cue, Ended, eyes, fingers
from .setting import Scene
from .sight import Sight


def cues_of(
    rig: Rig, sight: Sight, task: TaskName, scene: Scene, stood: ObjectState | None, held: bool
) -> tuple[Cue, Cue]:
    """What the fingers and the eyes say.

    The fingers end with the last target, whichever that was; of what is seen, the least favourable target counts.
    """
    container = scene.container
    zone = None if container is None else load(scene.names[container]).zone
    arm, objects = rig.feel(), sight.raw()
    ended = [
        Ended(arm, objects, key, stood, container, zone, held, sight.in_hand(key) if container is None else None)
        for key in scene.targets
    ]
    return fingers(task, ended[0], rig.arm.model.gripper), min((eyes(task, one) for one in ended), key=_favour)


def _favour(cue: Cue) -> int:
    return (False, None, True).index(cue.says)
