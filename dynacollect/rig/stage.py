"""Who sets the scene and gives the push: a person, a launcher, or the cell itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from scipy.spatial.transform import RigidTransform

from .camera_model import CameraModel
from .config_cell import Launcher, Motion
from .nouns import Image, Vector

Side = Literal["left", "middle", "right"]
"""As the robot sees it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a session asks of the next episode; what is `None` is left to chance."""

    target: str | None = None
    distractors: tuple[str, ...] | None = None
    """A rival not counted."""
    container: str | None = None
    place: bool = False
    """A container must be there."""
    speed: float | None = None
    """At the release, m/s."""
    launcher: Launcher | None = None
    motion: Motion | None = None
    several: int = 1
    """How many target objects stand ready (long-horizon tasks); the first is launched."""
    heading: float | None = None
    """Where to it moves, rad about the base's z, from x; within an eighth of a turn."""
    side: Side | None = None
    """Of the robot's reach, where its path crosses."""
    room: int | None = None
    """Light and surfaces stay the same for the same number."""
    rival: float | None = None
    """Another of the target's kind is there, the first distractor, and moves so fast beside it, m/s; 0 stands still."""
    seen_by: tuple[CameraModel, ...] = ()
    """Cameras that all see the target where it waits to be launched."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What is on the table now, by name: what a person would know, and no poses."""

    targets: tuple[str, ...]
    distractors: tuple[str, ...]
    container: str | None
    launcher: Launcher | None
    surroundings: int = 0
    """The same number as long as all but the objects, as light, table and launcher, is as it was."""
    within_s: float = 6.0
    """So soon after the order to launch it moves, or what launches it is stuck."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A stiff white plate with a picture printed over the whole of its front, as a calibration board.

    Its frame: origin at the plate's upper left corner, which is the outer corner of the picture's first pixel; x along
    the picture's rows to the right, y down its columns, z into the plate, as seen by whoever faces the front. The
    middle of the pixel in column c and row r lies at ((c + 0.5) width_m / columns, (r + 0.5) height_m / rows, 0).
    """

    image: Image
    """(rows, columns) grey or (rows, columns, 3) RGB."""
    width_m: float
    height_m: float


@dataclass(frozen=True, slots=True, eq=False)
class HeldBox:
    """What the hand carries, as a box that motion keeps clear of table and arm; a little larger than the thing."""

    T_flange_box: RigidTransform
    """To the middle of the box, along its sides."""
    half: Vector
    """Half lengths (3,), m."""

    @property
    def corners(self) -> Vector:
        """(8, 3), flange frame."""
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        return self.T_flange_box.apply(signs * self.half)


class Stage(Protocol):
    """Puts objects in their starting places and sets the target in motion; shows boards to the cameras."""

    def prepare(self, seed: int, request: Request | None = None) -> Staged: ...

    def launch(self) -> None:
        """Set the target in motion; returns at once."""
        ...

    def clear(self) -> None:
        """Take the objects away and leave all else; `prepare` puts them back."""
        ...

    def show(self, name: str, number: int) -> None:
        """Put one object alone on the clear table, in view of all cameras; each number elsewhere or otherwise."""
        ...

    def call(self, reason: str) -> None:
        """A person is to come and mend something; returns at once."""
        ...

    def attended(self) -> bool:
        """Whether that person has been here since and says that all is well; true once for each call."""
        ...

    def present(self, *, held: Panel | None = None, table: Panel | None = None) -> HeldBox | None:
        """Clear the table and show these panels and no others: one clamped into the gripper by its handle, one on the
        table, face up; where in detail is left to the person. The arm stands still meanwhile, and carries the box that
        is returned. Without panels, all are taken away and the table is bare until it is prepared.
        """
        ...
