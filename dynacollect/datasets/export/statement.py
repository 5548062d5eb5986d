"""`meta/dynacollect.json`: what the numbers of a data set mean, for people and programs, and where it comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ... import __version__
from ...controllers.machine import Phase
from ...rig.arms import ARMS
from ...rig.errors import DynacollectError
from ..raw.signals import pose_row
from .columns import NO_PHASE, VERDICTS, joint_names
from .facts import Facts
from .options import Options
from .staging import anew

FILE = "meta/dynacollect.json"
FORMAT = 1
"""Version of this file; a reader refuses what is newer."""
GOALS = {
    "absolute": "pose of the tool `ahead` ticks later, as then measured; at the end the last one",
    "delta": "that pose less the pose of this tick, number by number, angles wrapped to -pi..pi",
    "joint": "joints `ahead` ticks later, as then measured; at the end the last ones",
}
TURNS = {"dom": "0..2pi, -pi/2..pi/2, 0..2pi", "signed": "0..2pi, -pi/2..pi/2, -pi..pi"}
MEANINGS = {
    "timestamp": "frame_index / fps",
    "tick_time": "when the tick was, from the first row of the episode",
    "capture_time": "middle of the exposure of the picture in the row, from the first row of the episode",
    "repeated": "the camera had no picture for the tick; the one before is shown again",
    "observation.state": "pose of the tool at the tick, as measured",
    "observation.environment_state": "pose and velocity of the target at the tick, as tracked; not for policies that "
    "shall see pictures only",
    "target.turning": "angular velocity of the target",
    "target.health": "0 lost, 1 certain; with 0, its pose and velocity are the ones known last",
    "gripper.width": "between the fingers, as measured",
}
VERDICT_WORDS = {True: "success", False: "failure", None: "unsure"}


@dataclass(slots=True)
class Ledger:
    """What all episodes of a data set have in common, and which they are."""

    options: Options
    """As asked for."""
    robot: str
    fps: int
    joints: int
    cameras: tuple[str, ...]
    size: tuple[int, int]
    phases: list[str]
    """By their numbers."""
    sources: list[dict[str, Any]] = field(default_factory=list)
    """Session, number, id and first tick of each episode, by its index."""

    @classmethod
    def of_first(cls, facts: Facts, options: Options, joints: int) -> Ledger:
        """The first episode says what the others must be like."""
        record = facts.record
        _refuse_without_pictures(facts)
        cameras = options.cameras or tuple(record.videos)
        if missing := sorted({*cameras} - {*record.videos}):
            raise DynacollectError(f"{facts.name} has no camera {missing[0]}; it has {', '.join(record.videos)}")
        if record.fps != round(record.fps):
            raise DynacollectError(f"{facts.name} has {record.fps} ticks a second; LeRobot takes whole numbers only")
        video = record.videos[cameras[0]]
        size = options.size or (video.width, video.height)
        return cls(options, record.robot, round(record.fps), joints, cameras, size, [str(phase) for phase in Phase])

    @property
    def ids(self) -> set[str]:
        return {source["id"] for source in self.sources}

    def admit(self, facts: Facts) -> None:
        """Refuse an episode that cannot be in the same data set."""
        record = facts.record
        _refuse_without_pictures(facts)
        if record.robot != self.robot:
            remedy = f"--where \"{self.options.where} and robot == '{self.robot}'\""
            raise DynacollectError(
                f"{facts.name} is of {record.robot} and the data set of {self.robot}; build one of each, with {remedy}"
            )
        if record.fps != self.fps:
            raise DynacollectError(
                f"{facts.name} has {record.fps:g} ticks a second and the data set {self.fps}; build one of each"
            )
        if missing := sorted({*self.cameras} - {*record.videos}):
            both = ",".join(name for name in self.cameras if name in record.videos)
            raise DynacollectError(f"{facts.name} has no {missing[0]}; build with --cameras {both or 'that all have'}")
        self.phases += [
            name for name in dict.fromkeys(phase for _, phase, _ in record.phases) if name not in self.phases
        ]

    def write(self, folder: Path) -> None:
        said = {
            "format": FORMAT, "made_by": f"dynacollect {__version__}", "licence": self.options.licence,
            "options": self.options.as_dict(), "fps": self.fps, "robot": self.robot,
            "cameras": {"names": self.cameras, "width": self.size[0], "height": self.size[1], "colour": "RGB"},
            **_meaning(self), "episodes": self.sources,
        }  # fmt: skip
        anew(folder / FILE).write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def _refuse_without_pictures(facts: Facts) -> None:
    if not facts.record.videos:
        raise DynacollectError(
            f"{facts.name} was recorded without cameras and has no pictures to build from; leave such episodes out "
            'with --where "success and opst_cam in cameras", or record with cameras'
        )


def _meaning(ledger: Ledger) -> dict[str, Any]:
    """Of the numbers in the rows."""
    options, arm = ledger.options, ARMS.get(ledger.robot)
    return {
        "units": {"length": "m", "angle": "rad", "time": "s", "force": "N"},
        "frame": "the robot's base: z up, x to the front, y to the robot's left",
        "angles": {"order": "rotations about the fixed x, y, z axes, in this order", "range": TURNS[options.angles]},
        "tool": {
            "point": "between the finger tips, z out of the hand, y along the closing direction",
            "in_flange": arm and pose_row(arm.T_flange_tool), "in_flange_order": "x, y, z, qx, qy, qz, qw",
        },
        "joints": {
            "names": joint_names(ledger.joints), "order": "base to tip",
            "limits": arm and {"lower": arm.lower.tolist(), "upper": arm.upper.tolist()},
        },
        "action": {
            "kind": options.action, "ahead": options.ahead, "goal": GOALS[options.action],
            "gripper": "what the fingers are told at the tick: 1 open, -1 closed",
        },
        "columns": MEANINGS,
        "phases": {str(number): name for number, name in [*enumerate(ledger.phases), (NO_PHASE, "none")]},
        "verdicts": {str(number): VERDICT_WORDS[success] for success, number in VERDICTS.items()},
    }  # fmt: skip


def read_ledger(folder: Path) -> Ledger | None:
    """Of a data set that was built before; `None` where there is none."""
    path = folder / FILE
    if not path.exists():
        if folder.exists() and any(folder.iterdir()):
            raise DynacollectError(f"{folder} holds other things; name a folder that is new, empty or was built before")
        return None
    try:
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said["format"] > FORMAT:
            raise DynacollectError(f"{path} has format {said['format']}, newer than {FORMAT}; update dynacollect")
        options = TypeAdapter(Options).validate_python(said["options"])
        cameras = said["cameras"]
        return Ledger(
            options, said["robot"], said["fps"], len(said["joints"]["names"]), tuple(cameras["names"]),
            (cameras["width"], cameras["height"]),
            [name for number, name in said["phases"].items() if int(number) != NO_PHASE], list(said["episodes"]),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); build into another folder") from error
