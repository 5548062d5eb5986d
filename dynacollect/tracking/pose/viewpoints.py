"""Which parts of a mesh can make its outline, seen from every side: worked out once for each object.

The mesh is looked at from points spread over a sphere. For each, the pieces of edges that are, or could with a small
turn become, part of the outer outline are listed, with the thickness of the silhouette behind them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import fast_simplification
import numpy as np
import trimesh
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ...rig.nouns import Vector
from ..shape import Shape

DISTANCE = 20.0
"""Of the viewpoints, in radii of the object."""
RASTER = 112
"""Side of a silhouette, px; the object's ball fills it but for the margin."""
MARGIN = 6
SUBDIVISIONS = 3
"""642 viewpoints, 7 degrees apart."""
TURN = np.sin(np.deg2rad(7.0))
"""How far a face may look away and still come into the outline between two viewpoints."""
OUTSIDE = 3.0
"""This far outwards from an outline the silhouette is empty, px of the raster."""
BEHIND = 0.7
"""Breadth of such a face, in diameters of the object."""
PIECES = 45
"""Edges are cut so that the object's diameter is this many pieces."""
MOST_FACES = 4000


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Short straight pieces of mesh edges (n), each between two faces."""

    middle: Vector
    """(n, 3)."""
    along: Vector
    """(n, 3) from end to end."""
    sides: NDArray[np.int32]
    """(n, 2) faces."""
    outward: Vector
    """(n, 3) mean normal of the two faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Viewpoint:
    """What is seen from one side."""

    pieces: NDArray[np.int32]
    """Candidates for the outline."""
    thickness: NDArray[np.float32]
    """m, of the silhouette behind each of them."""


@dataclass(frozen=True, slots=True, eq=False)
class ViewpointModel:
    """An object from all sides."""

    shape: Shape
    middle: Vector
    """(3,) of the shape's box; each viewpoint looks at it."""
    radius: float
    """Of the ball around the middle that holds the shape."""
    pieces: Pieces
    normals: Vector
    """(m, 3) of the faces."""
    offsets: Vector
    """(m,) of the faces' planes: a point x is in front of a face if normal @ x > offset."""
    directions: Vector
    """(k, 3) from the middle of the object to each viewpoint."""
    cameras: Vector
    """(k, 3, 3) rotations from the object's frame to a camera there that looks at the middle."""
    views: tuple[Viewpoint, ...]
    silhouettes: NDArray[np.uint8]
    """(k, RASTER, RASTER), 255 inside."""
    moments: Vector
    """(k, 6): area and centroid (x, y), and central second moments (xx, xy, yy), at the distance of the middle, m."""
    scale: float
    """m per pixel of a silhouette, at the distance of the middle."""

    def nearest(self, eye: Vector) -> int:
        """The viewpoint nearest to an eye (3,) in the object's frame."""
        return int(np.argmax(self.directions @ (eye - self.middle)))


def viewpoint_model(shape: Shape) -> ViewpointModel:
    """Look at a shape from all sides."""
    shape = _simple(shape)
    mesh = trimesh.Trimesh(shape.vertices, shape.faces, process=False)
    normals = np.asarray(mesh.face_normals)
    offsets = np.einsum("ij,ij->i", normals, shape.vertices[shape.faces[:, 0]])
    pieces = _pieces(shape, mesh, normals)
    directions = np.asarray(trimesh.creation.icosphere(SUBDIVISIONS).vertices)
    cameras = np.array([_camera(direction) for direction in directions])
    focal = (0.5 * RASTER - MARGIN) * np.sqrt(DISTANCE**2 - 1.0)
    scale = DISTANCE * shape.radius / focal
    views, silhouettes, moments = [], [], []
    for direction, camera in zip(directions, cameras, strict=True):
        eye = shape.middle + DISTANCE * shape.radius * direction
        facing = normals @ eye - offsets
        silhouette = _silhouette(_projected(shape.vertices, eye, camera, focal), shape.faces, facing)
        silhouettes.append(silhouette)
        moments.append(_moments(silhouette, scale))
        slant = facing / (DISTANCE * shape.radius)
        views.append(_outline(pieces, slant, eye, camera, focal, silhouette, scale))
    return ViewpointModel(
        shape, shape.middle, shape.radius, pieces, normals, offsets, directions, cameras, tuple(views),
        np.array(silhouettes), np.array(moments), scale,
    )  # fmt: skip


def _simple(shape: Shape) -> Shape:
    """The shape with at most so many faces that looking at it stays quick."""
    if len(shape.faces) <= MOST_FACES:
        return shape
    vertices, faces, *_ = fast_simplification.simplify(shape.vertices, shape.faces, target_count=MOST_FACES)
    vertices, faces = np.asarray(vertices, float), np.asarray(faces, np.int32)
    colours = shape.face_colours
    if colours is not None:
        colours = colours[KDTree(shape.vertices[shape.faces].mean(axis=1)).query(vertices[faces].mean(axis=1))[1]]
    return replace(shape, vertices=vertices, faces=faces, face_colours=colours)


