"""A recorded camera in rig.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, model_validator

from ...config_base import refusal
from ...errors import DynacollectError
from ..config_base import CameraPart


class FilesCamera(CameraPart):
    """A camera of a recording; what is not given is as it was recorded."""

    driver: Literal["files"]
    path: Path = Field(strict=False, description="An episode's folder, or see docs/cameras.md.", examples=["monday"])
    camera: str = Field(description="Its name in the recording.", examples=["opst_cam"])
    loop: bool = Field(default=False, description="Begin anew at the end; without, the stream stands still there.")

    @model_validator(mode="before")
    @classmethod
    def _look(cls, data: object, info: ValidationInfo) -> object:
        """What the recording says, where the file does not."""
        if not isinstance(data, Mapping) or not all(isinstance(data.get(key), str) for key in ("path", "camera")):
            return data
        path = ((info.context or {}).get("folder", Path()) / Path(data["path"]).expanduser()).resolve()
        if not path.is_dir():
            raise refusal(f"there is no folder {path}", "write its path from this file's folder", "path")
        from .recording import read_recording  # on demand: what starts without recordings need not load it

        try:
            about = read_recording(path, data["camera"]).about
        except DynacollectError as error:
            problem, _, remedy = str(error).rpartition("; ")
            raise refusal(problem, remedy, "path") from error
        for key in ("width", "height"):
            if data.get(key, about[key]) != about[key]:
                raise refusal(f"it was recorded with {about[key]}", "leave it out", key)
        return {**about, **data, "path": str(path)}
