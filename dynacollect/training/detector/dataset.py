"""The folder that a detector is trained in: what was asked for, pictures with their labels, and Ultralytics' run."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import yaml

from ...rig.errors import DynacollectError
from .labels import line_of
from .scenes import PICTURES, Picture, pictures

SCHEMA = 1
QUALITY = 95
"""Of the JPEG files."""
VAL_EVERY = 6
"""Each so many-th scene is for measuring: its room and light are in no training picture."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a detector is trained on, and how long. The same plan gives the same pictures."""

    names: tuple[str, ...]
    """Its classes, by their names in the catalogue."""
    model: str
    pictures: int
    epochs: int
    size: int
    """Width of the pictures, and what the network takes [px]; their height is three quarters of it."""
    seed: int

    @property
    def scenes(self) -> int:
        return max(2, -(-self.pictures // PICTURES))


@dataclass(frozen=True, slots=True)
class Scene:
    """The pictures of one scene on the disk."""

    number: int
    folder: Path
    part: str

    @property
    def done(self) -> Path:
        """A file that is there once all are."""
        return self.folder / "scenes" / f"{self.number:05d}.done"

    def image(self, index: int) -> Path:
        return self.folder / "images" / self.part / f"{self.number:05d}_{index:02d}.jpg"

    def label(self, index: int) -> Path:
        return self.folder / "labels" / self.part / f"{self.number:05d}_{index:02d}.txt"


def begin(folder: Path, plan: Plan) -> None:
    """Open the folder for a plan; one that was begun with the same plan goes on."""
    told = {"schema": SCHEMA, **asdict(plan), "names": list(plan.names)}
    file = folder / "plan.json"
    if file.is_file():
        if json.loads(file.read_text(encoding="utf-8")) != told:
            raise DynacollectError(
                f"{folder} was begun with other settings; give those again to go on, or name another --out"
            )
        # The folder may have been moved.
        _write(folder / "data.yaml", yaml.safe_dump(_data(folder, plan), sort_keys=False))
        return
    try:
        for kind in ("images", "labels"):
            for part in ("train", "val"):
                (folder / kind / part).mkdir(parents=True)
        (folder / "scenes").mkdir()
        _write(folder / "data.yaml", yaml.safe_dump(_data(folder, plan), sort_keys=False))
        _write(file, json.dumps(told, indent=2))
    except OSError as error:
        raise DynacollectError(
            f"cannot begin in {folder} ({error}); name an --out beside which nothing of that name is"
        ) from error


def make(folder: Path, plan: Plan) -> Generator[int]:
    """Take all pictures that are not there yet; yields their number after each scene."""
    for number in range(plan.scenes):
        scene = Scene(number, folder, "val" if number % VAL_EVERY == 1 else "train")
        if not scene.done.exists():
            taken = pictures(plan.names, plan.seed * 100_003 + number, plan.size, plan.size * 3 // 4)
            for index, picture in enumerate(taken):
                _keep(scene, index, picture, plan.names)
            _write(scene.done, "")
        yield (number + 1) * PICTURES


def counts(folder: Path) -> dict[str, int]:
    """How many pictures each part has."""
    return {part: sum(1 for _ in (folder / "images" / part).glob("*.jpg")) for part in ("train", "val")}


def _keep(scene: Scene, index: int, picture: Picture, names: tuple[str, ...]) -> None:
    lines = (line_of(names.index(name), mask) for name, mask in picture.shown)
    _write(scene.label(index), "".join(f"{line}\n" for line in lines if line))
    cv2.imwrite(str(scene.image(index)), picture.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])


def _data(folder: Path, plan: Plan) -> dict[str, object]:
    """As Ultralytics reads it."""
    names = dict(enumerate(plan.names))
    return {"path": str(folder.resolve()), "train": "images/train", "val": "images/val", "names": names}


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
