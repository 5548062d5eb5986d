"""The tracker in place of the truth: before an episode of the cell it is shown each object, and the empty table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..calibration.file import read_calibration
from ..calibration.fit_to_rig import models_for
from ..rig.camera_model import CameraModel
from ..rig.cell.cell import Cell
from ..rig.cell.plan import EpisodePlan, Placed
from ..rig.config import RigConfig
from ..rig.errors import DynacollectError
from ..rig.nouns import Image, Vector
from ..rig.objects import catalogue
from ..rig.rig import Rig
from ..rig.stage import Request, Staged
from ..tracking.forms.learnt import known_from
from ..tracking.live import Watch, learn_look, meshless_on, pictures, tracker_on
from ..tracking.meshless import MeshlessTracker
from ..tracking.seeing.appearance import Appearance
from ..tracking.seeing.ultralytics.weights import Weights

AWAY = np.array([-6.0, 0.0, 1.0])
"""Where things are put that no camera shall see."""
SHOWN = ((0.42, 0.12), (0.55, -0.12), (0.50, 0.16), (0.60, 0.05))
"""Where an object is shown by itself, as shares of the reach of the arm."""


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
    take_away(rig)
    return Watch(rig, tracker_on(rig, names, models, looks, network))


def meshless_watch_for(
    rig: Rig, seed: int, request: Request, models: Mapping[str, CameraModel]
) -> tuple[Watch, MeshlessTracker]:
    """As `watch_for`, of a tracker that is given nothing of an object but the clip in which it is shown alone."""
    names = keys_of(rig.stage.prepare(seed, request))
    plates, clips = clips_of(rig, names.values(), models)
    known = {name: known_from(plates, clip, models, name) for name, clip in clips.items()}
    rig.stage.prepare(seed, request)
    take_away(rig)
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
    cell = _cell(rig)
    room = cell.world.plan.cleared()
    cell.present()
    plates = {camera: shots[0] for camera, shots in pictures(rig, models).items()}
    rng = np.random.default_rng([room.seed, 0x1EA])
    clips: dict[str, list[dict[str, Image]]] = {name: [] for name in sorted(set(names))}
    for name, clip in clips.items():
        for number, place in enumerate(SHOWN):
            pose = _put_down(name, number, cell.world.arm.reach * np.array(place), rng)
            cell.lay_out(EpisodePlan(room.seed, (Placed(name, pose),), scenery=room.scenery))
            clip.append({camera: shots[0] for camera, shots in pictures(rig, models).items()})
    return plates, clips


def _put_down(name: str, number: int, place: Vector, rng: np.random.Generator) -> RigidTransform:
    model = catalogue.load(name)
    turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi)) * model.rests[number % len(model.rests)]
    return RigidTransform.from_components([*place, model.rest_height_in(turn)], turn)


def take_away(rig: Rig) -> None:
    """All objects off the table; what launches them stays."""
    world = _cell(rig).world
    for number, key in enumerate(world.scene.bodies):
        address = int(world.model.joint(f"{key}/free").qposadr[0])
        world.data.qpos[address : address + 3] = AWAY + np.array([0.0, 0.5 * number, 0.0])
    # The launcher holds its object in place.
    world.launcher.start_pose[:3] = AWAY


def _cell(rig: Rig) -> Cell:
    if not isinstance(rig.stage, Cell):
        raise DynacollectError("only the cell shows objects by itself; use --rig cell")
    return rig.stage
