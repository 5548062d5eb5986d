"""Does the data fit the policy? Each way in which it may not is refused in a sentence, before anything heavy begins."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from ...rig.errors import DynacollectError
from .embodiment import LEAST
from .rows import ACTION, STATE, Numbers, Rows
from .settings import Plan, Settings
from .sources import IMAGES, DataSet

OWN = "dynamicvla"
CONFIG, WEIGHTS, ADAPTER = "config.json", "model.safetensors", "adapter_config.json"
STATISTICS = {STATE: "normalize_inputs.buffer_observation_state.", ACTION: "normalize_targets.buffer_action."}
FAR = 6.0
"""Deviations that the middle of one robot's data may be away from another's, or be larger than."""
EXTRAS = {"accelerate": "train", "peft": "train", "wandb": "wandb", "tensorboard": "tensorboard"}
"""Which extra brings a package."""


def refuse_what_does_not_fit(plan: Plan, data: DataSet, rows: Rows) -> None:
    """One look at everything that can be known without the policy itself."""
    settings = plan.settings
    refuse_without_extras(settings)
    for name in settings.cameras:
        if camera_key(name) not in data.cameras:
            raise DynacollectError(f"the data has no camera {name}; it has {', '.join(_short(data.cameras))}")
    if settings.policy == OWN:
        _refuse_quaternions(data, rows)
    for name, _ in settings.mix:
        if name in settings.sources:
            raise DynacollectError(f"{name} is trained on already; leave it out of --mix")
    if plan.start is None:
        _refuse_what_needs_a_start(settings)
    else:
        _refuse_another_start(settings, data, rows, Path(plan.start))


def refuse_without_extras(settings: Settings) -> None:
    """Packages that not everybody installs."""
    wanted = {
        "accelerate": True, "peft": settings.train == "lora", "wandb": settings.wandb is not None,
        "tensorboard": settings.tensorboard,
    }  # fmt: skip
    for package, needed in wanted.items():
        if needed and importlib.util.find_spec(package) is None:
            raise DynacollectError(
                f"this needs {package}, which is not installed; install dynacollect[{EXTRAS[package]}]"
            )


def refuse_other_features(data: DataSet, other: DataSet, cameras: tuple[str, ...]) -> None:
    """Sets that are mixed must have the same numbers and cameras."""
    for name in (STATE, ACTION):
        if (one := data.width(name)) != (two := other.width(name)):
            raise DynacollectError(
                f"{other.root} has {two} values in '{name}' and the data {one}; mix sets of one robot"
            )
        if data.names(name) and other.names(name) and data.names(name) != other.names(name):
            raise DynacollectError(
                f"{other.root} has {', '.join(other.names(name))} in '{name}' and the data "
                f"{', '.join(data.names(name))}; build both with the same --action"
            )
    if missing := [camera for camera in cameras or data.cameras if camera not in other.cameras]:
        raise DynacollectError(
            f"{other.root} has no camera {_short(missing)[0]}; name those that all have with --cameras"
        )
    if data.fps != other.fps:
        raise DynacollectError(
            f"{other.root} has {other.fps} rows a second and the data {data.fps}; mix sets of one rate"
        )


def camera_key(name: str) -> str:
    """LeRobot's name of a camera."""
    return name if name.startswith(IMAGES) else IMAGES + name


def _short(keys: Any) -> list[str]:
    return [key.removeprefix(IMAGES) for key in keys]


def _refuse_quaternions(data: DataSet, rows: Rows) -> None:
    """Numbers 4 to 7 with a length of one in every row, where there are so many."""
    for name, values in ((STATE, rows.state), (ACTION, rows.action)):
        if values.shape[1] in (7, 8) and np.allclose(np.linalg.norm(values[:, 3:7], axis=1), 1.0, atol=1e-3):
            raise DynacollectError(
                f"'{name}' of {data.root} holds a quaternion, numbers 4 to 7, and the policy takes Euler angles: x, y, "
                "z, roll, pitch, yaw; build the set with `dynacollect dataset build`, or convert it"
            )


def _refuse_what_needs_a_start(settings: Settings) -> None:
    own = settings.policy == OWN
    if own and settings.preset is None:
        raise DynacollectError(
            "there is nothing to begin with; name a checkpoint with --from, or say --preset dynamicvla, small or tiny "
            "to train from nothing"
        )
    if own and settings.train == "expert":
        raise DynacollectError(
            "--train expert leaves the rest as it is, which is nothing yet; name a policy with --from"
        )
    if settings.train == "lora":
        raise DynacollectError("--train lora adapts a trained policy; name one with --from, or leave --train out")
    if settings.rename:
        raise DynacollectError("--rename is for the cameras of a trained policy; name one with --from, or leave it out")
    if settings.statistics is not None:
        raise DynacollectError("--statistics chooses between data and a checkpoint; name one with --from")


