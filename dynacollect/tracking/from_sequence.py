"""The tracker run over a recorded sequence: objects learnt from its clip, then followed from its pictures alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..rig.arms import arm as arm_model
from .known import appearances_of, plates_of
from .seeing.arm_cover import ArmCover
from .seeing.background import Background
from .seeing.segment import AppearanceSegmenter
from .seeing.ultralytics.weights import Weights
from .sequences.sequence import Sequence
from .tracked import Tracked
from .tracker import Tracker


def track_sequence(sequence: Sequence, segmenter: Weights | None = None) -> Iterator[Tracked]:
    """One outcome for each take."""
    tracker = tracker_for(sequence, segmenter)
    for take in sequence.takes:
        tracker.cameras.update(take.cameras)
        yield tracker.step(take.frames(), take.arm)


def tracker_for(sequence: Sequence, segmenter: Weights | None = None) -> Tracker:
    """A tracker that knows the sequence's cameras, its empty scene and its objects.

    `segmenter` is a trained network that tells them apart; `None`: by the colours that the sequence teaches.
    """
    plates = plates_of(sequence)
    cover = None if sequence.arm is None else ArmCover(arm_model(sequence.arm))
    backgrounds = {camera: Background(plate) for camera, plate in plates.items()}
    by_colour = AppearanceSegmenter(backgrounds, appearances_of(sequence))
    shapes = {name: thing.shape for name, thing in sequence.objects.items()}
    names = {name: shape.name for name, shape in shapes.items()}
    chosen = segmenter.segmenter(by_colour, names) if segmenter else by_colour
    return Tracker(shapes, sequence.cameras, backgrounds, chosen, cover)
