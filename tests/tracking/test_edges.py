"""Where edges are found on painted pictures: to a part of a pixel, whatever is inside, beside or before them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import pytest
import trimesh

from dynacollect.rig.nouns import Image
from dynacollect.tracking.pose.edges import Edges, edges, patch_of
from dynacollect.tracking.pose.looks import Box, Floats, Look
from dynacollect.tracking.pose.outline import Outline, outline
from dynacollect.tracking.pose.viewpoints import ViewpointModel, viewpoint_model
from dynacollect.tracking.shape import Shape

from .painted import Plain, Thing, block, cameras, empty, look, paint

PLACE = np.array([0.45, 0.05, 0.06])
TURN = cv2.Rodrigues(np.array([0.3, -0.2, 0.7]))[0].astype(float)
CAMERA = cameras(focal=480.0)[0]
TABLE = empty(CAMERA)
RED = np.array([200.0, 60.0, 40.0])
REACH = 4.0


@pytest.fixture(scope="module")
def model() -> ViewpointModel:
    return viewpoint_model(block((0.12, 0.09, 0.1)))


def printed(shape: Shape, seed: int = 0) -> Shape:
    """The same, with blotches of all brightnesses on it; none is as the table."""
    vertices, faces, *_ = trimesh.remesh.subdivide_to_size(shape.vertices, shape.faces, 0.02)
    level = np.random.default_rng(seed).uniform(0.3, 1.0, (len(faces), 1))
    colours = (level * np.array([255, 255, 255])).astype(np.uint8)
    return replace(shape, vertices=np.asarray(vertices), faces=np.asarray(faces, np.int32), face_colours=colours)


def thing(model: ViewpointModel, **changes: object) -> Thing:
    return replace(Thing(model.shape, PLACE, TURN, RED), **changes)


def seen_as(image: Image, **more: object) -> Look:
    return replace(look(CAMERA, TABLE, image), **more)


def true_line(model: ViewpointModel, view: Look) -> Outline:
    line = outline(model, view, PLACE, TURN)
    assert line is not None
    return line


def measured(view: Look, line: Outline, off: float = 0.0, *, fine: bool = True) -> Edges:
    """Edges looked for from `off` px inside of the outline."""
    low, high = line.pixels.min(axis=0) - 14, line.pixels.max(axis=0) + 14
    patch = patch_of(view, (int(low[0]), int(low[1]), int(high[0]), int(high[1])))
    assert patch is not None
    return edges(patch, replace(line, pixels=line.pixels - off * line.normals), REACH, fine)


def middle(found: Edges) -> float:
    return float(np.median(found.off[found.seen]))


PICTURES = {
    "plain": lambda model: paint(CAMERA, TABLE, [thing(model)]),
    "printed": lambda model: paint(CAMERA, TABLE, [thing(model, shape=printed(model.shape))]),
    "out of focus": lambda model: paint(CAMERA, TABLE, [thing(model)], blur=1.0),
    "noisy": lambda model: paint(CAMERA, TABLE, [thing(model)], noise=6.0),
    "dark": lambda model: paint(CAMERA, TABLE, [thing(model, colour=0.15 * RED)]),
}


@pytest.mark.slow
@pytest.mark.parametrize("fine", [True, False])
@pytest.mark.parametrize(("picture", "exact"), [("plain", 0.1), ("printed", 0.12), ("out of focus", 0.22)])
def test_an_outline_that_is_off_is_measured_as_far_off(
    model: ViewpointModel, picture: str, exact: float, fine: bool
) -> None:
    view = seen_as(PICTURES[picture](model))
    line = true_line(model, view)
    for off in (-1.0, -0.5, 0.0, 0.5, 1.0, 2.0):
        found = measured(view, line, off, fine=fine)
        assert found.seen.mean() > 0.9
        assert middle(found) == pytest.approx(off, abs=exact)


@pytest.mark.slow
@pytest.mark.parametrize("picture", PICTURES)
def test_errors_are_as_large_as_they_are_said_to_be(model: ViewpointModel, picture: str) -> None:
    view = seen_as(PICTURES[picture](model), scene=Plain(TABLE, 6.0 if picture == "noisy" else 2.0))
    line = true_line(model, view)
    for off in (-0.5, 0.0, 0.7):
        found = measured(view, line, off)
        claimed = (found.off - off)[found.seen] / found.sigma[found.seen]
        assert np.mean(np.abs(claimed) < 1.0) > 0.6
        assert np.mean(np.abs(claimed) < 3.0) > 0.95


@pytest.mark.parametrize("smear", [0.003, 0.006], ids=["2 px", "4 px"])
def test_motion_blur_moves_no_outline(model: ViewpointModel, smear: float) -> None:
    moving = thing(model, smear=np.array([0.0, smear, 0.0]))
    view = seen_as(paint(CAMERA, TABLE, [moving]))
    line = true_line(model, view)
    found = measured(view, line)
    assert found.seen.mean() > 0.9
    sides = np.column_stack([line.normals, np.ones(len(line.normals))])[found.seen]
    shift = np.linalg.lstsq(sides, found.off[found.seen])[0]
    assert np.abs(shift).max() < 0.1


@pytest.mark.parametrize("dark", [0.5, 0.7])
def test_a_hard_shadow_beside_it_does_not_move_the_outline(model: ViewpointModel, dark: float) -> None:
    line = true_line(model, seen_as(paint(CAMERA, TABLE, [])))
    shaded, shadow = TABLE.copy(), np.zeros(TABLE.shape[:2], np.uint8)
    hull = cv2.convexHull(line.pixels.astype(np.float32))
    cv2.fillConvexPoly(shadow, np.round(hull + 8).astype(np.int32), 1)
    shaded[shadow > 0] *= dark
    view = seen_as(paint(CAMERA, shaded, [thing(model)]))
    for off in (0.0, 0.5, 1.0):
        found = measured(view, line, off)
        beside = found.seen & (line.normals @ [1.0, 1.0] > 0.5)
        assert beside.any()
        assert np.median(found.off[beside]) == pytest.approx(off, abs=0.1)
        assert np.quantile(found.off[beside], 0.9) < off + 0.3


def test_what_is_hidden_is_not_measured(model: ViewpointModel) -> None:
    picture = paint(CAMERA, TABLE, [thing(model)])
    line = true_line(model, seen_as(picture))
    hidden = np.zeros(TABLE.shape[:2], bool)
    hidden[:, : round(float(line.pixels[:, 0].mean()))] = True
    picture[hidden] = 255
    found = measured(seen_as(picture, hidden=hidden), line)
    covered = hidden[tuple(np.round(line.pixels).astype(int).T[::-1])]
    far = line.pixels[:, 0] > hidden[0].sum() + REACH + 1
    assert not found.seen[covered].any()
    assert found.seen[far].mean() > 0.9
    assert np.median(found.off[far & found.seen]) == pytest.approx(0.0, abs=0.1)


def test_nothing_is_measured_where_nothing_is(model: ViewpointModel) -> None:
    view = seen_as(paint(CAMERA, TABLE, []))
    assert measured(view, true_line(model, view)).seen.mean() < 0.1


def test_another_thing_beside_it_is_strange(model: ViewpointModel) -> None:
    line = true_line(model, seen_as(paint(CAMERA, TABLE, [])))
    beside = TABLE.copy()
    edge = round(float(line.pixels[:, 0].max())) - 12
    beside[:, edge:] = (20, 90, 210)
    view = seen_as(paint(CAMERA, beside, [thing(model)]), scene=Plain(TABLE, 2.0))
    found = measured(view, line)
    near, far = line.pixels[:, 0] > edge + 3, line.pixels[:, 0] < edge - 12
    assert found.strange[near].mean() > 0.9
    assert not found.strange[far].any()


def test_a_box_outside_of_the_picture_has_no_patch(model: ViewpointModel) -> None:
    view = seen_as(paint(CAMERA, TABLE, []))
    assert patch_of(view, (-50, 10, 5, 60)) is None
    assert patch_of(view, (470, 350, 600, 600)) is not None


@dataclass(frozen=True, eq=False)
class PartlyKnown:
    """An empty scene of which the arm hid a part."""

    picture: Floats
    unknown: np.ndarray

    def within(self, box: Box) -> tuple[Floats, Floats]:
        x0, y0, x1, y1 = box
        sigma = np.where(self.unknown[y0:y1, x0:x1, None], 1000.0, 2.0).astype(np.float32)
        return self.picture[y0:y1, x0:x1], np.repeat(sigma, 3, axis=2)


def test_what_the_plate_does_not_show_blinds_only_itself(model: ViewpointModel) -> None:
    """Beside where the arm stood when the empty scene was taken, an outline is seen as anywhere."""
    view = seen_as(paint(CAMERA, TABLE, [thing(model)]))
    line = true_line(model, view)
    unknown = np.zeros(TABLE.shape[:2], bool)
    limit = int(np.quantile(line.pixels[:, 0], 0.8))
    unknown[:, limit:] = True
    found = measured(replace(view, scene=PartlyKnown(TABLE, unknown)), line)
    apart = line.pixels[:, 0] - limit
    assert not found.seen[apart > 1].any()
    clear = apart < -REACH - 1
    plain = measured(view, line)
    assert (found.seen[clear] == plain.seen[clear]).all()
    assert found.off[clear & found.seen] == pytest.approx(plain.off[clear & found.seen], abs=0.05)
