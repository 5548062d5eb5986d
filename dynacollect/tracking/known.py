"""What a recorded sequence teaches before it begins: the empty scene, and how its objects look."""

from __future__ import annotations

from ..rig.errors import DynacollectError
from ..rig.nouns import Image
from .seeing.appearance import Appearance
from .seeing.registration import learn
from .sequences.sequence import Sequence, Take

ENOUGH = 3
"""Takes of a clip from which an object's looks are learnt."""


def plates_of(sequence: Sequence) -> dict[str, Image]:
    """The empty scene of every camera."""
    plates = {name: plate for name in sequence.cameras if (plate := sequence.plate(name)) is not None}
    missing = [name for name in sequence.cameras if name not in plates]
    if missing:
        raise DynacollectError(
            f"{sequence.folder} has no background_{missing[0]}.png; add a picture of the empty scene, from which "
            "objects are told apart"
        )
    return plates


def appearances_of(sequence: Sequence) -> dict[str, Appearance]:
    """How each object looks: from the clip where it is shown alone, else from the colours of its mesh."""
    by_model: dict[int, Appearance] = {}
    for name, thing in sequence.objects.items():
        if thing.object_id not in by_model:
            by_model[thing.object_id] = _learnt(sequence, name)
    return {name: by_model[thing.object_id] for name, thing in sequence.objects.items()}


def _learnt(sequence: Sequence, name: str) -> Appearance:
    thing, clip = sequence.objects[name], sequence.register
    start = Appearance.of_mesh(thing.shape)
    takes = alone_in_clip(sequence, thing.object_id)
    if clip is None or len(takes) < ENOUGH:
        return start
    views = [{camera: shot.image() for camera, shot in take.shots.items()} for take in takes]
    try:
        return learn(plates_of(clip), views, start=start, name=name).appearance
    except DynacollectError:
        # A clip in which it cannot be made out says less than its mesh.
        if thing.shape.face_colours is None:
            raise
        return start


def alone_in_clip(sequence: Sequence, object_id: int) -> list[Take]:
    """The takes of the clip that show this model, and nothing else."""
    clip = sequence.register
    return [] if clip is None else [take for take in clip.takes if _alone(clip, take.shown, object_id)]


def _alone(clip: Sequence, shown: tuple[str, ...], object_id: int) -> bool:
    """Whether a take shows this model, and nothing else."""
    if shown:
        return [clip.objects[name].object_id for name in shown] == [object_id]
    return [thing.object_id for thing in clip.objects.values()] == [object_id]
