"""A camera of LeRobot's in rig.yaml."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from ..config_base import CameraPart


class LeRobotCamera(CameraPart):
    """A camera that LeRobot, or a plug-in of it, can read; its settings are its own."""

    driver: Literal["lerobot"]
    serial: str = Field(description="What it is known by.", examples=["orbbec-left"])
    type: str = Field(description="As LeRobot calls this kind of camera.", examples=["opencv"])
    settings: dict[str, Any] = Field(
        default={}, description="Of that kind, as in LeRobot; width, height and fps are ours.", examples=["{}"]
    )
