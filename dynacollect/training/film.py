"""A strip of pictures of one episode: what a camera saw around each change of phase."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..controllers.machine import Observation, Phase, Step
from ..controllers.safety import Passed
from ..rig.errors import DynacollectError
from ..rig.rig import Rig

SHOWN = (Phase.MEET, Phase.APPROACH, Phase.CLOSE, Phase.GRASP, Phase.LIFT, Phase.PLACE, Phase.DONE)
WIDTH, GAP, COLUMNS = 300, 3, 8
CROP = (0.22, 0.0, 0.82, 0.68)
"""Left, top, right and bottom of what is shown, as shares: the arm and the table."""


class Film:
    """Keeps a picture of one camera when a phase worth seeing begins, and a few before."""

    def __init__(self, rig: Rig, camera: str = "side_cam", start_every_s: float = 0.4) -> None:
        self._camera = rig.cameras[camera]
        self._every = start_every_s
        self._next = 0.0
        self.shots: list[tuple[str, np.ndarray]] = []

    def watch(self, seen: Observation, step: Step, passed: Passed) -> None:  # noqa: ARG002
        """Take a picture if this tick is worth one."""
        changed = [move.after for move in step.transitions if move.after in SHOWN]
        waiting = not any(label.split()[0] in SHOWN for label, _ in self.shots)
        if not changed and not (waiting and seen.time >= self._next and len(self.shots) < 3):
            return
        frame = self._camera.latest()
        if frame is None:
            return
        self._next = seen.time + self._every
        label = str(changed[-1]) if changed else str(step.state.phase)
        self.shots.append((f"{label}  {seen.time:.2f} s", frame.image))

    def save(self, path: Path) -> None:
        """The pictures in rows, each under its phase and time."""
        if not self.shots:
            raise DynacollectError("no picture was taken; film an episode of a rig with a side_cam")
        tiles = [_tile(label, image) for label, image in self.shots]
        high, wide = tiles[0].height + GAP, WIDTH + GAP
        columns = min(len(tiles), COLUMNS)
        rows = -(-len(tiles) // columns)
        strip = Image.new("RGB", (columns * wide - GAP, rows * high - GAP), "white")
        for index, tile in enumerate(tiles):
            strip.paste(tile, (index % columns * wide, index // columns * high))
        try:
            strip.quantize(256).save(path, optimize=True)
        except (OSError, ValueError) as error:
            raise DynacollectError(f"cannot write {path} ({error}); name a .png in a folder that exists") from error


def _tile(label: str, image: np.ndarray) -> Image.Image:
    full = Image.fromarray(image)
    left, top, right, bottom = CROP
    picture = full.crop((
        round(left * full.width), round(top * full.height), round(right * full.width), round(bottom * full.height)
    ))  # fmt: skip
    picture = picture.resize((WIDTH, round(WIDTH * picture.height / picture.width)), Image.Resampling.LANCZOS)
    tile = Image.new("RGB", (WIDTH, picture.height + 20), (24, 26, 30))
    tile.paste(picture, (0, 20))
    ImageDraw.Draw(tile).text((6, 3), label, fill=(230, 230, 230), font=ImageFont.load_default(12))
    return tile
