"""Who lays a real rig's table and sets objects in motion."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from .config_base import LIST, Part

Command = Annotated[tuple[str, ...], LIST, Field(min_length=1)]


class StageConfig(Part):
    """Commands of the lab, in place of a person at the terminal. Each reads one JSON object from its standard input."""

    lay: Command | None = Field(default=None, description="Lays the table; null asks a person.")
    launch: Command | None = Field(default=None, description="Sets the object in motion; null waits for a push.")
    timeout_s: float = Field(default=60.0, gt=0, le=3600, description="A command that takes longer has failed.")
