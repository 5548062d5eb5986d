"""Pictures of meshes on a table, painted triangle by triangle: a renderer that shares nothing with the cell's.

Only the part of a picture around the things is painted, six times finer, blurred as by a lens and made small; the rest
is the empty scene. Pixel centres have whole numbers, in fine pictures too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray

from dynacollect.rig.camera_model import CameraModel, look_at
from dynacollect.rig.nouns import Frame, Image, Vector
from dynacollect.rig.objects import Symmetry
from dynacollect.tracking.pose.looks import Box, Floats, Look
from dynacollect.tracking.shape import Shape

Pixels = NDArray[np.bool_]
FINER = 6
ROOM_PX = 8
LIGHT = np.array([0.3, -0.4, 0.87])
WHITE = np.full(3, 255.0)


@dataclass(frozen=True, eq=False)
class Thing:
    """A shape at a place and turn (3, 3); `colour` is multiplied with the mesh's own, where it has any."""

    shape: Shape
    place: Vector
    turn: Vector
    colour: Vector
    smear: Vector | None = None
    """(3,) m, the way that it goes while the shutter is open."""

    def points(self) -> Vector:
        """(n, 3) corners in the base frame."""
        return self.shape.vertices @ self.turn.T + self.place

    def during(self) -> list[Thing]:
        """Where it is at moments of the exposure, evenly spread; its place is the middle."""
        if self.smear is None:
            return [self]
        return [replace(self, place=self.place + share * self.smear) for share in (np.arange(8) + 0.5) / 8 - 0.5]


@dataclass(frozen=True, eq=False)
class Plain:
    """An empty scene that is exactly known."""

    picture: Floats
    sigma: float

    def within(self, box: Box) -> tuple[Floats, Floats]:
        """The picture in a box, and its noise (3,)."""
        x0, y0, x1, y1 = box
        return self.picture[y0:y1, x0:x1], np.full(3, self.sigma, np.float32)


def cameras(width: int = 480, height: int = 360, focal: float = 240.0) -> tuple[CameraModel, ...]:
    """Two fixed cameras, in front of the table and beside it."""
    places = (((1.0, 0.0, 0.6), (0.4, 0.0, 0.0)), ((0.45, 1.0, 0.35), (0.45, 0.0, 0.03)))
    K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
    return tuple(
        CameraModel(f"cam{number}", width, height, K, np.zeros(5), look_at(np.array(eye), np.array(target)))
        for number, (eye, target) in enumerate(places)
    )


def empty(camera: CameraModel, seed: int = 0) -> Floats:
    """(height, width, 3): a table with faint blotches."""
    rng = np.random.default_rng([seed, int(camera.name[-1])])
    size = (camera.height, camera.width)
    blotches = cv2.resize(rng.normal(0, 1, (12, 16, 3)), size[::-1], interpolation=cv2.INTER_CUBIC)
    rows = np.linspace(-1, 1, size[0])[:, None, None]
    return (np.array([150, 128, 100]) + 12 * blotches + 10 * rows).clip(5, 250).astype(np.float32)


def paint(
    camera: CameraModel, background: Floats, things: Sequence[Thing], blur: float = 0.6, noise: float = 2.0,
    seed: int = 0,
) -> Image:  # fmt: skip
    """RGB picture of things before a background, the later ones in front; `blur` in px, `noise` in levels."""
    picture = background.astype(np.float32)
    if things:
        box = x0, y0, x1, y1 = _around(camera, things)
        fine = _fine(camera, background[y0:y1, x0:x1], things, box)
        soft = cv2.GaussianBlur(fine, (0, 0), blur * FINER)
        picture[y0:y1, x0:x1] = cv2.resize(soft, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
    if noise == 0.0:
        return picture.round().clip(0, 255).astype(np.uint8)
    rng = np.random.default_rng(seed)
    return (picture + noise * rng.standard_normal(picture.shape, np.float32)).round().clip(0, 255).astype(np.uint8)


def mask_of(camera: CameraModel, thing: Thing) -> Pixels:
    """(height, width): the pixels that a thing fills more than half."""
    white = replace(thing.shape, face_colours=None)
    nothing = np.zeros((camera.height, camera.width, 3), np.float32)
    picture = paint(camera, nothing, [replace(thing, shape=white, colour=WHITE * 4)], blur=0.1, noise=0.0)
    return picture[..., 0] > 127


def look(
    camera: CameraModel, background: Floats, image: Image, time: float = 0.0, noise: float = 2.0,
    hidden: Pixels | None = None,
) -> Look:  # fmt: skip
    """The picture as the pose estimators get it."""
    T = camera.T_parent_camera
    frame = Frame(image, camera.name, 0, time, time, time)
    return Look(frame, camera, T.rotation.as_matrix().T, np.asarray(T.translation), Plain(background, noise), hidden)


def ball(radius: float = 0.03, subdivisions: int = 4) -> Shape:
    """A sphere."""
    mesh = trimesh.creation.icosphere(subdivisions, radius)
    return Shape("ball", np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32), Symmetry("sphere"))


