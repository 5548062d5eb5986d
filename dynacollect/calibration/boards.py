"""Calibration boards: what is drawn on them, where their corners are, and the board.json that says so. Metres.

A board's frame: origin at its upper left, x to the right, y down, z into the board, as seen by a camera that faces it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, TypeAdapter, ValidationError, model_validator

from ..rig.config_base import Part, nearest, refusal
from ..rig.errors import DynacollectError
from ..rig.nouns import Vector

LARGEST_SQUARE = 0.5
"""A longer side, in metres, is taken for millimetres."""

Metres = Annotated[float, Field(gt=0.0)]
Pairs = NDArray[np.int64]


class Patch(NamedTuple):
    """A black rectangle: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


class Charuco(Part):
    """A chessboard with a marker in every white square; a corner is where four squares meet, in OpenCV's order."""

    type: Literal["charuco"] = "charuco"
    version: Literal[1] = 1
    squares_x: Annotated[int, Field(ge=3)] = Field(examples=[7])
    squares_y: Annotated[int, Field(ge=3)] = Field(examples=[5])
    square_m: Metres = Field(examples=[0.036])
    marker_m: Metres = Field(examples=[0.027])
    dictionary: str = Field(examples=["DICT_4X4_50"])
    legacy: bool = False
    """Drawn by OpenCV before 4.6: with an even number of rows, the upper left square is white."""

    @model_validator(mode="after")
    def check(self) -> Self:
        """Sizes are metres, markers fit into squares, and the dictionary has enough of them."""
        _check_metres("square_m", self.square_m)
        if self.marker_m >= self.square_m:
            problem = f"a marker of {self.marker_m:g} m does not fit into a square of {self.square_m:g} m"
            raise refusal(problem, "make marker_m about three quarters of square_m")
        if self.markers > (known := len(dictionary(self.dictionary).bytesList)):
            raise refusal(
                f"the board has {self.markers} markers and {self.dictionary} only {known}",
                "choose a larger dictionary or fewer squares",
            )
        return self

    @property
    def markers(self) -> int:
        return len(self.marker_squares)

    @property
    def size_m(self) -> tuple[float, float]:
        return self.squares_x * self.square_m, self.squares_y * self.square_m

    @property
    def points(self) -> Vector:
        """(m, 3): the corners, row by row."""
        return self.square_m * _grid(range(1, self.squares_x), range(1, self.squares_y))

    @property
    def sides(self) -> Pairs:
        """(k, 2): corners with one straight border between black and white from one to the other."""
        index = np.arange((self.squares_x - 1) * (self.squares_y - 1)).reshape(self.squares_y - 1, -1)
        across = np.stack([index[:, :-1].ravel(), index[:, 1:].ravel()], axis=1)
        down = np.stack([index[:-1].ravel(), index[1:].ravel()], axis=1)
        return np.concatenate([across, down])

    @property
    def clear_m(self) -> float:
        """How far around a corner nothing else is drawn."""
        return 0.5 * (self.square_m - self.marker_m)

    @property
    def marker_squares(self) -> list[tuple[int, int]]:
        """Column and row of the white squares, in the order of the markers."""
        return [(x, y) for y in range(self.squares_y) for x in range(self.squares_x) if not self._is_black(x, y)]

    def _is_black(self, x: int, y: int) -> bool:
        return (x + y) % 2 == int(self.legacy and self.squares_y % 2 == 0)

    def black(self) -> Iterator[Patch]:
        """What is drawn; no two patches overlap."""
        side = self.square_m
        for y in range(self.squares_y):
            yield from (Patch(x * side, y * side, side, side) for x in range(self.squares_x) if self._is_black(x, y))
        for number, (x, y) in enumerate(self.marker_squares):
            cells = marker_cells(self.dictionary, number, 1)
            yield from _marker(cells, x * side + self.clear_m, y * side + self.clear_m, self.marker_m)

    def scaled(self, factor: float) -> Self:
        """The same drawing at another size."""
        return type(self)(**{**self.model_dump(), **_times(factor, square_m=self.square_m, marker_m=self.marker_m)})

    def describe(self) -> str:
        kind = f"ChArUco {self.squares_x}x{self.squares_y}" + (" legacy" if self.legacy else "")
        return f"{kind}, square {1e3 * self.square_m:g} mm, marker {1e3 * self.marker_m:g} mm, {self.dictionary}"


