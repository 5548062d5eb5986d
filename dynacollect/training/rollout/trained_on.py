"""What a policy's numbers meant in the data that it learnt from; kept beside its weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter

from ...controllers.streaming.executor import AHEAD
from ...datasets.raw.durable import written
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector

FILE = "trained_on.json"
FORMAT = 1
"""Version of this file; a reader refuses what is newer."""
MOST = 2000
"""Start poses that are kept."""
FPS = 25


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """The defaults are those of published checkpoints, which say nothing about it."""

    robot: str | None = None
    fps: int = FPS
    action: str = "absolute"
    ahead: int = AHEAD
    """Ticks from an observation to the pose that is its action."""
    angles: Literal["dom", "signed"] = "dom"
    size: tuple[int, int] | None = None
    """Width and height of the pictures, px."""
    starts: tuple[tuple[float, ...], ...] = ()
    """States at the beginning of episodes."""

    def write(self, folder: Path) -> None:
        written(folder / FILE, json.dumps({"format": FORMAT, **asdict(self)}) + "\n")


def trained_on(said: Mapping[str, Any] | None, fps: int, starts: Vector) -> TrainedOn:
    """Of a data set, whose `meta/dynacollect.json` is `said`, where dynacollect has built it."""
    some = starts[:: max(1, -(-len(starts) // MOST))]
    rows = tuple(tuple(round(float(value), 5) for value in row) for row in some)
    if said is None:
        return TrainedOn(fps=fps, starts=rows)
    options, cameras = said["options"], said["cameras"]
    size = cameras["width"], cameras["height"]
    return TrainedOn(said["robot"], fps, options["action"], options["ahead"], options["angles"], size, rows)


def read_trained_on(folder: Path) -> TrainedOn:
    """Of the policy in a folder."""
    path = folder / FILE
    if not path.exists():
        return TrainedOn()
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if (version := said.pop("format")) > FORMAT:
            raise DynacollectError(f"{path} has format {version}, newer than {FORMAT}; update dynacollect")
        return TypeAdapter(TrainedOn).validate_python(said)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DynacollectError(
            f"{path} cannot be read ({str(error).splitlines()[0]}); copy it again from the training, or remove it to "
            "take the policy for a published one"
        ) from None
