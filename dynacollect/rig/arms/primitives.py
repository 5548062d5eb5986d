"""The few shapes that links are drawn with; points and sizes in metres, in the link's frame."""

from __future__ import annotations

from .model import Shape

Part = tuple[tuple[Shape, ...], tuple[Shape, ...]]
"""A link's looks and hulls."""

Point = tuple[float, float, float]
Colour = tuple[float, float, float]
Turn = tuple[float, float, float, float]

WHITE: Colour = (0.93, 0.935, 0.94)


def pill(a: Point, b: Point, radius: float, colour: Colour = WHITE) -> Shape:
    """A capsule between two points."""
    return Shape("capsule", (radius,), ends=(a, b), colour=colour)


def drum(a: Point, b: Point, radius: float, colour: Colour = WHITE) -> Shape:
    """A cylinder between two points."""
    return Shape("cylinder", (radius,), ends=(a, b), colour=colour)


def ball(at: Point, radii: Point, colour: Colour = WHITE) -> Shape:
    """An ellipsoid."""
    return Shape("ellipsoid", radii, position=at, colour=colour)


def block(at: Point, half: Point, colour: Colour = WHITE, turn: Turn = (0.0, 0.0, 0.0, 1.0)) -> Shape:
    """A box of these half lengths; `turn` is a quaternion (x, y, z, w)."""
    return Shape("box", half, position=at, quaternion_xyzw=turn, colour=colour)
