"""Which trained network tells objects apart, and how it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ....rig.errors import DynacollectError
from ..segment import AppearanceSegmenter, Segmenter
from .naming import all_called, words_of
from .network import Network
from .offline import ultralytics
from .sam import SamSegmenter
from .segmenter import BoxSegmenter, MaskSegmenter
from .vocabulary import teach

FOLDER = Path("weights")
"""Where weights are looked for by name, from the current directory."""

FAINT = 0.2

Device = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True, slots=True)
class Weights:
    """A network in place of learnt colours."""

    name: str
    """A file, or the name of one in `weights/` here."""
    device: Device = "auto"
    confidence: float = 0.25
    """Score from which an object is found where none was; `FAINT` of it is enough where one is expected."""
    size: int | None = None
    """Pixels to the side that pictures are brought to; `None` is what it was trained with."""

    @property
    def path(self) -> Path:
        return file_of(self.name)

    def segmenter(self, embedded: AppearanceSegmenter, names: Mapping[str, str]) -> Segmenter:
        """For the objects of `names`, which holds what the catalogue calls them; it may lean on the embedded one."""
        ultralytics()
        if self.path.name.startswith("sam2"):
            return SamSegmenter(self.path, self.device, self.size, embedded, tuple(names))
        network = Network(self.path, self.device, FAINT * self.confidence, self.size)
        words = {key: words_of(name) for key, name in names.items()}
        teach(network, words)
        objects = all_called(network.labels, words, self.path)
        kind = MaskSegmenter if network.gives_pixels else BoxSegmenter
        return kind(network, objects, self.confidence, embedded)


def file_of(name: str) -> Path:
    """The weights of this name; they are on this computer, or nowhere."""
    tried = [folder / file for folder in (Path(), FOLDER) for file in (name, f"{name}.pt")]
    for path in tried:
        if path.is_file():
            return path
    raise DynacollectError(
        f"there are no weights {name}; train some with `dynacollect objects train-detector`, or download a file and "
        "name it: nothing is fetched from the network"
    )
