"""The knobs of an AgileX PiPER in `rig.yaml`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..config_base import Part


class PiperKnobs(Part):
    """What holds for the arm on the bench and for its stand-in."""

    model: Literal["piper"] = Field(description="Which arm.", examples=["piper"])
    speed_share: float = Field(
        default=1.0, ge=0.05, le=1, description="Share of the arm's top speed and acceleration that motion may use."
    )
    enable_s: float = Field(default=5.0, ge=0.5, le=60, description="How long all six joints may take to enable.")
    gripper_offset_m: float = Field(
        default=0.0, ge=-0.02, le=0.02, description="What the gripper reports when its fingers touch."
    )
    gripper_scale: float = Field(
        default=1.0, ge=0.7, le=1.4, description="What the gripper reports per metre of true width, offset taken off."
    )


class PiperArm(PiperKnobs):
    """A PiPER on a CAN bus."""

    driver: Literal["piper"]
    channel: str = Field(default="can0", min_length=1, description="CAN interface, as `ip -br link` lists it.")
    interface: Literal["socketcan", "slcan", "gs_usb", "udp_multicast", "virtual"] = Field(
        default="socketcan", description="python-can's name for the kind of adapter."
    )
    dh_is_offset: Literal[0, 1] = Field(
        default=1, description="0 for firmware before S-V1.6-3, whose zero of joints 2 and 3 is 2 degrees off."
    )
    stroke_mm: Literal[70, 100] = Field(default=70, description="Travel of the gripper: 70, or 100 for the large one.")
    shadow: bool = Field(default=False, description="Read only: the arm is neither enabled nor commanded.")


class PiperSim(PiperKnobs):
    """The driver of the PiPER on a stand-in of its firmware, which moves the arm of the simulated rig."""

    driver: Literal["piper-sim"]
