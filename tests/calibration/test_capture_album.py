"""The folder that a capture fills is readable whenever it is cut off, and goes on where it was."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform

from dynacollect.calibration.boards import board_of
from dynacollect.calibration.capture.album import Album, Taken
from dynacollect.calibration.layout import Layout, read_layout
from dynacollect.calibration.sightings import Mounting
from dynacollect.rig.errors import DynacollectError

from .drawn_boards import shoot

FACTS = {
    "type": "charuco", "squares_x": 7, "squares_y": 5, "square_m": 0.056, "marker_m": 0.042,
    "dictionary": "DICT_4X4_50",
}  # fmt: skip
BOARD = board_of(FACTS, "here")
WRITES = ("replace", "fsync", "symlink", "unlink", "mkdir")
FRAMES: tuple[tuple[Mounting, tuple[str, ...]], ...] = (
    ("held", ("front",)),
    ("table", ("wrist",)),
    ("table", ("wrist", "second")),
)


class Killed(BaseException):
    """The process ended here."""


@cache
def picture() -> NDArray[np.uint8]:
    return np.ascontiguousarray(shoot(BOARD, (8.0, -12.0, 5.0), (0.0, 0.0, 0.8)).image[90:270, 115:365])


def pose(number: int) -> RigidTransform:
    return RigidTransform.from_translation([0.01 * number, 0.2, 0.3])


def add(album: Album, number: int) -> int:
    mounting, cameras = FRAMES[number]
    pictures = {camera: Taken(picture(), 10.0 + number) for camera in cameras}
    return album.append(mounting, pictures, pose(number), np.full(6, float(number)), 10.0 + number)


def kept(layout: Layout) -> set[tuple[str, float | None]]:
    return {(sighting.camera, sighting.captured_at) for sighting in layout.data.sightings}


def wanted(numbers: range) -> set[tuple[str, float | None]]:
    return {(camera, 10.0 + number) for number in numbers for camera in FRAMES[number][1]}


def test_what_was_put_in_is_read_back(tmp_path: Path) -> None:
    album = Album(tmp_path / "new" / "here", BOARD)
    assert [add(album, number) for number in range(3)] == [0, 0, 1]
    layout = read_layout(album.folder)
    assert layout.board == BOARD
    assert kept(layout) == wanted(range(3))
    for told in layout.data.poses:
        number = 0 if told.mounting == "held" else 1 + told.frame
        assert np.allclose(told.T_base_flange.as_matrix(), pose(number).as_matrix())
        assert told.joints is not None
        assert np.array_equal(told.joints, np.full(6, number))
        assert told.measured_at == 10.0 + number
    assert not [path for path in album.folder.rglob("*") if path.name.startswith(".") or path.is_symlink()]


def test_colours_and_depth_are_kept(tmp_path: Path) -> None:
    red = np.zeros((40, 60, 3), np.uint16)
    red[..., 0] = 40000
    Album(tmp_path, BOARD).append("held", {"front": Taken(red, 0.0)}, pose(0))
    back = cv2.imread(str(tmp_path / "held" / "front" / "000.png"), cv2.IMREAD_UNCHANGED)
    assert back is not None
    assert back.dtype == np.uint16
    assert back[0, 0].tolist() == [0, 0, 40000]


@contextmanager
def killed_at(step: int, patch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The process ends before its `step`-th write; tells how many there were."""
    count = [0]

    def ending(real: Callable[..., object]) -> Callable[..., object]:
        def write(*words: object, **more: object) -> object:
            count[0] += 1
            if count[0] >= step:
                raise Killed
            return real(*words, **more)

        return write

    with patch.context() as inside:
        for name in WRITES:
            inside.setattr(os, name, ending(getattr(os, name)))
        yield count


@pytest.mark.slow
def test_it_survives_being_killed_at_every_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = 0
    for step in range(1, 200):
        folder, done = tmp_path / str(step), 0
        with killed_at(step, monkeypatch) as count:
            try:
                album = Album(folder, BOARD)
                for number in range(len(FRAMES)):
                    add(album, number)
                    done += 1
            except Killed:
                pass
        if count[0] < step:
            break
        steps = step
        if done:
            there = kept(read_layout(folder))
            assert wanted(range(done)) <= there <= wanted(range(done + 1)), step
        before = {path: path.read_bytes() for path in folder.glob("[ht]*/*/*.png") if not path.name.startswith(".")}
        again = Album(folder, BOARD)
        for number in range(done, len(FRAMES)):
            add(again, number)
        assert kept(read_layout(folder)) == wanted(range(len(FRAMES))), step
        assert all(path.read_bytes() == content for path, content in before.items())
    assert steps > 30


def test_numbers_go_on(tmp_path: Path) -> None:
    add(Album(tmp_path, BOARD), 1)
    album = Album(tmp_path, BOARD)
    assert album.next_frame("table") == 1
    assert album.next_frame("held") == 0
    rows = json.loads((tmp_path / "robot_table.json").read_text())
    (tmp_path / "robot_table.json").write_text(json.dumps([*rows, {**rows[0], "frame": 7}]))
    assert add(album, 2) == 8


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    add(Album(tmp_path, BOARD), 0)
    before = (tmp_path / "board.json").read_bytes()
    with pytest.raises(DynacollectError, match="another board"):
        Album(tmp_path, board_of({**FACTS, "square_m": 0.05}, "here"))
    assert (tmp_path / "board.json").read_bytes() == before
    album = Album(tmp_path, BOARD)
    with pytest.raises(DynacollectError, match="another arm"):
        album.append("held", {"front": Taken(picture(), 0.0)}, pose(0), np.zeros(7))
    with pytest.raises(DynacollectError, match="another picture size"):
        album.append("held", {"front": Taken(picture()[:100], 0.0)}, pose(0), np.zeros(6))
    with pytest.raises(DynacollectError, match="without a picture"):
        album.append("held", {}, pose(0), np.zeros(6))
    assert album.next_frame("held") == 1
    (tmp_path / "board.json").unlink()
    with pytest.raises(DynacollectError, match=r"no board\.json"):
        Album(tmp_path, BOARD)


def test_a_folder_without_times_goes_on_without(tmp_path: Path) -> None:
    album = Album(tmp_path, BOARD)
    add(album, 0)
    (tmp_path / "times.json").unlink()
    add(album, 1)
    layout = read_layout(tmp_path)
    assert [sighting.captured_at for sighting in layout.data.sightings] == [None, None]
