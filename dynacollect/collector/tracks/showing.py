"""Who shows the tracker the empty table and every object by itself: the cell, or a person who is asked to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ...calibration.file import read_calibration
from ...calibration.fit_to_rig import models_for
from ...rig.camera_model import CameraModel
from ...rig.cell.cell import Cell
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from ...rig.objects import catalogue
from ...rig.rig import Rig
from ...rig.stage import Request
from ...tracking.forms.form import shape_of_form
from ...tracking.forms.learnt import known_from
from ...tracking.live import beside_table, learn_look, meshless_on, pictures, tracker_on
from ...tracking.shape import Shape, shape_of
from ...tracking.tracked import Follower
from ...training.vision import clips_of

SHOTS = 3
"""Places in which a person shows an object."""

Clips = Mapping[str, Sequence[Mapping[str, Image]]]
"""Object -> moments of it alone on the table, each camera -> picture."""


class Showing(Protocol):
    """Sets the table for a tracker."""

    def alone(self, names: Sequence[str]) -> tuple[Mapping[str, Image], Clips]:
        """The clear table, and every object alone on it; the table is left empty as it will be used."""
        ...

    def begin(self) -> None:
        """Put the objects there."""
        ...


class CellShows:
    """The cell sets its table itself, and sets the first object in motion."""

    def __init__(self, rig: Rig, cell: Cell, models: Mapping[str, CameraModel], seed: int) -> None:
        self._rig, self._cell, self._models, self._seed = rig, cell, models, seed
        self._request: Request | None = None

    def alone(self, names: Sequence[str]) -> tuple[Mapping[str, Image], Clips]:
        self._request = Request(target=names[0], distractors=tuple(names[1:]))
        self._cell.prepare(self._seed, self._request)
        plates, clips = clips_of(self._rig, names, self._models)
        self._cell.prepare(self._seed, self._request)
        self._rig.stage.clear()
        return plates, clips

    def begin(self) -> None:
        self._cell.prepare(self._seed, self._request)
        self._cell.launch()


class PersonShows:
    """A person is asked, one thing at a time."""

    def __init__(self, rig: Rig, models: Mapping[str, CameraModel], ask: Callable[[str], None]) -> None:
        self._rig, self._models, self._ask = rig, models, ask

    def alone(self, names: Sequence[str]) -> tuple[Mapping[str, Image], Clips]:
        self._ask("Clear the table, step back, and press Enter")
        plates = self._look()
        clips: dict[str, list[Mapping[str, Image]]] = {}
        for name in dict.fromkeys(names):
            clips[name] = []
            for number in range(1, SHOTS + 1):
                where = "where the cameras see it" if number == 1 else "somewhere else, turned another way"
                self._ask(f"Put the {name} alone on the table, {where} ({number} of {SHOTS}), and press Enter")
                clips[name].append(self._look())
        self._ask("Clear the table again, and press Enter")
        return plates, clips

    def begin(self) -> None:
        self._ask("Put all of them on the table; press Enter to begin")

    def _look(self) -> dict[str, Image]:
        return {camera: shots[0] for camera, shots in pictures(self._rig, self._models).items()}


def showing_on(rig: Rig, models: Mapping[str, CameraModel], seed: int, ask: Callable[[str], None]) -> Showing:
    """The cell, or a person where the rig is real."""
    fixed = beside_table(rig, models)
    if isinstance(rig.stage, Cell):
        return CellShows(rig, rig.stage, fixed, seed)
    return PersonShows(rig, fixed, ask)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A tracker that has seen all it needs before it begins."""

    tracker: Follower
    shapes: Callable[[], Mapping[str, Shape]]
    """What the objects look like, as far as it is known by now."""


def prepared(
    rig: Rig, showing: Showing, names: Mapping[str, str], models: Mapping[str, CameraModel], *, meshes: bool
) -> Prepared:
    """Let a tracker see the table and the objects; `names`: key of each -> what it is."""
    plates, clips = showing.alone(list(names.values()))
    if meshes:
        looks = {name: learn_look(name, plates, clip) for name, clip in clips.items()}
        shapes = {key: shape_of(catalogue.load(name)) for key, name in names.items()}
        return Prepared(tracker_on(rig, names, models, looks), lambda: shapes)
    known = {name: known_from(plates, clip, models, name) for name, clip in clips.items()}
    tracker = meshless_on(rig, {key: known[name] for key, name in names.items()}, models)
    return Prepared(tracker, lambda: {key: shape_of_form(form, key) for key, form in tracker.forms.items()})


def cameras_of(rig: Rig, config: RigConfig, calibration: Path | None) -> dict[str, CameraModel]:
    """As calibrated: in the file given, else the rig's own; the cell without either tells how it put them."""
    chosen = calibration or config.calibration
    if chosen is not None:
        return models_for(config, read_calibration(chosen))
    if isinstance(rig.stage, Cell):
        return dict(rig.stage.models)
    raise DynacollectError(
        "the rig has no calibration, without which nobody knows where its cameras are; make one with dynacollect "
        "calibrate capture, and name it in rig.yaml or with --calibration"
    )
