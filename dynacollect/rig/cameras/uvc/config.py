"""A USB camera in rig.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from ..config_base import CameraPart


class UvcCamera(CameraPart):
    """A USB camera; what it does not take is refused."""

    driver: Literal["uvc"]
    device: str = Field(
        description="Its link in /dev/v4l/by-id, which stays the same over replugging.",
        examples=["/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_ABCD1234-video-index0"],
    )
    serial: str = Field(description="What it is known by; else the link's name.", examples=["ABCD1234"])
    width: int = Field(default=640, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    height: int = Field(default=480, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    fps: float = Field(default=30.0, ge=1, le=240, description="Frames per second.")
    fourcc: str = Field(
        default="MJPG", min_length=4, max_length=4, description="Format on the cable, as v4l2-ctl has it."
    )
    lock: bool = Field(
        default=True, description="Lock exposure, gain, white balance and focus; false to try things out."
    )
    gain: int | None = Field(default=None, ge=0, le=4096, description="In the camera's own steps; null is as it is.")
    white_balance_k: int = Field(default=4600, ge=2000, le=10000, description="Colour of the light, kelvin.")
    focus: int | None = Field(default=None, ge=0, le=4096, description="In its own steps; null where it has none.")

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: object) -> object:
        if not isinstance(data, Mapping) or not isinstance(data.get("device"), str):
            return data
        return {"serial": Path(data["device"]).name, **data}
