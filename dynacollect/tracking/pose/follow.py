"""One object from tick to tick: from where it is foreseen to where the pictures have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...rig.nouns import ObjectState, PoseEstimate, Vector
from ...rig.pose import pose_of, turn_of
from ..seeing.tones import Pixels
from .looks import Look
from .multiview import FAR, NEAR, Fit, Guess, fit
from .search import Quest, Rests, search
from .silhouettes import overlap, silhouette
from .viewpoints import ViewpointModel

ALIKE = 0.6
"""Overlap of the foreseen silhouette with the mask above which the outline is near enough to be found."""
CLEAR = 0.3
"""Overlap in a view below which something stands before the object there."""
LEAST, TOGETHER = 0.4, 1.25
"""What agreement of the outline and overlap must reach each, and in sum, for a fit to be believed."""
AREA = (0.55, 1.7)
"""Of a mask relative to the silhouette, for its middle to mean something."""
FLOOR = np.diag([0.0003**2] * 3 + [np.deg2rad(0.5) ** 2] * 3)
"""What no outline tells: errors of mesh and calibration."""
BLIND = np.diag([1 / 0.3**2] * 3 + [1 / 2.0**2] * 3)
"""What is known of a place or turn of which the pictures tell nothing."""
FRESH = 0.4
"""Share of a fit's variance that is new in every tick; the rest comes of shadows, mesh and lens and stays."""
LOOSE = (0.006, 0.15)
"""A foreseen pose holds the fit this loosely at least: m, rad."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A pose that pictures gave, and how well it explains them."""

    fit: Fit
    overlap: float

    @property
    def is_sound(self) -> bool:
        """Whether mask and outline together speak for it; a mask may lack what looks like the table."""
        return min(self.fit.agreement, self.overlap) > LEAST and self.fit.agreement + self.overlap > TOGETHER

    @property
    def health(self) -> float:
        """0 to 1: what share of what can be seen is explained."""
        return float(np.clip((self.fit.agreement + self.overlap - LEAST) / (TOGETHER - LEAST) - 0.4, 0.0, 1.0))

    @property
    def lasting(self) -> Vector:
        """(6, 6) covariance of the part of the error that is there again in the next tick."""
        return (1.0 - FRESH) * self._covariance

    @property
    def _covariance(self) -> Vector:
        return np.linalg.inv(self.fit.information + BLIND).astype(float)

    def estimate(self, name: str) -> PoseEstimate:
        """A measurement for a filter, which takes errors for fresh."""
        guess = self.fit.guess
        covariance = FRESH * self._covariance + FLOOR
        return PoseEstimate(name, pose_of(guess.place, guess.turn), covariance, guess.time, self.health)


def guess_from(state: ObjectState) -> Guess:
    """What a foreseen state says before looking."""
    sigma = np.sqrt(np.maximum(np.diag(state.covariance)[:6], 0.0))
    loose = np.hypot(2.0 * sigma, np.repeat(LOOSE, 3))
    return Guess(
        state.valid_at, np.asarray(state.position), turn_of(state.T_base_object), np.diag(1.0 / loose**2),
        state.velocity, state.angular_velocity,
    )  # fmt: skip


def follow(model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess) -> Seen | None:
    """Where the object is, near to where it is foreseen; None where the pictures do not show it there."""
    shares = _shares(model, looks, masks, guess)
    near = [share is not None and share >= ALIKE for share in shares]
    stayed = _sound(model, _clear(looks, shares), masks, guess, NEAR) if any(near) else None
    if all(near):
        return stayed
    # Where only some views are far off, it may be a hand's mask that says so.
    met = _met(model, looks, masks, guess)
    found = _sound(model, _clear(looks, _shares(model, looks, masks, met)), masks, met, FAR)
    return max((seen for seen in (found, stayed) if seen), key=lambda seen: seen.health, default=None)


def seen_at(model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess) -> Seen | None:
    """What the views that show the object there say of a guess that is nearly right."""
    return _sound(model, _clear(looks, _shares(model, looks, masks, guess)), masks, guess, NEAR)


def _clear(looks: Sequence[Look], shares: Sequence[float | None]) -> list[Look]:
    """The views that show the object."""
    return [look for look, share in zip(looks, shares, strict=True) if share is not None and share >= CLEAR]


def _sound(
    model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess,
    reaches: Sequence[tuple[float, bool]],
) -> Seen | None:  # fmt: skip
    """What these views give, if that is to be believed."""
    fitted = fit(model, looks, guess, reaches) if looks else None
    if fitted is None:
        return None
    shares = [share for share in _shares(model, looks, masks, fitted.guess) if share is not None]
    seen = Seen(fitted, float(np.mean(shares)) if shares else 0.0)
    return seen if seen.is_sound else None


def found_anew(
    model: ViewpointModel, rests: Rests, looks: Sequence[Look], masks: Mapping[str, Pixels], time: float, least: float,
    table_z: float | None = None, quest: Quest | None = None,
) -> Seen | None:  # fmt: skip
    """Where the object is, from its masks alone, if at least so much of mask and outline is explained."""
    found = search(model, rests, looks, masks, time, table_z, quest)
    if found is None or min(found.fit.agreement, found.overlap) < least:
        return None
    return Seen(found.fit, found.overlap)


def _shares(
    model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess
) -> list[float | None]:
    """Overlap of silhouette and mask in each view; None where one of the two is lacking."""
    shares: list[float | None] = []
    for look in looks:
        mask = masks.get(look.camera.name)
        shown = silhouette(model, look, *guess.at(look.captured_at))
        free = None if look.hidden is None else ~look.hidden
        shares.append(None if mask is None or shown is None else overlap(*shown, mask, free))
    return shares


def _met(model: ViewpointModel, looks: Sequence[Look], masks: Mapping[str, Pixels], guess: Guess) -> Guess:
    """The guess shifted so that silhouettes lie over their masks."""
    normal, right = np.diag([1 / 0.1**2] * 3), np.zeros(3)
    for look in looks:
        mask = masks.get(look.camera.name)
        place, turn = guess.at(look.captured_at)
        shown = silhouette(model, look, place, turn)
        if mask is None or shown is None:
            continue
        (x0, y0, _, _), inside = shown
        area, there = _middle(mask)
        own_area, own = _middle(inside)
        if not AREA[0] < area / max(own_area, 1.0) < AREA[1]:
            continue
        slope = look.slopes(look.local(place[None]))[0] @ look.turn
        normal += slope.T @ slope
        right += slope.T @ (there - own - [x0, y0])
    return replace(guess, place=guess.place + np.linalg.solve(normal, right))


def _middle(mask: Pixels) -> tuple[float, Vector]:
    m = cv2.moments(mask.view(np.uint8), binaryImage=True)
    area = max(m["m00"], 1e-9)
    return m["m00"], np.array([m["m10"], m["m01"]]) / area
