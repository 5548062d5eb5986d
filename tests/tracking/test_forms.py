"""Solids drawn as masks give back which they are, how large, where, and how turned; and a hidden part drags nothing."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial import ConvexHull

from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.nouns import Frame, ObjectState, Vector
from dynacollect.rig.pose import pose_of
from dynacollect.tracking.forms.follow import LEAST, follow, foreseen
from dynacollect.tracking.forms.form import UNIT, Form, Kind, model_of, shape_of_form
from dynacollect.tracking.forms.measure import Looks, Measured, chosen, measure
from dynacollect.tracking.forms.outlines import Posed, moments_of, moments_within, outline
from dynacollect.tracking.pose.looks import Look

from .painted import Plain, cameras

CAMERAS = cameras()
PLACE = np.array([0.45, 0.04, 0.04])
FORMS = {
    "ball": Form("ball", np.array([0.034, 0.032, 0.031])),
    "egg": Form("ball", np.array([0.042, 0.028, 0.028])),
    "bottle": Form("ball", np.array([0.032, 0.029, 0.08])),
    "column": Form("column", np.array([0.029, 0.029, 0.05])),
    "roll": Form("roll", np.array([0.05, 0.027, 0.027])),
    "box": Form("box", np.array([0.045, 0.026, 0.02])),
}


def look(camera: CameraModel, hidden: np.ndarray | None = None, time: float = 0.0) -> Look:
    T = camera.T_parent_camera
    image = np.zeros((camera.height, camera.width, 3), np.uint8)
    scene = Plain(image.astype(np.float32), 2.0)
    turn = T.rotation.as_matrix().T
    return Look(Frame(image, camera.name, 0, time, time, time), camera, turn, np.asarray(T.translation), scene, hidden)


def mask(camera: CameraModel, posed: Posed, finer: int = 8) -> np.ndarray:
    """The pixels that the solid fills more than half."""
    polygon = outline(look(camera), posed.corners(np.zeros(3)))
    assert polygon is not None
    fine = np.zeros((camera.height * finer, camera.width * finer), np.uint8)
    cv2.fillConvexPoly(fine, np.round(16 * ((polygon + 0.5) * finer - 0.5)).astype(np.int32), 255, cv2.LINE_8, 4)
    return cv2.resize(fine, (camera.width, camera.height), interpolation=cv2.INTER_AREA) > 127


def masks(posed: Posed) -> dict[str, np.ndarray]:
    return {camera.name: mask(camera, posed) for camera in CAMERAS}


def state(place: Vector, yaw: float, velocity: Vector | None = None) -> ObjectState:
    c, s = np.cos(yaw), np.sin(yaw)
    pose = pose_of(place, np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]))
    moves = np.zeros(3) if velocity is None else velocity
    return ObjectState("it", pose, moves, np.zeros(3), 1e-5 * np.eye(12), 0.0)


def turned(yaw: float, other: float) -> float:
    """The angle between two axes, rad."""
    return abs((yaw - other + np.pi / 2) % np.pi - np.pi / 2)


def test_moments_of_an_outline_are_those_of_its_pixels() -> None:
    posed = Posed(FORMS["box"], PLACE, 0.4)
    polygon = outline(look(CAMERAS[0]), posed.corners(np.zeros(3)))
    pixels = mask(CAMERAS[0], posed)
    assert polygon is not None
    counted = moments_of(pixels, (0, 0, pixels.shape[1], pixels.shape[0]))
    assert counted is not None
    off = (moments_within(polygon) - counted) / [*counted[:1], 1.0, 1.0, *counted[[3]], counted[3], counted[5]]
    assert np.abs(off).max() < 0.05


@pytest.mark.parametrize("kind", UNIT)
def test_a_solid_is_as_large_as_it_says(kind: Kind) -> None:
    """Polygons that stand for circles have their area."""
    half = np.array([0.05, 0.03, 0.02])
    volume = {"ball": 4 / 3 * np.pi, "column": 2 * np.pi, "roll": 2 * np.pi, "box": 8.0}[kind] * half.prod()
    assert ConvexHull(Form(kind, half).corners).volume == pytest.approx(volume, rel=0.08)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("yaw", [0.3, 1.4])
def test_a_form_is_measured_from_two_masks(name: str, yaw: float) -> None:
    form = FORMS[name]
    book = Looks()
    for shift in (0.0, 0.03, 0.06):
        place = PLACE + np.array([0.0, shift, 0.0])
        found = measure([look(camera) for camera in CAMERAS], masks(Posed(form, place, yaw)), 0.0)
        book.take(found)
        best = found[form.kind].posed
        np.testing.assert_allclose(best.place, place, atol=0.0015)
        if form.half[0] > 1.2 * form.half[1]:
            assert turned(best.yaw, yaw) < np.deg2rad(4)
    assert book.form is not None
    assert book.form.kind == form.kind
    flat, other = np.sort(book.form.half[:2]), np.sort(form.half[:2])
    np.testing.assert_allclose([*flat, book.form.half[2]], [*other, form.half[2]], atol=0.003)


def test_a_size_known_before_holds_a_form_that_masks_leave_open() -> None:
    posed = Posed(FORMS["box"], PLACE, 0.3)
    looks, seen = [look(camera) for camera in CAMERAS], masks(posed)
    free, held = (measure(looks, seen, 0.0, size=size)["box"].posed.form.size for size in (None, 0.7 * posed.form.size))
    assert 0.7 * posed.form.size < held < free


def test_one_view_measures_nothing() -> None:
    posed = Posed(FORMS["box"], PLACE, 0.3)
    assert measure([look(CAMERAS[0])], masks(posed), 0.0) == {}
    assert Looks().form is None


def test_of_kinds_that_are_as_good_the_simplest_is_chosen() -> None:
    scores: dict[Kind, float] = {"box": 0.900, "column": 0.895, "ball": 0.7}
    assert chosen(scores) == "column"
    assert chosen({**scores, "box": 0.95}) == "box"
    assert chosen({}) is None


@pytest.mark.parametrize("name", FORMS)
def test_a_known_form_is_followed(name: str) -> None:
    true, form = Posed(FORMS[name], PLACE, 0.5), FORMS[name]
    seen = follow(
        form, state(PLACE + np.array([0.008, -0.006, 0.003]), 0.4), [look(camera) for camera in CAMERAS], masks(true)
    )
    assert seen is not None
    np.testing.assert_allclose(seen.posed.place, PLACE, atol=0.001)
    assert seen.covered > 0.95
    if not form.is_round and name != "egg":
        assert turned(seen.posed.yaw, 0.5) < np.deg2rad(3)


def test_views_taken_later_see_it_further_on() -> None:
    velocity, lag = np.array([0.0, 0.7, 0.0]), 0.02
    form = FORMS["box"]
    later = Posed(form, PLACE + lag * velocity, 0.5)
    seen = {CAMERAS[0].name: mask(CAMERAS[0], Posed(form, PLACE, 0.5)), CAMERAS[1].name: mask(CAMERAS[1], later)}
    looks = [look(CAMERAS[0]), look(CAMERAS[1], time=lag)]
    found = follow(form, state(PLACE, 0.5, velocity), looks, seen)
    assert found is not None
    np.testing.assert_allclose(found.posed.place, PLACE, atol=0.001)


@pytest.mark.parametrize("side", ["left", "right", "top"])
def test_a_hidden_part_does_not_drag_the_middle(side: str) -> None:
    form, true = FORMS["column"], Posed(FORMS["column"], PLACE, 0.0)
    seen, looks = masks(true), []
    for camera in CAMERAS:
        x, y, w, h = cv2.boundingRect(seen[camera.name].astype(np.uint8))
        arm = np.zeros((camera.height, camera.width), bool)
        arm[{"left": np.s_[:, : x + w // 3], "right": np.s_[:, x + w - w // 3 :], "top": np.s_[: y + h // 3]}[side]] = (
            True
        )
        looks.append(look(camera, arm))
        seen[camera.name] &= ~arm
    open_looks = [replace(each, hidden=None) for each in looks]
    start = state(PLACE + np.array([0.004, 0.004, 0.0]), 0.0)
    found, dragged = follow(form, start, looks, seen), follow(form, start, open_looks, seen)
    assert found is not None
    assert dragged is not None
    assert np.linalg.norm(found.posed.place - PLACE) < 0.0025
    assert np.linalg.norm(dragged.posed.place - PLACE) > 0.003
    assert np.trace(found.covariance[:3, :3]) < np.trace(dragged.covariance[:3, :3])


def test_what_the_picture_cuts_off_does_not_drag_the_middle() -> None:
    form = FORMS["roll"]
    small = [replace(camera, width=int(camera.project(PLACE[None])[0, 0]) + 8) for camera in CAMERAS]
    seen = {camera.name: mask(camera, Posed(form, PLACE, 1.2)) for camera in small}
    assert all(pixels[:, -1].any() for pixels in seen.values())
    found = follow(form, state(PLACE + np.array([0.003, 0.003, 0.0]), 1.1), [look(camera) for camera in small], seen)
    assert found is not None
    assert np.linalg.norm(found.posed.place - PLACE) < 0.003


def test_a_mask_of_something_else_is_not_followed() -> None:
    form = FORMS["column"]
    looks = [look(camera) for camera in CAMERAS]
    large = Form("box", 3.0 * form.half)
    assert follow(form, state(PLACE, 0.0), looks, masks(Posed(large, PLACE, 0.0))) is None
    assert follow(form, state(PLACE, 0.0), looks, {}) is None


def test_one_view_and_a_foreseen_place_are_enough_but_less_sure() -> None:
    form, true = FORMS["ball"], masks(Posed(FORMS["ball"], PLACE, 0.0))
    looks = [look(camera) for camera in CAMERAS]
    both, one = follow(form, state(PLACE, 0.0), looks, true), follow(form, state(PLACE, 0.0), looks[:1], true)
    assert both is not None
    assert one is not None
    assert np.linalg.norm(one.posed.place - PLACE) < 0.004
    assert one.covered > LEAST
    assert np.trace(one.covariance[:3, :3]) > 2.0 * np.trace(both.covariance[:3, :3])


def test_the_height_tells_how_far_away_a_thing_is_that_one_view_sees() -> None:
    form, true = FORMS["ball"], masks(Posed(FORMS["ball"], PLACE, 0.0))
    toward = PLACE - np.asarray(CAMERAS[1].T_parent_camera.translation)
    start = state(PLACE + 0.03 * toward / np.linalg.norm(toward), 0.0)
    looks = [look(CAMERAS[1])]
    blind, anchored = follow(form, start, looks, true), follow(form, start, looks, true, float(PLACE[2]))
    assert blind is not None
    assert anchored is not None
    assert np.linalg.norm(anchored.posed.place - PLACE) < 0.007 < np.linalg.norm(blind.posed.place - PLACE)
    assert np.trace(anchored.covariance[:3, :3]) < 0.5 * np.trace(blind.covariance[:3, :3])


def test_a_form_is_foreseen_where_its_mask_is() -> None:
    true = Posed(FORMS["box"], PLACE, 0.5)
    for camera in CAMERAS:
        shown = foreseen(true.form, state(PLACE, 0.5), look(camera), 5)
        assert shown is not None
        x0, y0, x1, y1 = shown.box
        both = mask(camera, true)[y0:y1, x0:x1]
        assert np.count_nonzero(both & shown.silhouette) > 0.9 * np.count_nonzero(both | shown.silhouette)
    assert foreseen(true.form, state(PLACE + np.array([3.0, 0.0, 0.0]), 0.5), look(CAMERAS[0]), 5) is None


@pytest.mark.parametrize("name", FORMS)
def test_a_form_becomes_a_closed_model_of_its_size(name: str) -> None:
    form = FORMS[name]
    model, shape = model_of(form, name), shape_of_form(form, name)
    hull = ConvexHull(form.corners)
    a, b, c = (model.vertices[model.faces[:, corner]] for corner in range(3))
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum()) / 6
    assert volume == pytest.approx(hull.volume, rel=1e-6), "closed, and outward everywhere"
    np.testing.assert_array_equal(model.vertices, shape.vertices)
    np.testing.assert_allclose(model.extent, 2.0 * form.half, rtol=0.03)
    assert model.rest_height == form.half[2]


def test_measurements_speak_for_the_form_that_most_of_them_have() -> None:
    book = Looks()
    for size in (0.02, 0.03, 0.04):
        posed = Posed(Form("box", np.full(3, size)), PLACE, 0.0)
        book.take({"box": Measured(posed, 0.9, 0.95), "ball": Measured(posed, 0.8, 0.95)})
    assert book.count == 3
    assert book.form is not None
    assert book.form.kind == "box"
    np.testing.assert_allclose(book.form.half, 0.03)
