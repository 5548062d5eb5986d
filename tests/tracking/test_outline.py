"""The outline of things whose outline is known: balls and boxes, anywhere and through bent lenses."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.nouns import Vector
from dynacollect.tracking.pose import viewpoints
from dynacollect.tracking.pose.looks import Look
from dynacollect.tracking.pose.outline import Outline, outline
from dynacollect.tracking.pose.silhouettes import overlap, silhouette
from dynacollect.tracking.pose.viewpoints import ViewpointModel, viewpoint_model

from .painted import WHITE, Thing, ball, block, cameras, empty, look, mask_of

LENSES = {"straight": np.zeros(5), "bent": np.array([-0.12, 0.05, 0.002, -0.001, 0.01])}
POSES = 8
STEP = 1e-4


@pytest.fixture(scope="module")
def models() -> dict[str, ViewpointModel]:
    return {"ball": viewpoint_model(ball(0.03, 2)), "block": viewpoint_model(block())}


def poses() -> list[tuple[Vector, Vector]]:
    rng = np.random.default_rng(3)
    places = rng.uniform((0.25, -0.2, 0.0), (0.65, 0.2, 0.2), (POSES, 3))
    return list(zip(places, Rotation.random(POSES, rng=rng).as_matrix(), strict=True))


@cache
def looks(lens: str, focal: float = 600.0) -> list[Look]:
    """Blank pictures of two sharp cameras with that lens."""
    bent = [replace(camera, distortion=LENSES[lens]) for camera in cameras(1280, 720, focal)]
    return [look(camera, empty(camera), np.zeros((camera.height, camera.width, 3), np.uint8)) for camera in bent]


def beyond(shape: str, camera: CameraModel, pixels: Vector, place: Vector, turn: Vector) -> Vector:
    """(n,) how far pixels lie outside of the true silhouette, px of a lens without distortion; negative inside."""
    eye, focal = np.asarray(camera.T_parent_camera.translation), camera.K[0, 0]
    if shape == "ball":
        _, rays = camera.rays(pixels)
        away = place - eye
        along = rays @ away
        return (np.sqrt(away @ away - along**2) - 0.03) * focal / np.linalg.norm(away)
    corners = block().vertices @ turn.T + place
    local = camera.T_parent_camera.inv().apply(corners)
    hull = cv2.convexHull((focal * local[:, :2] / local[:, 2:]).astype(np.float32))[:, 0].astype(float)
    at = focal * camera.unproject(pixels)[:, :2]
    begin, way = hull, np.roll(hull, -1, axis=0) - hull
    share = np.einsum("nij,ij->ni", at[:, None] - begin, way) / (way**2).sum(axis=1)
    nearest = begin + share.clip(0, 1)[..., None] * way
    distance = np.linalg.norm(at[:, None] - nearest, axis=2).min(axis=1)
    off = at[:, None] - begin
    left = way[:, 0] * off[..., 1] - way[:, 1] * off[..., 0]
    inside = (left > 0).all(axis=1) | (left < 0).all(axis=1)
    return np.where(inside, -distance, distance)


def drawn(model: ViewpointModel, view: Look, place: Vector, turn: Vector) -> Outline:
    line = outline(model, view, place, turn)
    assert line is not None
    return line


@pytest.mark.slow
@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("shape", ["ball", "block"])
def test_points_lie_on_the_true_outline_with_normals_outwards(
    models: dict[str, ViewpointModel], shape: str, lens: str
) -> None:
    for place, turn in poses():
        for view in looks(lens):
            line = drawn(models[shape], view, place, turn)
            off = beyond(shape, view.camera, line.pixels, place, turn)
            # A ball of triangles is a little smaller than the ball.
            assert np.abs(off).max() < (0.6 if shape == "ball" else 0.01)
            outside = beyond(shape, view.camera, line.pixels + line.normals, place, turn)
            assert (outside - off).min() > 0.6
            assert np.linalg.norm(line.normals, axis=1) == pytest.approx(1.0)


def moved(view: Look, line: Outline, pose: tuple[Vector, Vector], step: Vector, out: float = 0.3) -> Vector:
    """(n,) how far points `out` px off the block's outline lie outside of it once it took a step (6,)."""
    place, turn = pose
    turned = Rotation.from_rotvec(step[3:]).as_matrix() @ turn
    return beyond("block", view.camera, line.pixels + out * line.normals, place + step[:3], turned)


