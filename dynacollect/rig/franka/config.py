"""The knobs of a Franka in `rig.yaml`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..config_base import LIST, Part, refusal

Seven = Annotated[tuple[float, float, float, float, float, float, float], LIST]
"""One number per joint, base to tip."""
SOFTEST, STIFFEST = 10.0, 1000.0
"""Stiffness that the arm is still led by, and that it still bears without ringing, N m / rad."""


class Collision(Part):
    """How hard the arm may meet something before it stops in a reflex."""

    torque_nm: float = Field(default=40.0, ge=1, le=100, description="Per joint; lower is gentler.")
    force_n: float = Field(default=40.0, ge=1, le=100, description="At the hand; lower is gentler.")


class FrankaKnobs(Part):
    """What holds for the arm on the bench and for its stand-in."""

    stiffness: Seven = Field(
        default=(600.0, 600.0, 600.0, 600.0, 250.0, 150.0, 50.0),
        description="How firmly each joint keeps to its set-points, N m / rad.",
    )
    command_delay_s: float = Field(default=0.015, ge=0, le=0.2, description="From a set-point to its feedback.")
    gripper_delay_s: float = Field(default=0.2, ge=0, le=2, description="From a grip command to the first motion.")
    collision: Collision = Field(default=Collision(), description="When the arm takes a touch for a collision.")

    @model_validator(mode="after")
    def _check(self) -> FrankaKnobs:
        for index, value in enumerate(self.stiffness):
            if not SOFTEST <= value <= STIFFEST:
                raise refusal(
                    f"{value:g} is outside {SOFTEST:g} to {STIFFEST:g}", "bring it inside", "stiffness", index
                )
        return self


class FrankaArm(FrankaKnobs):
    """A Franka with its hand on a network cable."""

    driver: Literal["franka"]
    model: Literal["franka-panda", "franka-fr3"] = Field(description="Which arm.", examples=["franka-fr3"])
    host: str = Field(min_length=1, description="Address of the control unit.", examples=["172.16.0.2"])
    realtime: bool = Field(default=True, description="Refuse to run on a kernel that is not real-time.")
    home_hand: bool = Field(default=False, description="On connecting, open and close the hand to find its width.")
    shadow: bool = Field(default=False, description="Read only: the arm and the hand are not commanded.")


class FrankaSim(FrankaKnobs):
    """The driver of the Franka on a stand-in of its controller, which moves the arm of the simulated rig."""

    driver: Literal["franka-sim"]
    model: Literal["franka-fr3"] = Field(description="Which arm.", examples=["franka-fr3"])
    gripper_delay_s: float = Field(default=0.02, ge=0, le=2, description="From a grip command to the first motion.")
