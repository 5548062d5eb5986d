"""The rig.yaml to start from; the built-in rigs are the same file with another name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Literal

from .errors import DynacollectError

Robot = Literal["franka-panda", "franka-fr3", "piper"]

BUILT_IN: dict[str, Robot] = {
    "cell": "franka-panda", "cell-fr3": "franka-fr3", "cell-piper": "piper", "piper-sim": "piper",
    "franka-sim": "franka-fr3",
}  # fmt: skip
"""Built-in rigs and their arms."""

STAND_INS: dict[str, str] = {"piper-sim": "piper-sim", "franka-sim": "franka-sim"}
"""Built-in rigs whose arm is not the cell's own but a stand-in behind a real driver, and that driver."""

SAFE_BOXES: dict[str, tuple[list[float], list[float]]] = {
    "franka-panda": ([0.15, -0.55, 0.0], [0.75, 0.55, 0.60]),
    "franka-fr3": ([0.15, -0.55, 0.0], [0.75, 0.55, 0.60]),
    "piper": ([0.10, -0.40, 0.0], [0.55, 0.40, 0.45]),
}
"""Lower and upper corner of the space over the table that each arm reaches, metres."""


def starter_text(robot: Robot, name: str = "my-lab", driver: str = "cell") -> str:
    """A commented rig.yaml on the cell with this arm."""
    lower, upper = SAFE_BOXES[robot]
    template = files(__package__).joinpath("starter.yaml").read_text(encoding="utf-8")
    return Template(template).substitute(name=name, driver=driver, model=robot, lower=lower, upper=upper)


def write_starter(path: Path, robot: Robot) -> None:
    """Write the starter; DynacollectError rather than overwrite anything."""
    written_anew(path, starter_text(robot))


def written_anew(path: Path, text: str) -> None:
    """Write a rig file that was not there before."""
    if path.is_dir():
        raise DynacollectError(f"{path} is a folder; name the file to write, as {path / 'rig.yaml'}")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise DynacollectError(f"{path} exists and is left as it is; name another file, or delete it first") from error
    except OSError as error:
        raise DynacollectError(
            f"{path} cannot be written ({error.strerror}); name a file in a folder that exists and is yours"
        ) from error