@pytest.mark.slow
@pytest.mark.parametrize(("lens", "exact"), [("straight", 0.003), ("bent", 0.04)])
def test_slopes_tell_how_the_outline_moves(models: dict[str, ViewpointModel], lens: str, exact: float) -> None:
    for pose in poses()[:4]:
        for view in looks(lens):
            line = drawn(models["block"], view, *pose)
            growth = (moved(view, line, pose, np.zeros(6), 0.4) - moved(view, line, pose, np.zeros(6), 0.2)) / 0.2
            for axis, step in enumerate(STEP * np.eye(6)):
                slope = (moved(view, line, pose, -step) - moved(view, line, pose, step)) / (2 * STEP * growth)
                of_kind = line.slopes[:, :3] if axis < 3 else line.slopes[:, 3:]
                off = np.abs(slope - line.slopes[:, axis]) / np.abs(of_kind).max()
                # Beside a corner of the box another edge is the nearer one.
                assert np.quantile(off, 0.85) < exact


@pytest.mark.slow
def test_no_part_of_the_outline_is_left_out() -> None:
    shape = block((0.055, 0.055, 0.095))
    model, view = viewpoint_model(shape), looks("straight", 240.0)[0]
    rng = np.random.default_rng(0)
    for turn in Rotation.random(60, rng=rng).as_matrix():
        place = rng.uniform((0.3, -0.2, 0.0), (0.6, 0.2, 0.1))
        line = drawn(model, view, place, turn)
        hull = cv2.convexHull(view.project(shape.vertices @ turn.T + place).astype(np.float32))[:, 0]
        edges = zip(hull, np.roll(hull, -1, axis=0), strict=True)
        true = np.concatenate([begin + (end - begin) * np.linspace(0, 1, 20)[:, None] for begin, end in edges])
        away = np.linalg.norm(true[:, None] - line.pixels, axis=2).min(axis=1)
        assert away.max() < 2.0 + 1.5 * line.spacing, f"a hole of {away.max():.0f} px"


@pytest.mark.slow
@pytest.mark.parametrize("lens", LENSES)
def test_the_silhouette_is_what_is_painted(models: dict[str, ViewpointModel], lens: str) -> None:
    for place, turn in poses()[:3]:
        for view in looks(lens):
            thing = Thing(models["block"].shape, place, turn, WHITE)
            shown = silhouette(models["block"], view, place, turn, room=4)
            assert shown is not None
            assert overlap(*shown, mask_of(view.camera, thing), None) > 0.93


@pytest.mark.slow
def test_what_is_behind_the_camera_has_no_outline(models: dict[str, ViewpointModel]) -> None:
    view = looks("straight")[0]
    behind = view.eye - 0.3 * view.turn[2]
    assert outline(models["block"], view, behind, np.eye(3)) is None
    assert silhouette(models["block"], view, behind, np.eye(3)) is None


@pytest.mark.slow
def test_a_fine_mesh_is_looked_at_as_a_coarser_one(
    models: dict[str, ViewpointModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same silhouette, and its colours where they were."""
    fine, plain = ball(0.03, 3), models["ball"]
    above = fine.vertices[fine.faces].mean(axis=1)[:, 2] > 0
    colours = np.where(above[:, None], WHITE, 0).astype(np.uint8)
    monkeypatch.setattr(viewpoints, "MOST_FACES", 1000)
    model = viewpoint_model(replace(fine, face_colours=colours))
    assert len(model.shape.faces) <= 1000 < len(fine.faces)
    assert np.abs(model.moments[:, 0] / plain.moments[:, 0] - 1.0).max() < 0.02
    assert model.shape.face_colours is not None
    height = model.shape.vertices[model.shape.faces].mean(axis=1)[:, 2]
    lit = model.shape.face_colours[:, 0] > 0
    assert lit[height > 0.002].all() and not lit[height < -0.002].any()


def test_a_camera_projects_what_is_in_its_frame_as_what_is_in_the_base() -> None:
    for lens in LENSES:
        for view in looks(lens):
            points = np.random.default_rng(4).uniform((0.3, -0.3, 0.0), (0.6, 0.3, 0.2), (200, 3))
            np.testing.assert_allclose(view.project(points), view.camera.project(points), atol=1e-6)
