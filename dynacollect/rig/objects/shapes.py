"""Closed textured surfaces: lofts, lathes, rounded boxes, and their unions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import manifold3d
import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import RigidTransform, Rotation

from ..nouns import Vector
from .model import Indices

Points = Vector | Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Mesh:
    """A closed outward surface with texture coordinates (u along columns, v down rows) in an index set of their own."""

    vertices: Vector
    faces: Indices
    texcoords: Vector
    face_texcoords: Indices

    def moved(self, T: RigidTransform) -> Mesh:
        return replace(self, vertices=T.apply(self.vertices))

    def turned(self, axis: str, degrees: float) -> Mesh:
        return replace(self, vertices=Rotation.from_euler(axis, degrees, degrees=True).apply(self.vertices))

    def shifted(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        return replace(self, vertices=self.vertices + np.array([x, y, z]))

    def scaled(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Mesh:
        """Stretched about the origin by positive factors."""
        return replace(self, vertices=self.vertices * np.array([x, y, z]))

    def seen_from_above(self) -> Mesh:
        """With the picture laid flat over it: its columns along x, its first row at the largest y."""
        low, size = self.vertices.min(axis=0), np.ptp(self.vertices, axis=0)
        x, y = ((self.vertices - low) / size)[:, :2].T
        return replace(self, texcoords=np.column_stack([x, 1 - y]), face_texcoords=self.faces)

    def in_rows(self, top: float, bottom: float) -> Mesh:
        """With its texture squeezed into the rows between two fractions of the picture's height."""
        inset = 0.004
        v = top + inset + self.texcoords[:, 1] * (bottom - top - 2 * inset)
        return replace(self, texcoords=np.column_stack([self.texcoords[:, 0], v]))


def signed_volume(vertices: Vector, faces: Indices) -> float:
    """m3; positive when the faces look outward."""
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _outward(mesh: Mesh) -> Mesh:
    if signed_volume(mesh.vertices, mesh.faces) >= 0:
        return mesh
    return replace(mesh, faces=mesh.faces[:, ::-1].copy(), face_texcoords=mesh.face_texcoords[:, ::-1].copy())


def smooth(points: Points, count: int) -> Vector:
    """(count, d) points along a curve through the given ones that does not overshoot them."""
    given = np.asarray(points, float)
    steps = np.linalg.norm(np.diff(given, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(steps)]) / steps.sum()
    return np.asarray(PchipInterpolator(at, given)(np.linspace(0, 1, count)))


def path_fractions(points: Vector) -> Vector:
    """(n,) how far along the path each point lies: 0 at the first, 1 at the last."""
    steps = np.concatenate([[0.0], np.linalg.norm(np.diff(points, axis=0), axis=1)])
    return np.cumsum(steps) / steps.sum()


def _quads(rows: Indices, row_length: int, columns: int, wrap: bool, wrap_rows: int | None) -> Indices:
    """(m, 3) triangles of the grid cells between row i and i + 1; indices as row * row_length + column."""
    column = np.arange(columns)
    right = (column + 1) % columns if wrap else column + 1
    above = (rows + 1) % wrap_rows if wrap_rows else rows + 1
    a = rows[:, None] * row_length + column
    b = rows[:, None] * row_length + right
    c = above[:, None] * row_length + right
    d = above[:, None] * row_length + column
    return np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3).astype(np.int32)


def loft(rings: Vector, start: Vector | None = None, end: Vector | None = None, along: Vector | None = None) -> Mesh:
    """A skin over rings (n, m, 3) of equal point counts, closed at `start` and `end`, or ring-shaped without them.

    The first ring gets the lowest rows of the texture. `along` holds the fraction of each station (poles included).
    """
    n, m, _ = rings.shape
    ends = [point for point in (start, end) if point is not None]
    if along is None:
        centre_free = np.vstack([*([start] if start is not None else []), rings[:, 0], *ends[1:]])
        along = path_fractions(centre_free if ends else np.vstack([rings[:, 0], rings[:1, 0]]))
    v = np.clip(1 - along, 0.0, 1.0)
    cells = np.arange(n - 1 if ends else n, dtype=np.int32)
    body_v = v[1 : n + 1] if start is not None else v[: n + (0 if ends else 1)]
    u = np.arange(m + 1) / m
    grid = np.column_stack([np.tile(u, len(body_v)), np.repeat(body_v, m + 1)])
    texcoords: list[Vector] = [np.asarray(grid)]
    faces = [_quads(cells, m, m, True, None if ends else n)]
    face_texcoords = [_quads(cells, m + 1, m, False, None)]
    column = np.arange(m, dtype=np.int32)
    poles = [(start, 0, v[0], -1), (end, n - 1, v[-1], 1)]
    vertex, coordinate = n * m, len(texcoords[0])
    for point, row, pole_v, sign in poles:
        if point is None:
            continue
        a, b = row * m + column, row * m + (column + 1) % m
        ta, tb = row * (m + 1) + column, row * (m + 1) + column + 1
        tip = np.stack([a, b, np.full(m, vertex)], -1)
        tip_texture = np.stack([ta, tb, coordinate + column], -1)
        faces.append(tip[:, ::sign])
        face_texcoords.append(tip_texture[:, ::sign])
        texcoords.append(np.column_stack([(column + 0.5) / m, np.full(m, pole_v)]))
        vertex, coordinate = vertex + 1, coordinate + m
    vertices = np.vstack([rings.reshape(-1, 3), *[np.atleast_2d(point) for point in ends]])
    as_int = [np.vstack(part).astype(np.int32) for part in (faces, face_texcoords)]
    return _outward(Mesh(vertices, as_int[0], np.vstack(texcoords), as_int[1]))