def _refuse_another_start(settings: Settings, data: DataSet, rows: Rows, folder: Path) -> None:
    config = read_config(folder)
    if settings.preset is not None:
        raise DynacollectError(f"the sizes of {folder} are known; leave --preset out, or --from")
    if (kind := config.get("type")) != settings.policy:
        raise DynacollectError(f"{folder} holds a policy of type '{kind}'; say --policy {kind}, or name another folder")
    if settings.cameras:
        raise DynacollectError("--cameras is for a policy that is trained from nothing; a checkpoint has its own")
    _refuse_missing_cameras(config, settings, data)
    _refuse_other_sizes(config, data, folder)
    uses = settings.statistics or config.get("statistics", "data")
    if settings.policy == OWN and uses == "weights":
        _refuse_another_robot(data, rows, folder)


def read_config(folder: Path) -> Mapping[str, Any]:
    """Of a checkpoint, in whichever of the layouts."""
    if (folder / ADAPTER).is_file():
        raise DynacollectError(
            f"{folder} holds what LoRA has learnt and no whole policy; name the folder `policy` beside it"
        )
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict):
        raise DynacollectError(
            f"{folder} has no config.json that can be read; name a folder that a policy was saved in"
        )
    return found


def policy_cameras(config: Mapping[str, Any]) -> list[str]:
    """What it looks through, under its own names."""
    features = config.get("input_features") or {}
    return [key for key, feature in features.items() if feature["type"] == "VISUAL"]


def _refuse_missing_cameras(config: Mapping[str, Any], settings: Settings, data: DataSet) -> None:
    renamed = dict(settings.rename)
    there = {renamed.get(key, key) for key in data.cameras}
    missing = [key for key in policy_cameras(config) if key not in there]
    if config.get("allow_missing_cameras") or len(missing) <= config.get("empty_cameras", 0):
        return
    raise DynacollectError(
        f"the policy looks through {', '.join(_short(missing))} and the data has {', '.join(_short(data.cameras))}; "
        f"say which is which, with --rename {_short(data.cameras)[0]}={_short(missing)[0]}, or train without --from"
    )


def _refuse_other_sizes(config: Mapping[str, Any], data: DataSet, folder: Path) -> None:
    known = {**(config.get("input_features") or {}), **(config.get("output_features") or {})}
    for name in (STATE, ACTION):
        if name in known and (size := known[name]["shape"][0]) != (width := data.width(name)):
            raise DynacollectError(
                f"the policy in {folder} has {size} values in '{name}' and the data has {width}; they are of different "
                "robots or layouts, so train without --from, or build the data set with another --action"
            )


def _refuse_another_robot(data: DataSet, rows: Rows, folder: Path) -> None:
    """States that the policy's own statistics would scale beyond all that it has seen."""
    mean, deviation = read_statistics(folder, STATE)
    middle, spread = rows.state.mean(0), rows.state.std(0)
    scale = np.maximum(deviation, LEAST[STATE])
    off = np.maximum(np.abs(middle - mean), spread) / scale
    if (off > FAR).any():
        place = int(np.argmax(off))
        label = dict(enumerate(data.names(STATE))).get(place, f"value {place + 1}")
        raise DynacollectError(
            f"{folder} was trained on states whose {label} is {mean[place]:.3g} +- {deviation[place]:.2g}, and here it "
            f"is {middle[place]:.3g} +- {spread[place]:.2g}: it knows another robot or base; say --statistics data to "
            "replace its statistics by this data's"
        )


def read_statistics(folder: Path, feature: str) -> tuple[Numbers, Numbers]:
    """Mean and deviation that are part of DynamicVLA's weights."""
    try:
        with safe_open(folder / WEIGHTS, "np") as file:
            mean, deviation = (file.get_tensor(STATISTICS[feature] + name) for name in ("mean", "std"))
    except (OSError, SafetensorError) as error:
        raise DynacollectError(
            f"{folder / WEIGHTS} has no statistics that can be read ({str(error).splitlines()[0]}); say --statistics "
            "data, or download it again"
        ) from None
    return mean.astype(np.float64), deviation.astype(np.float64)