def block(size: tuple[float, float, float] = (0.06, 0.04, 0.03), colours: NDArray[np.uint8] | None = None) -> Shape:
    """A box; `colours` (6, 3) of its sides in the order -x, x, -y, y, -z, z make one whose faces are told apart."""
    mesh = trimesh.creation.box(size)
    symmetry = Symmetry()
    sides = None
    if colours is not None:
        normals = np.asarray(mesh.face_normals)
        axis = np.abs(normals).argmax(axis=1)
        sides = colours[2 * axis + (normals[np.arange(len(axis)), axis] > 0)]
    return Shape("block", np.asarray(mesh.vertices), np.asarray(mesh.faces, np.int32), symmetry, sides)


def _around(camera: CameraModel, things: Sequence[Thing]) -> Box:
    """The part of the picture that is not the empty scene."""
    points = np.vstack([moment.points() for thing in things for moment in thing.during()])
    pixels = camera.project(points)
    (x0, y0), (x1, y1) = pixels.min(axis=0) - ROOM_PX, pixels.max(axis=0) + ROOM_PX
    return max(int(x0), 0), max(int(y0), 0), min(int(x1) + 2, camera.width), min(int(y1) + 2, camera.height)


def _fine(camera: CameraModel, background: Floats, things: Sequence[Thing], box: Box) -> Floats:
    """The box, not yet blurred by the lens."""
    height, width = background.shape[:2]
    size = (width * FINER, height * FINER)
    scene = np.asarray(cv2.resize(background, size, interpolation=cv2.INTER_LINEAR), np.float32)
    moments = max(len(thing.during()) for thing in things)
    total = np.zeros_like(scene)
    for moment in range(moments):
        fine = scene.copy()
        for thing in things:
            _put(fine, camera, thing.during()[moment % len(thing.during())], box)
        total += fine
    return total / np.float32(moments)


def _put(fine: Floats, camera: CameraModel, thing: Thing, box: Box) -> None:
    shape, points = thing.shape, thing.points()
    corners = points[shape.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    eye = np.asarray(camera.T_parent_camera.translation)
    front = np.einsum("ij,ij->i", normals, eye - corners[:, 0]) > 0
    far = np.linalg.norm(corners.mean(axis=1) - eye, axis=1)
    tint = np.ones((len(normals), 3)) if shape.face_colours is None else shape.face_colours / 255
    values = (0.55 + 0.45 * (normals @ LIGHT).clip(0))[:, None] * thing.colour * tint
    pixels = ((camera.project(points) - box[:2] + 0.5) * FINER - 0.5)[shape.faces]
    chosen = np.flatnonzero(front)
    for face in chosen[np.argsort(-far[chosen])]:
        _fill(fine, pixels[face], values[face])


def _fill(fine: Floats, corners: Vector, value: Vector) -> None:
    """Give a colour to the pixels whose middles lie in a triangle (3, 2): not one more, as OpenCV would."""
    (x0, y0), (x1, y1) = np.ceil(corners.min(axis=0)).astype(int), np.floor(corners.max(axis=0)).astype(int)
    x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, fine.shape[1] - 1), min(y1, fine.shape[0] - 1)
    if x1 < x0 or y1 < y0:
        return
    x, y = np.arange(x0, x1 + 1), np.arange(y0, y1 + 1)[:, None]
    way = np.roll(corners, -1, axis=0) - corners
    turn = 1.0 if way[0, 0] * way[1, 1] > way[0, 1] * way[1, 0] else -1.0
    inside = np.ones((len(y), x1 - x0 + 1), bool)
    for (cx, cy), (dx, dy) in zip(corners, turn * way, strict=True):
        inside &= dx * (y - cy) - dy * (x - cx) >= -1e-9
    fine[y0 : y1 + 1, x0 : x1 + 1][inside] = value
