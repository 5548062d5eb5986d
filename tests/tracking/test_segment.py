"""Masks of painted things in other lights than they were learnt in, and what gates say of masks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import Mask, Masks
from dynacollect.tracking.seeing import gates
from dynacollect.tracking.seeing.appearance import Appearance
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.registration import register
from dynacollect.tracking.seeing.segment import AppearanceSegmenter, Region

from .still_life import BALL, BOX, LIME, Lamp, Scene, Table, frames_of, iou, middle

LEARNING = Lamp()
LAMPS = {
    "same": LEARNING,
    "warm": Lamp(cast=(0.9, 0.7, 0.5), slope=(0.25, -0.1)),
    "dim": Lamp(cast=(0.35, 0.4, 0.45), slope=(-0.2, 0.15), vignetting=0.3, read=2.5),
    "bright": Lamp(cast=(1.4, 1.4, 1.5), slope=(0.1, 0.2)),
}
WOOD = Table("clouds", (0.40, 0.25, 0.12), (0.22, 0.13, 0.06))
GREY = Table(colour=(0.5, 0.5, 0.5))
CHECKS = Table("checks", (0.5, 0.1, 0.1), (0.6, 0.55, 0.5))
TABLES = {"grey": GREY, "checks": CHECKS}
THINGS = {"ball": BALL, "box": BOX, "lime": LIME}
"""Sure to be told from these tables by their colours."""


@cache
def learnt(table: Table) -> AppearanceSegmenter:
    """A segmenter for all things, each learnt from three pictures."""
    plate = Scene(table).picture(1)
    clips = {}
    for name, thing in THINGS.items():
        spots = [replace(thing, x=80 + 70 * i, y=60 + 50 * i, angle=float(i)) for i in range(3)]
        clips[name] = [{"cam": Scene(table, (spot,)).picture(10 + i)} for i, spot in enumerate(spots)]
    return AppearanceSegmenter({"cam": Background(plate)}, register({"cam": plate}, clips))


@pytest.fixture(scope="module", params=TABLES)
def learned(request: pytest.FixtureRequest) -> tuple[Table, AppearanceSegmenter]:
    return TABLES[request.param], learnt(TABLES[request.param])


@pytest.fixture(scope="module")
def on_grey() -> AppearanceSegmenter:
    return learnt(GREY)


def region_of(mask: np.ndarray, off: tuple[int, int] = (0, 0), room: int = 12) -> Region:
    """A region that expects the mask, but so far off."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    box = (x - room + off[0], y - room + off[1], x + width + room + off[0], y + height + room + off[1])
    return Region(box, mask[y - room : y + height + room, x - room : x + width + room])


@pytest.mark.slow
@pytest.mark.parametrize("lamp", LAMPS)
def test_things_are_outlined_in_any_light(learned: tuple[Table, AppearanceSegmenter], lamp: str) -> None:
    table, segmenter = learned
    scene = Scene(table, tuple(THINGS.values()), LAMPS[lamp])
    picture = scene.picture(50)
    segmenter.backgrounds["cam"].look(picture)
    truth = {name: scene.mask(index) for index, name in enumerate(THINGS)}
    regions = {"cam": {name: region_of(mask, (2, -1)) for name, mask in truth.items()}}
    masks = segmenter.segment(frames_of(cam=picture), regions, {}).views["cam"]
    found = segmenter.find(frames_of(cam=picture), list(THINGS), {})["cam"]
    for name, mask in truth.items():
        assert iou(masks[name].pixels, mask) > 0.84, name
        assert np.linalg.norm(middle(masks[name].pixels) - middle(mask)) < 0.5, name
        assert iou(found[name][0].pixels, mask) > 0.8, f"{name} found elsewhere"
        fits = segmenter.fits(frames_of(cam=picture).frames["cam"], mask)
        assert max(fits, key=lambda key: fits[key]) == name
        assert gates.identity(name, fits).passed


@pytest.mark.slow
def test_an_object_that_stands_before_another_keeps_its_pixels(on_grey: AppearanceSegmenter) -> None:
    scene = Scene(GREY, (replace(BOX, x=140, y=110), replace(BALL, x=152, y=116)))
    picture = scene.picture(7)
    on_grey.backgrounds["cam"].look(picture)
    truth = {"box": scene.mask(0), "ball": scene.mask(1)}
    whole_box = Scene(GREY, scene.things[:1]).mask()
    regions = {"cam": {"box": region_of(whole_box), "ball": region_of(truth["ball"])}}
    masks = on_grey.segment(frames_of(cam=picture), regions, {}).views["cam"]
    assert not (masks["box"].pixels & masks["ball"].pixels).any()
    assert all(iou(masks[name].pixels, mask) > 0.75 for name, mask in truth.items())


