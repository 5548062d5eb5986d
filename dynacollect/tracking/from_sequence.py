"""The tracker run over a recorded sequence: objects learnt from its clip, then followed from its pictures alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..rig.arms import arm as arm_model
from .known import appearances_of, plates_of
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.segment import AppearanceSegmenter
from .sequences.sequence import Sequence
from .tracked import Tracked
from .tracker import Tracker


def track_sequence(sequence: Sequence) -> Iterator[Tracked]:
    """One outcome for each take."""
    tracker = tracker_for(sequence)
    for take in sequence.takes:
        tracker.cameras.update(take.cameras)
        yield tracker.step(take.frames(), take.arm)


def tracker_for(sequence: Sequence) -> Tracker:
    """A tracker that knows the sequence's cameras, its empty scene and its objects."""
    plates = plates_of(sequence)
    cover = None if sequence.arm is None else ArmCover(arm_model(sequence.arm))
    backgrounds = {camera: Background(plate) for camera, plate in plates.items()}
    segmenter = AppearanceSegmenter(backgrounds, appearances_of(sequence))
    shapes = {name: thing.shape for name, thing in sequence.objects.items()}
    return Tracker(shapes, sequence.cameras, backgrounds, segmenter, cover)
