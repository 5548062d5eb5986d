"""The pose of one object from all views at once: Gauss-Newton on where its outline lies.

Every point of the outline in every view is one equation: so far along this normal. Views taken at other times than the
estimate is for see the object where its velocity has it then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from ...rig.nouns import Vector
from .edges import Edges, Patch, edges, patch_of
from .looks import Look
from .outline import Outline, outline
from .viewpoints import ViewpointModel

NEAR = ((4.0, True),) * 3
FAR = ((6.0, False), (4.0, False), *NEAR)
"""How far is searched in each step, px, and whether finely."""
CORRELATED_PX = 4.0
"""Points of an outline nearer than this tell the same."""
SWELLS_PX = 0.25
"""By how much all of a view's outline may lie too far out or in (one sigma)."""
TUKEY = 4.7
ROOM_PX = 14
"""Around the outline in a patch."""
AGREES_PX = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Guess:
    """Where an object is thought to be, before looking."""

    time: float
    place: Vector
    turn: Vector
    """(3, 3)."""
    information: Vector
    """(6, 6) of place and turn; zeros where nothing is known."""
    velocity: Vector
    spin: Vector

    def at(self, time: float) -> tuple[Vector, Vector]:
        """Place and turn at another time."""
        dt = time - self.time
        if dt == 0.0:
            return self.place, self.turn
        return self.place + dt * self.velocity, Rotation.from_rotvec(dt * self.spin).as_matrix() @ self.turn

    def moved(self, step: Vector) -> Guess:
        """Shifted and turned by (6,)."""
        turn = Rotation.from_rotvec(step[3:]).as_matrix() @ self.turn
        return Guess(self.time, self.place + step[:3], turn, self.information, self.velocity, self.spin)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What looking gave."""

    guess: Guess
    """At the pose that was found."""
    information: Vector
    """(6, 6) from the pictures alone; zero along what they do not tell."""
    agreement: float
    """Share of the visible outline that lies where the pose says."""
    cost: float
    """0 where every point of the outline lies where the pose says, to 1 where none does."""


def fit(
    model: ViewpointModel, looks: Sequence[Look], guess: Guess, reaches: Sequence[tuple[float, bool]] = FAR
) -> Fit | None:
    """The pose nearest to the guess that the pictures agree with; None where no view shows the object."""
    patches = [_patch(model, look, *guess.at(look.captured_at)) for look in looks]
    anchor = guess
    found = None
    for reach, fine in reaches:
        lines = _lines(model, looks, patches, guess, reach, fine)
        if not lines:
            return None
        found = _step(lines, guess, anchor, fine)
        if found is None:
            return None
        guess = found.guess
    return found


def _patch(model: ViewpointModel, look: Look, place: Vector, turn: Vector) -> Patch | None:
    middle = look.local((turn @ model.middle + place)[None])
    if middle[0, 2] < 0.05:
        return None
    x, y = look.pixels(middle)[0]
    half = ROOM_PX + model.radius * look.camera.K[0, 0] / middle[0, 2]
    return patch_of(look, (int(x - half), int(y - half), int(x + half) + 2, int(y + half) + 2))


def _lines(
    model: ViewpointModel,
    looks: Sequence[Look],
    patches: Sequence[Patch | None],
    guess: Guess,
    reach: float,
    fine: bool,
) -> list[tuple[Outline, Edges]]:
    lines = []
    for look, patch in zip(looks, patches, strict=True):
        if patch is None:
            continue
        line = outline(model, look, *guess.at(look.captured_at))
        if line is not None:
            lines.append((line, edges(patch, line, reach, fine)))
    return lines


def _step(lines: Sequence[tuple[Outline, Edges]], guess: Guess, anchor: Guess, fine: bool) -> Fit | None:
    """One step of Gauss-Newton, held by what was known before."""
    slopes = np.vstack([line.slopes for line, _ in lines])
    off = np.concatenate([edge.off for _, edge in lines])
    sigma = np.concatenate([edge.sigma for _, edge in lines])
    share = np.concatenate([np.full(len(edge.off), min(1.0, line.spacing / CORRELATED_PX)) for line, edge in lines])
    seen = np.isfinite(sigma)
    if seen.sum() < 6:
        return None
    spread = max(1.0, 1.4826 * float(np.median(np.abs(off[seen] / sigma[seen]))))
    ratio = np.where(seen, off / sigma, 0.0) / (TUKEY * spread)
    robust = np.maximum(0.0, 1.0 - ratio**2) ** 2 if fine else 1.0 / np.sqrt(1.0 + (4.0 * ratio) ** 2)
    weight = np.where(seen, robust * share / sigma**2, 0.0)
    # All of a view's outline may lie a little too far out or in: by blur, shadow and the mesh. What that explains tells
    # nothing of the pose; without it, one view alone would be far too sure of the distance.
    swell = np.repeat(np.eye(len(lines)), [len(line.half) for line, _ in lines], axis=0)
    both = np.hstack([slopes, swell])
    normal = (both * weight[:, None]).T @ both / spread**2
    normal[6:, 6:] += np.eye(len(lines)) / SWELLS_PX**2
    pull = both.T @ (weight * np.where(seen, off, 0.0)) / spread**2
    across = normal[:6, 6:] @ np.linalg.inv(normal[6:, 6:])
    information = normal[:6, :6] - across @ normal[6:, :6]
    back = np.concatenate([anchor.place - guess.place, Rotation.from_matrix(anchor.turn @ guess.turn.T).as_rotvec()])
    pull = pull[:6] - across @ pull[6:] + anchor.information @ back
    step: Vector = np.linalg.solve(information + anchor.information, pull).astype(float)
    left = off - slopes @ step
    agrees = seen & (np.abs(left) < AGREES_PX)
    strange = np.concatenate([edge.strange for _, edge in lines])
    cost = float(np.where(strange, 1.0, np.minimum((left / np.where(seen, 3.0 * sigma, np.inf)) ** 2, 1.0)).mean())
    return Fit(guess.moved(step), information, float(agrees.sum() / seen.sum()), cost)
