"""One picture of everything that a rig's cameras see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .errors import DynacollectError
from .nouns import FrameSet
from .rig import Rig

SETTLE_S = 0.6
TRIES = 50
LABEL_HEIGHT = 22


def views(rig: Rig, after_s: float = SETTLE_S) -> FrameSet:
    """Connect, wait for the streams, and take one complete set of frames."""
    silent = set(rig.cameras)
    with rig:
        rig.clock.wait_until(rig.clock.now() + after_s)
        for _ in range(TRIES):
            frames = rig.see()
            silent -= set(frames.frames)
            if not frames.missing:
                return frames
            rig.clock.wait_until(rig.clock.now() + 0.02)
    if silent:
        raise DynacollectError(f"no picture from {', '.join(sorted(silent))}; see: dynacollect rig check")
    raise DynacollectError(
        "the cameras never show the same moment; raise pairing.hard_s, or see: dynacollect rig check"
    )


def contact_sheet(frames: FrameSet) -> Image.Image:
    """The views side by side, each under its name and size."""
    sheets = [_labelled(name, frame.image) for name, frame in frames.frames.items()]
    height = max(sheet.height for sheet in sheets)
    picture = Image.new("RGB", (sum(sheet.width for sheet in sheets) + 4 * (len(sheets) - 1), height), "white")
    left = 0
    for sheet in sheets:
        picture.paste(sheet, (left, 0))
        left += sheet.width + 4
    return picture


def save(picture: Image.Image, path: Path) -> None:
    """Write the picture; DynacollectError if the path does not take one."""
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise DynacollectError(f"cannot write {path} ({error}); name a .png or .jpg in a folder that exists") from error


def _labelled(name: str, image: np.ndarray) -> Image.Image:
    height, width, _ = image.shape
    sheet = Image.new("RGB", (width, height + LABEL_HEIGHT), (24, 26, 30))
    sheet.paste(Image.fromarray(image), (0, LABEL_HEIGHT))
    text = f"{name}   {width}x{height}"
    ImageDraw.Draw(sheet).text((8, 4), text, fill=(230, 230, 230), font=ImageFont.load_default(13))
    return sheet