def lathe(profile: Points, segments: int = 32) -> Mesh:
    """A body of revolution about z from its (radius, height) outline, bottom first.

    An outline that starts and ends on the axis makes a solid body, any other is closed to a ring. Rows of the texture
    follow the outline's length, its end at the top.
    """
    outline = np.asarray(profile, float)
    solid = outline[0, 0] == 0 and outline[-1, 0] == 0
    body = outline[1:-1] if solid else outline
    angles = 2 * np.pi * np.arange(segments) / segments
    rings = np.stack(
        [
            np.outer(body[:, 0], np.cos(angles)),
            np.outer(body[:, 0], np.sin(angles)),
            np.repeat(body[:, 1:], segments, axis=1),
        ],
        axis=-1,
    )
    if not solid:
        return loft(rings)
    start, end = np.array([0, 0, outline[0, 1]]), np.array([0, 0, outline[-1, 1]])
    return loft(rings, start, end, path_fractions(outline))


def outline_rows(profile: Points, height: int) -> tuple[Vector, Vector]:
    """Radius and height of a lathe's outline at each of its texture's rows, (height,) each."""
    outline = np.asarray(profile, float)
    at = path_fractions(outline)
    rows = 1 - (np.arange(height) + 0.5) / height
    return np.interp(rows, at, outline[:, 0]), np.interp(rows, at, outline[:, 1])


def _box_lines(half: float, radius: float) -> Vector:
    edge = half - radius * np.array([0.0, 0.25, 0.6, 1.0])
    return np.concatenate([-edge, [0.0], edge[::-1]])


def rounded_box(size: Sequence[float], radius: float) -> Mesh:
    """A box of full sizes (3,) with rounded edges about the origin.

    Its faces take six cells of the texture: +x -x +y above -y +z -z, each upright as seen from outside.
    """
    half = 0.5 * np.asarray(size, float)
    lines = [_box_lines(h, radius) for h in half]
    points: list[Vector] = []
    coordinates: list[Vector] = []
    faces: list[Indices] = []
    count = 0
    # (normal axis, its sign, axis to the right, its sign, axis upward)
    views = [(0, 1, 1, 1, 2), (0, -1, 1, -1, 2), (1, 1, 0, -1, 2), (1, -1, 0, 1, 2), (2, 1, 0, 1, 1), (2, -1, 0, -1, 1)]
    for slot, (normal, sign, right, right_sign, up) in enumerate(views):
        a, b = np.meshgrid(right_sign * lines[right], lines[up])
        grid = np.empty((*a.shape, 3))
        grid[..., normal], grid[..., right], grid[..., up] = sign * half[normal], a, b
        u = (right_sign * a / half[right] + 1) / 2
        v = (1 - b / half[up]) / 2
        column, row = slot % 3, slot // 3
        inset = 0.02
        points.append(np.asarray(grid.reshape(-1, 3)))
        cell: Vector = np.stack([inset + u * (1 - 2 * inset), inset + v * (1 - 2 * inset)], -1).reshape(-1, 2)
        coordinates.append((cell + np.array([column, row])) / np.array([3, 2]))
        cells = np.arange(a.shape[0] - 1, dtype=np.int32)
        quads = _quads(cells, a.shape[1], a.shape[1] - 1, False, None)
        faces.append(quads + count)
        count += a.size
    raw = np.vstack(points)
    inner = half - radius
    core = np.clip(raw, -inner, inner)
    away = raw - core
    length = np.linalg.norm(away, axis=1, keepdims=True)
    raw = core + radius * away / np.maximum(length, 1e-12)
    _, first, merged = np.unique(np.round(raw * 1e7).astype(np.int64), axis=0, return_index=True, return_inverse=True)
    corner = np.vstack(faces).astype(np.int32)
    return Mesh(raw[first], merged.reshape(-1)[corner].astype(np.int32), np.vstack(coordinates), corner)


def _to_manifold(mesh: Mesh) -> manifold3d.Manifold:
    pairs, corners = np.unique(
        np.column_stack([mesh.faces.reshape(-1), mesh.face_texcoords.reshape(-1)]), axis=0, return_inverse=True
    )
    properties = np.hstack([mesh.vertices[pairs[:, 0]], mesh.texcoords[pairs[:, 1]]]).astype(np.float32)
    _, first = np.unique(pairs[:, 0], return_index=True)
    target = first[np.searchsorted(pairs[first, 0], pairs[:, 0])]
    doubled = np.flatnonzero(target != np.arange(len(pairs)))
    return manifold3d.Manifold(
        manifold3d.Mesh(
            vert_properties=properties,
            tri_verts=corners.reshape(-1, 3).astype(np.uint32),
            merge_from_vert=doubled.astype(np.uint32),
            merge_to_vert=target[doubled].astype(np.uint32),
        )
    )


def union(*meshes: Mesh) -> Mesh:
    """One closed surface around all of them, each part keeping its texture coordinates."""
    joined = manifold3d.Manifold.batch_boolean([_to_manifold(mesh) for mesh in meshes], manifold3d.OpType.Add).to_mesh()
    properties = np.asarray(joined.vert_properties, float)
    corners = np.asarray(joined.tri_verts, np.int64)
    target = np.arange(len(properties))
    target[np.asarray(joined.merge_from_vert, np.int64)] = np.asarray(joined.merge_to_vert, np.int64)
    kept, faces = np.unique(target[corners], return_inverse=True)
    return Mesh(
        properties[kept, :3],
        faces.reshape(-1, 3).astype(np.int32),
        properties[:, 3:5].copy(),
        corners.astype(np.int32),
    )


def row_at(profile: Points, z: float) -> float:
    """Texture row (fraction from the top) of a height on a lathe whose outline only rises."""
    outline = np.asarray(profile, float)
    return float(1 - np.interp(z, outline[:, 1], path_fractions(outline)))
