"""What a clip teaches of an object, without anybody pointing at it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.seeing.appearance import Appearance
from dynacollect.tracking.seeing.registration import learn, register
from dynacollect.tracking.seeing.tones import opponent, tones
from dynacollect.tracking.shape import Shape

from .still_life import BALL, BOX, EGG, LIME, WHITE_BALL, Scene, Table, Thing, iou

TABLES = {
    "plain": Table(colour=(0.5, 0.5, 0.5)),
    "wood": Table("clouds", (0.40, 0.25, 0.12), (0.22, 0.13, 0.06)),
    "checks": Table("checks", (0.5, 0.1, 0.1), (0.6, 0.55, 0.5)),
    "dark": Table(colour=(0.04, 0.045, 0.05)),
}


def clip(table: Table, thing: Thing, count: int = 4) -> list[Scene]:
    rng = np.random.default_rng(5)
    return [
        Scene(table, (replace(thing, x=rng.uniform(40, 280), y=rng.uniform(40, 200), angle=rng.uniform(-3, 3)),))
        for _ in range(count)
    ]


def pictures(scenes: list[Scene]) -> list[dict[str, np.ndarray]]:
    return [{"cam": scene.picture(10 + index)} for index, scene in enumerate(scenes)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("thing", [BALL, EGG, BOX], ids=["ball", "egg", "box"])
def test_the_object_is_found_without_its_shadow(table: str, thing: Thing) -> None:
    scenes = clip(TABLES[table], thing)
    learnt = learn({"cam": scenes[0].empty().picture(1)}, pictures(scenes))
    overlaps = [iou(found["cam"], scene.mask()) for found, scene in zip(learnt.masks, scenes, strict=True)]
    assert min(overlaps) > 0.72
    assert np.median(overlaps) > 0.8


def test_a_hand_that_reaches_in_is_not_the_object() -> None:
    scenes = clip(TABLES["wood"], LIME)
    shown = pictures(scenes)
    rng = np.random.default_rng(1)
    for views in shown:
        place = int(rng.integers(40, 240))
        skin = np.array([205, 150, 120]) + rng.normal(0, 6, (70, 60, 3))
        views["cam"][:70, place : place + 60] = np.clip(skin, 0, 255)
    learnt = learn({"cam": scenes[0].empty().picture(1)}, shown)
    seen = [
        (found["cam"], scene.mask())
        for found, scene in zip(learnt.masks, scenes, strict=True)
        if scene.things[0].y > 95
    ]
    assert len(seen) >= 2
    assert min(iou(*pair) for pair in seen) > 0.85


def test_white_on_white_is_found_with_its_shadow_and_says_so() -> None:
    scenes = clip(Table(colour=(0.62, 0.62, 0.60)), WHITE_BALL)
    learnt = learn({"cam": scenes[0].empty().picture(1)}, pictures(scenes))
    assert learnt.with_shadow
    assert all(iou(found["cam"], scene.mask()) > 0.3 for found, scene in zip(learnt.masks, scenes, strict=True))


def test_a_clip_without_an_object_is_refused() -> None:
    empty = Scene(TABLES["wood"])
    with pytest.raises(DynacollectError, match="egg was found in only 0 of the 3 pictures"):
        register({"cam": empty.picture(1)}, {"egg": [{"cam": empty.picture(seed)} for seed in (2, 3, 4)]})


@pytest.mark.slow
def test_unlike_objects_do_not_look_alike() -> None:
    plate = Scene(TABLES["plain"]).picture(1)
    things = {"ball": BALL, "egg": EGG, "lime": LIME, "box": BOX}
    looks = register(
        {"cam": plate}, {name: pictures(clip(TABLES["plain"], thing, 3)) for name, thing in things.items()}
    )
    for name, look in looks.items():
        assert look.likeness(look) == pytest.approx(1.0, abs=1e-3)
        assert max(look.likeness(other) for key, other in looks.items() if key != name) < 0.45


def coloured_box(colour: tuple[int, int, int]) -> Shape:
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    faces = np.array([[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5]], np.int32)
    return Shape("box", corners, faces, Symmetry(), np.tile(np.array(colour, np.uint8), (4, 1)))


def test_a_mesh_tells_roughly_what_the_colours_are() -> None:
    red, blue = (Appearance.of_mesh(coloured_box(colour)) for colour in ((190, 40, 35), (40, 60, 180)))
    dim_red = opponent(tones(np.full((1, 50, 3), (120, 24, 22), np.uint8)))[0]
    assert red.fit(dim_red) > Appearance().fit(dim_red) > blue.fit(dim_red)
    plain = replace(coloured_box((1, 2, 3)), face_colours=None)
    assert not Appearance.of_mesh(plain).known


def test_colours_that_change_are_followed() -> None:
    before, after = (
        opponent(tones(np.full((1, 80, 3), colour, np.uint8)))[0] for colour in ((180, 60, 50), (190, 110, 50))
    )
    look = Appearance(before)
    was = look.fit(after)
    for _ in range(10):
        look.update(after, 0.1)
    assert look.fit(after) > was + 1.0
    assert look.fit(before) > Appearance().fit(before)