class AprilGrid(Part):
    """Kalibr's grid of AprilTags: numbered from the lower left, row by row upward, with small squares between them.

    Corner `c` of tag `k` is point `4 k + c`; OpenCV starts at a tag's lower right and goes round by the lower left.
    """

    type: Literal["aprilgrid"] = "aprilgrid"
    version: Literal[1] = 1
    tags_x: Annotated[int, Field(ge=1)] = Field(examples=[6])
    tags_y: Annotated[int, Field(ge=1)] = Field(examples=[5])
    tag_m: Metres = Field(examples=[0.028])
    spacing: Annotated[float, Field(gt=0.0, le=1.0)] = Field(examples=[0.3])
    """Gap between tags as a share of a tag's side, as Kalibr's `tagSpacing`."""
    family: Literal["36h11"] = "36h11"
    first_id: Annotated[int, Field(ge=0)] = 0
    border_bits: Literal[1, 2] = 2
    """Width of a tag's black border in cells: 2 in Kalibr's drawings, 1 in AprilTag's own."""

    @model_validator(mode="after")
    def check(self) -> Self:
        """Sizes are metres, there are at least two tags, and the family has enough of them."""
        _check_metres("tag_m", self.tag_m)
        if self.markers < 2:
            raise refusal("the grid has a single tag", "make tags_x or tags_y at least 2")
        if self.first_id + self.markers > (known := len(dictionary(self.dictionary).bytesList)):
            last = self.first_id + self.markers - 1
            raise refusal(f"the grid needs tags up to {last} and {self.family} ends at {known - 1}", "use fewer tags")
        return self

    @property
    def dictionary(self) -> str:
        return "DICT_APRILTAG_36H11"

    @property
    def markers(self) -> int:
        return self.tags_x * self.tags_y

    @property
    def gap_m(self) -> float:
        return self.spacing * self.tag_m

    @property
    def pitch_m(self) -> float:
        return self.tag_m + self.gap_m

    @property
    def size_m(self) -> tuple[float, float]:
        return self.tags_x * self.pitch_m + self.gap_m, self.tags_y * self.pitch_m + self.gap_m

    def _tag(self, number: int) -> tuple[float, float]:
        """Upper left corner of a tag."""
        row, column = divmod(number, self.tags_x)
        return self.gap_m + column * self.pitch_m, self.gap_m + (self.tags_y - 1 - row) * self.pitch_m

    @property
    def points(self) -> Vector:
        """(m, 3): four corners a tag."""
        turn = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]])
        corners = [np.array([*self._tag(number), 0.0]) + self.tag_m * turn for number in range(self.markers)]
        return np.concatenate(corners)

    @property
    def sides(self) -> Pairs:
        """(k, 2): corners with one straight border between black and white from one to the other."""
        first = 4 * np.arange(self.markers)[:, None]
        return np.concatenate([np.stack([first + a, first + (a + 1) % 4], axis=2) for a in range(4)]).reshape(-1, 2)

    @property
    def clear_m(self) -> float:
        """How far around a corner nothing else is drawn."""
        return min(self.gap_m, self.tag_m * self.border_bits / (6 + 2 * self.border_bits))

    def black(self) -> Iterator[Patch]:
        """What is drawn; no two patches overlap."""
        for y in range(self.tags_y + 1):
            for x in range(self.tags_x + 1):
                yield Patch(x * self.pitch_m, y * self.pitch_m, self.gap_m, self.gap_m)
        for number in range(self.markers):
            cells = np.rot90(marker_cells(self.dictionary, self.first_id + number, self.border_bits), 2)
            yield from _marker(cells, *self._tag(number), self.tag_m)

    def scaled(self, factor: float) -> Self:
        """The same drawing at another size."""
        return type(self)(**{**self.model_dump(), **_times(factor, tag_m=self.tag_m)})

    def describe(self) -> str:
        ids = f"ids {self.first_id} to {self.first_id + self.markers - 1}"
        return (
            f"AprilGrid {self.tags_x}x{self.tags_y}, tag {1e3 * self.tag_m:g} mm, spacing {self.spacing:g}, "
            f"{self.family}, {ids}, border {self.border_bits}"
        )