@pytest.mark.slow
def test_what_the_arm_covers_is_never_in_a_mask(on_grey: AppearanceSegmenter) -> None:
    scene = Scene(GREY, (BALL,))
    picture, truth = scene.picture(7), scene.mask()
    hidden = np.zeros(truth.shape, bool)
    hidden[:, 155:170] = True
    picture[hidden] = (200, 200, 205)
    on_grey.backgrounds["cam"].look(picture, hidden)
    regions = {"cam": {"ball": region_of(truth)}}
    mask = on_grey.segment(frames_of(cam=picture), regions, {"cam": hidden}).views["cam"]["ball"].pixels
    assert not (mask & hidden).any()
    assert iou(mask, truth & ~hidden) > 0.85
    assert gates.area(mask, truth, hidden).passed
    assert gates.shape(mask, truth, hidden).passed


@pytest.mark.slow
def test_nothing_is_seen_where_nothing_is(on_grey: AppearanceSegmenter) -> None:
    picture = Scene(GREY, lamp=LAMPS["warm"]).picture(7)
    on_grey.backgrounds["cam"].look(picture)
    where = Scene(GREY, (BALL,)).mask()
    masks = on_grey.segment(frames_of(cam=picture), {"cam": {"ball": region_of(where)}}, {})
    assert masks.views["cam"] == {}
    assert on_grey.find(frames_of(cam=picture), ["ball"], {})["cam"]["ball"] == ()
    outside = {"cam": {"ball": Region((-50, -50, -10, -10))}, "other": {"ball": Region((0, 0, 9, 9))}}
    assert on_grey.segment(frames_of(cam=picture), outside, {}).views == {"cam": {}}


@pytest.mark.slow
def test_another_things_place_does_not_make_it_the_object(on_grey: AppearanceSegmenter) -> None:
    scene = Scene(GREY, (replace(LIME, x=150, y=110),))
    picture = scene.picture(7)
    on_grey.backgrounds["cam"].look(picture)
    regions = {"cam": {"ball": region_of(scene.mask())}}
    mask = on_grey.segment(frames_of(cam=picture), regions, {}).views["cam"].get("ball")
    assert mask is None or np.count_nonzero(mask.pixels & scene.mask()) < 0.2 * np.count_nonzero(scene.mask())
    assert not gates.identity("ball", on_grey.fits(frames_of(cam=picture).frames["cam"], scene.mask())).passed


def test_an_unknown_object_is_what_is_no_shade() -> None:
    scene = Scene(WOOD, (BALL,))
    background = Background(scene.empty().picture(1))
    picture = scene.picture(7)
    background.look(picture)
    segmenter = AppearanceSegmenter({"cam": background}, {"thing": Appearance()})
    regions = {"cam": {"thing": region_of(scene.mask())}}
    frames = frames_of(cam=picture)
    mask = segmenter.segment(frames, regions, {}).views["cam"]["thing"]
    assert iou(mask.pixels, scene.mask()) > 0.85
    segmenter.learn(frames, Masks({"cam": {"thing": Mask(scene.mask(), 1.0)}}, 0.0))
    assert segmenter.appearances["thing"].known


@pytest.mark.slow
def test_large_boxes_are_outlined_to_the_pixel(on_grey: AppearanceSegmenter) -> None:
    scene = Scene(GREY, (replace(BALL, x=160, y=120, half=(70, 60)),))
    picture = scene.picture(7)
    on_grey.backgrounds["cam"].look(picture)
    mask = on_grey.segment(frames_of(cam=picture), {"cam": {"ball": region_of(scene.mask(), room=30)}}, {})
    assert iou(mask.views["cam"]["ball"].pixels, scene.mask()) > 0.95


def test_area_and_shape_refuse_what_is_something_else() -> None:
    disc = Scene(GREY, (BALL,)).mask()
    long = Scene(GREY, (replace(BALL, half=(45, 4), angle=0.7),)).mask()
    small = Scene(GREY, (replace(BALL, half=(5, 5)),)).mask()
    assert gates.shape(np.roll(disc, (3, 5), (0, 1)), disc).value == 1.0
    assert not gates.shape(long, disc).passed
    assert not gates.area(small, disc).passed
    assert not gates.shape(np.zeros_like(disc), disc).passed


def test_views_must_agree_where_the_object_is() -> None:
    K = np.array([[240.0, 0, 159.5], [0, 240, 119.5], [0, 0, 1]])
    places = (np.array([1.0, 0.0, 0.6]), np.array([0.4, 1.0, 0.4]))
    cameras = [
        CameraModel(f"cam{i}", 320, 240, K, T_parent_camera=look_at(place, np.array([0.4, 0.0, 0.0])))
        for i, place in enumerate(places)
    ]
    here, there = np.array([[0.45, 0.05, 0.03]]), np.array([[0.45, 0.05, 0.15]])
    right = [camera.project(here)[0] for camera in cameras]
    wrong = [cameras[0].project(here)[0], cameras[1].project(there)[0]]
    assert gates.ray_distance(cameras, right) < 1e-6
    assert gates.epipolar(cameras, right, size=0.06).passed
    refused = gates.epipolar(cameras, wrong, size=0.06)
    assert not refused.passed
    assert "rays pass" in refused.reason
    assert gates.epipolar(cameras, wrong, size=0.06, slack=0.2).passed
