"""What every camera of a rig.yaml has, whatever its driver."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from ..config_base import Part, refusal

Mount = Literal["fixed", "wrist"]


class CameraPart(Part):
    """A camera. Drivers add to it, or give a field another default."""

    serial: str = Field(description="Which device.", examples=["0123456789"])
    width: int = Field(default=480, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    height: int = Field(default=360, ge=64, le=4096, multiple_of=2, description="Pixels, even.")
    fps: float = Field(default=25.0, ge=1, le=240, description="Frames per second.")
    exposure_s: float = Field(default=0.004, gt=0, le=1, description="Time that the shutter is open.")
    delay_s: float = Field(default=0.03, ge=0, le=1, description="Mid-exposure to arrival, at the least, as measured.")
    mount: Mount = Field(default="fixed", description="Beside the table, or on the hand.")

    @model_validator(mode="after")
    def _check_exposure(self) -> Self:
        if self.exposure_s >= 1 / self.fps:
            period = 1 / self.fps
            raise refusal(
                f"{self.exposure_s:g} s do not fit in a frame of {period:g} s", f"stay under {period:g}", "exposure_s"
            )
        return self
