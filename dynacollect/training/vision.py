"""The tracker in place of the truth: before an episode of the cell it is shown each object, and the empty table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ..calibration.file import read_calibration
from ..calibration.fit_to_rig import models_for
from ..rig.camera_model import CameraModel
from ..rig.config import RigConfig
from ..rig.errors import DynacollectError
from ..rig.nouns import Image
from ..rig.rig import Rig
from ..rig.stage import Request, Staged
from ..tracking.forms.learnt import known_from
from ..tracking.live import Watch, learn_look, meshless_on, pictures, tracker_on
from ..tracking.meshless import MeshlessTracker
from ..tracking.seeing.appearance import Appearance
from ..tracking.seeing.ultralytics.weights import Weights

SHOWN = 4
"""In so many places an object is shown by itself."""


def with_fixed_cameras(config: RigConfig) -> RigConfig:
    """The rig without its cameras on the wrist, which the tracker has no use for."""
    fixed = {name: camera for name, camera in config.cameras.items() if camera.mount == "fixed"}
    if not fixed:
        raise DynacollectError("no camera stands beside the table; --state vision needs one, better two, in rig.yaml")
    return config.model_copy(update={"cameras": fixed})


def models_from(calibration: Path, config: RigConfig) -> dict[str, CameraModel]:
    """The cameras of a rig as a calibration file has them."""
    return models_for(config, read_calibration(calibration))


def watch_for(
    rig: Rig, seed: int, request: Request, models: Mapping[str, CameraModel], network: Weights | None = None
) -> Watch:
    """Ready for the table of this seed, which is left to be prepared anew."""
    names = keys_of(rig.stage.prepare(seed, request))
    looks = shown_alone(rig, names.values(), models)
    rig.stage.prepare(seed, request)
    rig.stage.clear()
    return Watch(rig, tracker_on(rig, names, models, looks, network))


def meshless_watch_for(
    rig: Rig, seed: int, request: Request, models: Mapping[str, CameraModel]
) -> tuple[Watch, MeshlessTracker]:
    """As `watch_for`, of a tracker that is given nothing of an object but the clip in which it is shown alone."""
    names = keys_of(rig.stage.prepare(seed, request))
    plates, clips = clips_of(rig, names.values(), models)
    known = {name: known_from(plates, clip, models, name) for name, clip in clips.items()}
    rig.stage.prepare(seed, request)
    rig.stage.clear()
    tracker = meshless_on(rig, {key: known[name] for key, name in names.items()}, models)
    return Watch(rig, tracker), tracker


def keys_of(staged: Staged) -> dict[str, str]:
    """Scene key -> object name of what stands on the table."""
    names = {f"target{index}": name for index, name in enumerate(staged.targets)}
    names |= {f"distractor{index}": name for index, name in enumerate(staged.distractors)}
    return names | ({"container": staged.container} if staged.container else {})


def shown_alone(rig: Rig, names: Iterable[str], models: Mapping[str, CameraModel]) -> dict[str, Appearance]:
    """How the objects look, each put down in a few places on the clear table in the light of today."""
    plates, clips = clips_of(rig, names, models)
    return {name: learn_look(name, plates, clip) for name, clip in clips.items()}


def clips_of(
    rig: Rig, names: Iterable[str], models: Mapping[str, CameraModel]
) -> tuple[dict[str, Image], dict[str, list[dict[str, Image]]]]:
    """Pictures of the clear table, and of each object put down in a few places on it."""
    rig.stage.present()
    plates = {camera: shots[0] for camera, shots in pictures(rig, models).items()}
    clips: dict[str, list[dict[str, Image]]] = {name: [] for name in sorted(set(names))}
    for name, clip in clips.items():
        for number in range(SHOWN):
            rig.stage.show(name, number)
            clip.append({camera: shots[0] for camera, shots in pictures(rig, models).items()})
    return plates, clips
