"""The tracker without meshes run over a recorded sequence: objects learnt from its clip alone, then followed."""

from __future__ import annotations

from collections.abc import Iterator

from ..rig.arms import arm as arm_model
from ..rig.errors import DynacollectError
from .forms.learnt import Known, known_from
from .known import alone_in_clip, plates_of
from .meshless import MeshlessTracker
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.segment import AppearanceSegmenter
from .sequences.sequence import Sequence
from .tracked import Tracked


def track_sequence(sequence: Sequence) -> Iterator[Tracked]:
    """One outcome for each take."""
    known = known_of(sequence)
    cover = None if sequence.arm is None else ArmCover(arm_model(sequence.arm))
    backgrounds = {camera: Background(plate) for camera, plate in plates_of(sequence).items()}
    segmenter = AppearanceSegmenter(backgrounds, {name: one.appearance for name, one in known.items()})
    tracker = MeshlessTracker(known, sequence.cameras, backgrounds, segmenter, cover)
    for take in sequence.takes:
        tracker.cameras.update(take.cameras)
        yield tracker.step(take.frames(), take.arm)


def known_of(sequence: Sequence) -> dict[str, Known]:
    """What the clip teaches of each object; alike ones share it."""
    clip, found = sequence.register, dict[int, Known]()
    for name, thing in sequence.objects.items():
        if thing.object_id in found:
            continue
        takes = alone_in_clip(sequence, thing.object_id)
        if clip is None or not takes:
            raise DynacollectError(
                f"{sequence.folder} has no clip register/ that shows {name} alone, and nothing else tells how a thing "
                "without a mesh looks; add one, or use --tracker multiview"
            )
        views = [{camera: shot.image() for camera, shot in take.shots.items()} for take in takes]
        found[thing.object_id] = known_from(plates_of(clip), views, clip.cameras, name)
    return {name: found[thing.object_id] for name, thing in sequence.objects.items()}
