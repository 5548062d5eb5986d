"""What a hand holds shows by its colours around the tool, before the arm and beside it, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.nouns import Image
from dynacollect.tracking.seeing.appearance import Appearance
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.held import arm_look, shown_around
from dynacollect.tracking.seeing.view import View

WIDTH, HEIGHT, FOCAL, DEPTH = 160, 120, 120.0, 0.6
CAMERA = CameraModel("cam", WIDTH, HEIGHT, np.array([[FOCAL, 0, 79.5], [0, FOCAL, 59.5], [0, 0, 1.0]]))
PLACE = np.array([0.0, 0.0, DEPTH])
TABLE, ARM, ORANGE, GREEN = (90, 80, 70), (215, 215, 215), (210, 110, 20), (30, 120, 80)
RNG = np.random.default_rng(0)


def noisy(picture: np.ndarray) -> Image:
    return np.clip(picture + RNG.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)


def scene(*discs: tuple[tuple[int, int], int, tuple[int, int, int]], arm: bool = True) -> Image:
    """The table, the arm as a bar from above, and discs of (x, y), radius and colour."""
    picture = np.empty((HEIGHT, WIDTH, 3))
    picture[:] = TABLE
    if arm:
        picture[COVERED] = ARM
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    for (x, y), radius, colour in discs:
        picture[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = colour
    return noisy(picture)


COVERED = np.zeros((HEIGHT, WIDTH), bool)
COVERED[:66, 68:92] = True
PLATE = Background(scene(), scene(), covered=COVERED)
ARMS = arm_look([(PLATE, scene(), COVERED)])


def look_of(colour: tuple[int, int, int]) -> Appearance:
    disc = np.zeros((HEIGHT, WIDTH), bool)
    disc[80:100, 20:40] = True
    picture = np.array(scene())
    picture[disc] = noisy(np.full((400, 3), colour, float))
    PLATE.look(picture)
    return Appearance(View(PLATE, picture).colours(disc))


def shown(picture: Image, look: Appearance) -> float:
    PLATE.look(picture, COVERED)
    area = shown_around(PLATE, picture, COVERED, CAMERA, look, ARMS, PLACE, 0.07)
    assert area is not None
    return area


@pytest.mark.parametrize("colour", [ORANGE, GREEN])
@pytest.mark.parametrize("at", [(80, 58), (80, 64)])
def test_its_area_is_measured(colour: tuple[int, int, int], at: tuple[int, int]) -> None:
    found = shown(scene((at, 7, colour)), look_of(colour))
    assert found == pytest.approx(np.pi * (7 * DEPTH / FOCAL) ** 2, rel=0.25)


def test_an_empty_hand_shows_nothing() -> None:
    assert shown(scene(), look_of(ORANGE)) < 1e-5


def test_another_thing_in_the_hand_is_not_it() -> None:
    assert shown(scene(((80, 62), 7, GREEN)), look_of(ORANGE)) < 1e-5


def test_what_lies_elsewhere_does_not_count() -> None:
    assert shown(scene(((130, 100), 7, ORANGE)), look_of(ORANGE)) < 1e-5


def test_a_place_out_of_sight_tells_nothing() -> None:
    picture, look = scene(), look_of(ORANGE)
    for place in (np.array([0.0, 0.0, -1.0]), np.array([3.0, 0.0, 0.6])):
        assert shown_around(PLATE, picture, COVERED, CAMERA, look, ARMS, place, 0.07) is None
