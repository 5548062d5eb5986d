"""The raw log: one directory per episode, durable the moment it has its name, readable on its own."""

from .disk import DiskFullError
from .reader import RawEpisode, episodes_in
from .record import EpisodeRecord, Head, Thing
from .recorder import EpisodeLostError, Recorder, Recording

__all__ = [
    "DiskFullError",
    "EpisodeLostError",
    "EpisodeRecord",
    "Head",
    "RawEpisode",
    "Recorder",
    "Recording",
    "Thing",
    "episodes_in",
]
