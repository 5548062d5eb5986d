"""A RealSense camera in rig.yaml."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ..config_base import CameraPart


class RealSenseCamera(CameraPart):
    """The colour stream of a RealSense camera; exposure, gain and white balance are locked."""

    driver: Literal["realsense"]
    serial: str = Field(description="As rs-enumerate-devices shows it.", examples=['"0146222254321"'])
    width: int = Field(default=640, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    height: int = Field(default=480, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    fps: float = Field(default=30.0, ge=1, le=240, description="Frames per second.")
    gain: int = Field(default=64, ge=0, le=4096, description="In the camera's own steps.")
    white_balance_k: int = Field(default=4600, ge=2000, le=10000, description="Colour of the light, kelvin.")
