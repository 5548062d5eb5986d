"""Turns in many: quaternions (..., 4), x y z w, and rotation vectors (..., 3)."""

from __future__ import annotations

import numpy as np

from ...rig.nouns import Vector

_TIMES = np.zeros((4, 4, 4))
"""(of the first, of the product, of the second)."""
for _a, _b, _c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _TIMES[_a, _c, _b], _TIMES[_b, _c, _a] = 1.0, -1.0
    _TIMES[3, _a, _a] = _TIMES[_a, _a, 3] = 1.0
    _TIMES[_a, 3, _a] = -1.0
_TIMES[3, 3, 3] = 1.0
_MATRIX = np.zeros((4, 4, 3, 3))
"""A rotation matrix from the products of two parts of a turn."""
for _a, _b, _c in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _MATRIX[3, 3, _a, _a] = _MATRIX[_a, _a, _a, _a] = 1.0
    _MATRIX[_b, _b, _a, _a] = _MATRIX[_c, _c, _a, _a] = -1.0
    _MATRIX[_a, _b, _a, _b] = _MATRIX[_a, _b, _b, _a] = 2.0
    _MATRIX[_c, 3, _a, _b], _MATRIX[_c, 3, _b, _a] = -2.0, 2.0
_TIMES, _MATRIX = _TIMES.reshape(4, 16), _MATRIX.reshape(16, 9)


def times(first: Vector, second: Vector) -> Vector:
    """The turn `second`, then `first`."""
    left = (first @ _TIMES).reshape(*first.shape[:-1], 4, 4)
    return (left @ second[..., None])[..., 0]


def back(turn: Vector) -> Vector:
    """The opposite turn."""
    return turn * _BACK


def turn_by(vector: Vector) -> Vector:
    """The turn (..., 4) of a rotation vector (..., 3)."""
    half = 0.5 * np.sqrt((vector * vector).sum(-1, keepdims=True)) + 1e-12
    return np.concatenate([vector * (0.5 * np.sin(half) / half), np.cos(half)], axis=-1)


def vector_of(turn: Vector) -> Vector:
    """The shortest rotation vector (..., 3) of a turn (..., 4)."""
    way, cosine = turn[..., :3], turn[..., 3:]
    sine = np.sqrt((way * way).sum(-1, keepdims=True)) + 1e-12
    return way * (2.0 * np.arctan2(np.where(cosine < 0.0, -sine, sine), np.abs(cosine)) / sine)


def matrix_of(turn: Vector) -> Vector:
    """The rotation matrix (..., 3, 3) of a turn (..., 4)."""
    pairs = turn[..., :, None] * turn[..., None, :]
    return (pairs.reshape(*turn.shape[:-1], 16) @ _MATRIX).reshape(*turn.shape[:-1], 3, 3)


def turn_of(matrix: Vector) -> Vector:
    """The turn (4,) of one rotation matrix (3, 3)."""
    (a, b, c), (d, e, f), (g, h, i) = matrix.tolist()
    # Four times the square of each part; the largest is the safe one to divide by.
    squares = (1.0 + a - e - i, 1.0 - a + e - i, 1.0 - a - e + i, 1.0 + a + e + i)
    rows = (
        (squares[0], b + d, c + g, h - f),
        (b + d, squares[1], f + h, c - g),
        (c + g, f + h, squares[2], d - b),
        (h - f, c - g, d - b, squares[3]),
    )
    row = np.array(rows[squares.index(max(squares))])
    return row / np.sqrt(row @ row)


_BACK = np.array([-1.0, -1.0, -1.0, 1.0])
