"""Whether a calibration will do, in words, against what a grasp forgives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..result import Calibration
from .numbers import short

TOLERANCE_MM = 10.0
"""By how much a grasp may miss."""
BUDGET_MM = 1.0
"""What calibration may spend of it."""
USABLE_MM = 3.0
"""Beyond this grasps begin to fail for the calibration alone."""
HELD_OUT_BUDGET, HELD_OUT_USABLE = 2 * BUDGET_MM, 0.5 * TOLERANCE_MM
"""Held-out errors also hold the robot's own, so that they may be larger."""

Grade = Literal["good", "usable", "not good enough"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, and why."""

    grade: Grade
    sentence: str


def verdict(calibration: Calibration) -> Verdict:
    """By the worst point of the workspace and the camera that predicts left out views worst."""
    space, held = calibration.quality.workspace, calibration.quality.held_out
    grades: list[Grade] = []
    said: list[str] = []
    if space is not None:
        grades.append(_grade(space.worst_mm, BUDGET_MM, USABLE_MM))
        said.append(
            f"an object's position is expected to be off by {short(space.rms_mm)} mm ({short(space.worst_mm)} mm at"
            f" the worst point of the workspace)"
        )
    if held:
        worst = max(held, key=lambda name: held[name].rms_mm)
        grades.append(_grade(held[worst].rms_mm, HELD_OUT_BUDGET, HELD_OUT_USABLE))
        said.append(f"views left out are predicted to {short(held[worst].rms_mm)} mm ({worst}, the worst)")
    if space is None:
        said.append("no two fixed cameras see the same space, so no error of an object can be predicted")
    if not held:
        said.append("there are too few views to leave some out and check")
        grades.append("usable")
    order: tuple[Grade, ...] = ("good", "usable", "not good enough")
    grade = max(grades, key=order.index)
    budget = f"A grasp forgives {TOLERANCE_MM:g} mm; calibration may spend {BUDGET_MM:g} mm of it."
    text = "; ".join(said)
    return Verdict(grade, f"{text[0].upper()}{text[1:]}. {budget}")


def _grade(error: float, budget: float, usable: float) -> Grade:
    if error <= budget:
        return "good"
    return "usable" if error <= usable else "not good enough"
