"""The knobs of the simulated rig: its cameras' sensor, its arm's delays, and what its episodes are drawn from."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_serializer

from .config_base import DISTINCT, LIST, Counts, Part, Range, inside, nearest, refusal

PAPER_FOCAL_SHARE = 0.5
"""Focal length over image width: 240 px at 480 px."""

Motion = Literal["straight", "curved", "accelerating", "bounce", "knocked"]
Launcher = Literal["push", "ramp", "conveyor", "self"]
Split = Literal["seen", "unseen"]


class CellSensor(Part):
    """What a camera of the cell does to the light and to the time."""

    read_noise: float = Field(default=1.2, ge=0, le=50, description="Dark noise, grey levels (standard deviation).")
    shot_noise: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="Variance per grey level, on top of read_noise^2.",
    )
    vignetting: float = Field(default=0.12, ge=0, le=0.9, description="Share of the light that the corners lose.")
    latency_s: float = Field(default=0.03, ge=0, le=1, description="From mid-exposure until the host has the frame.")
    latency_jitter_s: float = Field(default=0.002, ge=0, le=0.5, description="Standard deviation of the latency.")
    clock_offset_s: float = Field(default=0.0, ge=-1e6, le=1e6, description="Device minus host clock at the start.")
    clock_drift_ppm: float = Field(default=0.0, ge=-500, le=500, description="How much faster the device clock runs.")
    drop_rate: float = Field(default=0.001, ge=0, le=0.5, description="Share of frames that never arrive.")
    repeat_rate: float = Field(default=0.0005, ge=0, le=0.5, description="Share of frames that are the last one again.")
    distortion: Annotated[tuple[float, float, float, float, float], LIST] = Field(
        default=(0.02, -0.004, 0.0004, -0.0003, 0.0),
        description="Brown-Conrady k1, k2, p1, p2, k3 (OpenCV's).",
    )
    focal_px: float | None = Field(default=None, gt=10, le=20000, description="Null is half the image width.")

    def focal(self, width: int) -> float:
        """Focal length in pixels of an image this wide."""
        return PAPER_FOCAL_SHARE * width if self.focal_px is None else self.focal_px


class CellArmKnobs(Part):
    """Delays of the simulated arm; null takes the arm model's published figure."""

    command_delay_s: float | None = Field(default=None, ge=0, le=1, description="From a set-point to the motion.")
    gripper_delay_s: float | None = Field(default=None, ge=0, le=2, description="From a grip command to the motion.")


def _objects(value: object) -> object:
    """`all`, or names that the catalogue has."""
    if value == "all":
        return ()
    if isinstance(value, str):
        raise refusal(f"expected 'all' or a list of names, got '{value}'", f"write all, or [{value}]")
    if not isinstance(value, list | tuple):
        return value
    if not value:
        raise refusal("the list is empty", "write all, or name at least one object")
    known = _catalogue()
    for index, name in enumerate(value):
        if isinstance(name, str) and name not in known:
            raise refusal(f"no object is called '{name}'", nearest(name, known), index)
        if name in value[:index]:
            raise refusal(f"'{name}' is given twice", "name each once", index)
    return value


def _catalogue() -> tuple[str, ...]:
    from .objects import catalogue  # on demand: only a file that names objects needs their geometry

    return tuple(catalogue.names())


class CellEpisodes(Part):
    """The ranges that an episode is drawn from."""

    objects: Annotated[tuple[str, ...], LIST, BeforeValidator(_objects)] = Field(
        default=(),
        description="What may be launched; empty stands for all of the split that the arm can grasp.",
    )
    split: Split = Field(default="seen", description="Objects of the training or of the held-out set.")
    textures: Split = Field(default="seen", description="Table and background textures of either set.")
    motions: Annotated[tuple[Motion, ...], LIST, DISTINCT] = Field(
        default=("straight",), description="How launched objects travel; all but straight are held out."
    )
    launchers: Annotated[tuple[Launcher, ...], LIST, DISTINCT] = Field(
        default=("push", "ramp", "conveyor"), description="What sets an object in motion; self is a throw by the arm."
    )
    distractors: Annotated[Counts, inside(0, 8)] = Field(default=(0, 3), description="How many others lie about.")
    speed_m_s: Annotated[Range, inside(0, 2)] = Field(default=(0.0, 0.75), description="Speed of a launched object.")
    still_share: float = Field(default=0.2, ge=0, le=1, description="Share of episodes whose object is not launched.")
    friction: Annotated[Range, inside(0.05, 3)] = Field(default=(0.5, 1.5), description="Scale on the friction.")
    perturbation_m_s: float = Field(
        default=0.0, ge=0, le=1, description="Size of the random pushes every 0.5 to 1 s; 0 is none."
    )
    kelvin: Annotated[Range, inside(1500, 20000)] = Field(default=(4000.0, 8000.0), description="Colour of the lights.")
    lumen: Annotated[Range, inside(10, 5000)] = Field(default=(150.0, 750.0), description="Strength of the lights.")
    room: int | None = Field(
        default=None,
        ge=0,
        description="Light and surfaces have this number; null: drawn anew, or a session's own.",
    )
    shadows: bool = Field(default=True, description="Draw them: of a small picture they take two thirds of the time.")
    camera_jitter_m: float = Field(default=0.0, ge=0, le=0.2, description="How far fixed cameras stand off, per seed.")
    camera_jitter_deg: float = Field(default=0.0, ge=0, le=20, description="How far they are turned, per seed.")

    @field_serializer("objects")
    def _write_objects(self, objects: tuple[str, ...]) -> str | list[str]:
        return list(objects) or "all"


class Cell(Part):
    """The simulated rig."""

    timestep_s: float = Field(default=0.002, ge=0.0002, le=0.01, description="Step of the physics.")
    sensor: CellSensor = Field(default=CellSensor(), description="All cameras; a camera's own `sensor` overrides it.")
    arm: CellArmKnobs = Field(default=CellArmKnobs(), description="Delays of the arm.")
    attendant_s: float | None = Field(
        default=None, ge=0, le=86400, description="A person comes so long after a call and mends all; null is nobody."
    )
    episodes: CellEpisodes = Field(default=CellEpisodes(), description="What is drawn anew in every episode.")
