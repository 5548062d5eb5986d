"""What a checkpoint says of its policy, without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from lerobot.configs import PreTrainedConfig
from lerobot.utils.import_utils import register_third_party_plugins

from ...controllers.streaming.chunk import WIDTH
from ...rig.errors import DynacollectError
from ..dynamicvla import DynamicVLAConfig
from ..dynamicvla.weights import read_config
from ..finetune.fitting import OWN
from ..finetune.fitting import read_config as read_json
from ..finetune.hub import folder_of
from ..finetune.record import PRETRAINED, Record, policy_in
from ..finetune.rows import ACTION, STATE
from ..finetune.sources import IMAGES
from .trained_on import FPS, TrainedOn, read_trained_on

STATE_WIDTH = 6


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Of a policy that can be streamed."""

    folder: Path
    config: PreTrainedConfig
    cameras: tuple[str, ...]
    """That it looks through, by their names in a rig."""
    moments: tuple[int, ...]
    """Steps, from the present one, whose pictures are seen together."""
    trained_on: TrainedOn

    @property
    def supports_rtc(self) -> bool:
        """Real-time chunking in the numbers that an executor has; LeRobot's own policies take it in theirs."""
        return isinstance(self.config, DynamicVLAConfig) and self.config.delta_dims > 0


@lru_cache(maxsize=4)
def facts_of(name: str) -> Facts:
    """Of a folder or a Hub id; a training's folder stands for its best checkpoint, or else its last."""
    folder = _policy_folder(folder_of(name, "model"))
    config, known = _config_in(folder), read_trained_on(folder)
    _refuse_other_numbers(folder, config, known)
    cameras = tuple(key.removeprefix(IMAGES) for key in config.image_features)
    return Facts(folder, config, cameras, tuple(config.observation_delta_indices or (0,)), known)


def _policy_folder(folder: Path) -> Path:
    record = Record(folder)
    best = record.best()
    chosen = best[0] if best else record.last
    if chosen is not None:
        return policy_in(chosen)
    return policy_in(folder) if (folder / PRETRAINED).is_dir() else folder


def _config_in(folder: Path) -> PreTrainedConfig:
    if read_json(folder).get("type") == OWN:
        return read_config(folder)
    register_third_party_plugins()
    try:
        return PreTrainedConfig.from_pretrained(folder)
    except Exception as error:  # noqa: BLE001 # because each policy's configuration complains in its own way
        raise DynacollectError(
            f"{folder} holds no policy that LeRobot can open ({str(error).splitlines()[0]}); name a folder that a "
            "policy was saved in, and install what it needs"
        ) from None


def _refuse_other_numbers(folder: Path, config: PreTrainedConfig, data: TrainedOn) -> None:
    """Only tool poses can be streamed: they mean the same at any time and to any arm."""
    inputs, outputs = config.input_features or {}, config.output_features or {}
    odd = [key for key in inputs if key != STATE and not key.startswith(IMAGES)]
    if odd:
        raise DynacollectError(
            f"{folder} wants to see '{odd[0]}', which no camera shows; train a policy of pictures and states"
        )
    state, action = (found[key].shape[0] if key in found else 0 for key, found in ((STATE, inputs), (ACTION, outputs)))
    if data.action != "absolute" or state not in (0, STATE_WIDTH) or action != WIDTH:
        raise DynacollectError(
            f"{folder} was trained on {state} numbers of state and {action} of {data.action} action; what can be "
            "streamed are 6 of the tool's pose and 7 of absolute goals, as `dynacollect dataset build` writes them "
            "unless told otherwise"
        )
    if data.fps != FPS:
        raise DynacollectError(f"{folder} knows {data.fps} rows a second and {FPS} are run; train on such data")


def device_of(asked: str) -> str:
    there = torch.cuda.is_available()
    if asked.startswith("cuda") and not there:
        raise DynacollectError("this machine has no GPU that torch can use; leave --device out, or say --device cpu")
    return ("cuda" if there else "cpu") if asked == "auto" else asked