Board = Charuco | AprilGrid

KINDS = {"charuco": Charuco, "aprilgrid": AprilGrid}


DICTIONARIES: dict[str, int] = {
    name: getattr(cv2.aruco, name) for name in dir(cv2.aruco) if name.startswith("DICT_") and name.isupper()
}


def dictionary(name: str) -> cv2.aruco.Dictionary:
    """OpenCV's dictionary of that name."""
    if name not in DICTIONARIES:
        raise refusal(f"there is no dictionary '{name}'", nearest(name, DICTIONARIES), "dictionary")
    return cv2.aruco.getPredefinedDictionary(DICTIONARIES[name])


def marker_cells(name: str, number: int, border: int) -> NDArray[np.bool_]:
    """(cells, cells): where a marker is black, its border included."""
    book = dictionary(name)
    side = int(book.markerSize) + 2 * border
    return np.asarray(book.generateImageMarker(number, side, borderBits=border)) == 0


def _marker(cells: NDArray[np.bool_], x: float, y: float, side: float) -> Iterator[Patch]:
    """Runs of black cells in a row, as one patch each."""
    cell = side / len(cells)
    for row, line in enumerate(cells):
        steps = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
        for start, end in steps.reshape(-1, 2).tolist():
            yield Patch(x + start * cell, y + row * cell, (end - start) * cell, cell)


def _grid(columns: range, rows: range) -> Vector:
    x, y = np.meshgrid(np.asarray(columns, float), np.asarray(rows, float))
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)


def _times(factor: float, **sizes: float) -> dict[str, float]:
    """Sizes to a nanometre, so that no rounding error is written."""
    return {name: round(size * factor, 9) for name, size in sizes.items()}


def _check_metres(key: str, size: float) -> None:
    if size > LARGEST_SQUARE:
        raise refusal(f"{size:g} looks like millimetres", f"write metres, {size / 1e3:g}", key)


_READER: TypeAdapter[Board] = TypeAdapter(Annotated[Board, Field(discriminator="type")])


def board_of(facts: object, source: str) -> Board:
    """The board that a board.json describes; `source` names it in errors."""
    kind = facts.get("type") if isinstance(facts, dict) else None
    if not isinstance(facts, dict) or kind not in KINDS:
        said = "has no board" if kind is None else f"has a board of type {kind!r}"
        raise DynacollectError(f'{source} {said}; write "type": "charuco" or "aprilgrid" and its sizes.')
    try:
        return _READER.validate_python(facts)
    except ValidationError as error:
        raise DynacollectError(f"{source}: {_sentence(error)}.") from error


def _sentence(error: ValidationError) -> str:
    details = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in details["loc"] if part not in KINDS)
    if details["type"] == "refusal":
        return details["msg"]
    return f"{key} is {details['input']!r}; {details['msg'][0].lower()}{details['msg'][1:]}"


def read_board(path: Path) -> Board:
    """The board of a board.json."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DynacollectError(f"There is no {path}; write one with 'dynacollect calibrate board'.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); give a readable board.json.") from error
    except json.JSONDecodeError as error:
        raise DynacollectError(f"{path}:{error.lineno} is no JSON ({error.msg}); mend that line.") from error
    return board_of(facts, str(path))


def board_text(board: Board) -> str:
    """What board.json holds."""
    return json.dumps(board.model_dump(), indent=2) + "\n"