def _camera(direction: Vector) -> Vector:
    """(3, 3) rotation to a camera at `direction` that looks at the origin: x right, y down, z ahead."""
    up = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.99 else np.array([0.0, 1.0, 0.0])
    x = np.cross(-direction, up)
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(-direction, x), -direction]).astype(float)


def _pieces(shape: Shape, mesh: trimesh.Trimesh, normals: Vector) -> Pieces:
    ends = shape.vertices[np.asarray(mesh.face_adjacency_edges)]
    sides = np.asarray(mesh.face_adjacency, np.int32)
    bent = np.einsum("ij,ij->i", normals[sides[:, 0]], normals[sides[:, 1]]) < 1.0 - 1e-6
    ends, sides = ends[bent], sides[bent]
    along = ends[:, 1] - ends[:, 0]
    count = np.ceil(np.linalg.norm(along, axis=1) / (2.0 * shape.radius / PIECES)).astype(int).clip(1)
    which = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    share = (number + 0.5) / count[which]
    step = along[which] / count[which][:, None]
    outward = normals[sides].sum(axis=1)
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    return Pieces(ends[which, 0] + share[:, None] * along[which], step, sides[which], outward[which])


def _projected(points: Vector, eye: Vector, camera: Vector, focal: float) -> Vector:
    local = (points - eye) @ camera.T
    return 0.5 * (RASTER - 1) + focal * local[:, :2] / local[:, 2:]


def _silhouette(pixels: Vector, faces: NDArray[np.int32], facing: Vector) -> NDArray[np.uint8]:
    """(RASTER, RASTER): the union of the faces that look at the eye."""
    mask = np.zeros((RASTER, RASTER), np.uint8)
    # OpenCV takes sixteenths of pixels.
    corners = np.round(16.0 * pixels[faces[facing > 0]]).astype(np.int32)
    for corner in corners:
        cv2.fillConvexPoly(mask, corner, 255, cv2.LINE_8, 4)
    return mask


def _moments(silhouette: NDArray[np.uint8], scale: float) -> Vector:
    m = cv2.moments(silhouette, binaryImage=True)
    middle = 0.5 * (RASTER - 1)
    area = m["m00"]
    return np.array([
        area * scale**2, (m["m10"] / area - middle) * scale, (m["m01"] / area - middle) * scale,
        m["mu20"] / area * scale**2, m["mu11"] / area * scale**2, m["mu02"] / area * scale**2,
    ])  # fmt: skip


def _outline(
    pieces: Pieces,
    slant: Vector,
    eye: Vector,
    camera: Vector,
    focal: float,
    silhouette: NDArray[np.uint8],
    scale: float,
) -> Viewpoint:
    """The pieces that are near to the outline, and how thick the silhouette is behind each."""
    low, high = np.sort(slant[pieces.sides], axis=1).T
    near = np.flatnonzero((low < TURN) & (high > -TURN))
    at = _projected(pieces.middle[near], eye, camera, focal)
    away = (pieces.outward[near] @ camera.T)[:, :2]
    across = (pieces.along[near] @ camera.T)[:, :2]
    way = normal_of(away, across)
    # A face that still looks this way a little hides behind itself what becomes the outline once it has turned away.
    beyond = OUTSIDE + BEHIND * np.clip(low[near], 0.0, TURN) * (RASTER - 2 * MARGIN)
    outer = _values(silhouette, at + beyond[:, None] * way) == 0
    near, at, way = near[outer], at[outer], way[outer]
    depths = np.arange(1.0, 0.8 * RASTER)
    inside = _values(silhouette, at[:, None] - depths[:, None] * way[:, None]) > 0
    inside[:, :3] = True
    thick = np.where(inside.all(axis=1), len(depths), np.argmin(inside, axis=1))
    return Viewpoint(near.astype(np.int32), (thick * scale).astype(np.float32))


def normal_of(away: Vector, across: Vector) -> Vector:
    """(n, 2) unit vectors at right angles to `across`, on the side of `away`."""
    normal = np.stack([-across[:, 1], across[:, 0]], axis=1)
    normal *= np.sign(np.einsum("ij,ij->i", normal, away))[:, None]
    return np.asarray(normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12), float)


def _values(mask: NDArray[np.uint8], at: Vector) -> NDArray[np.uint8]:
    """Of the pixels nearest to `at` (..., 2); 0 beyond the edge."""
    column, row = np.round(at[..., 0]).astype(int), np.round(at[..., 1]).astype(int)
    seen = (column >= 0) & (row >= 0) & (column < mask.shape[1]) & (row < mask.shape[0])
    return np.where(seen, mask[row.clip(0, mask.shape[0] - 1), column.clip(0, mask.shape[1] - 1)], 0)
