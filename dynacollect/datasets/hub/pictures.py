"""A sheet of pictures for the card: of some episodes one row each, every camera in the middle of the episode."""

from __future__ import annotations

from fractions import Fraction
from io import BytesIO

import av
import av.error
import numpy as np
from PIL import Image as Pillow

from ...rig.errors import DynacollectError
from ..built import BuiltSet, Pictures

SHEET = "pictures.jpg"
ROWS = 4
"""Episodes, spread over the set."""
WIDE, GAP = 320, 4
"""px of a picture, and between two."""


def sheet(built: BuiltSet) -> bytes:
    """As JPEG; the same set gives the same bytes."""
    cameras, size = built.ledger.cameras, built.ledger.size
    high = round(WIDE * size[1] / size[0])
    last = len(built.episodes) - 1
    chosen = [int(place) for place in np.unique(np.linspace(0, last, ROWS).round())]
    whole = Pillow.new("RGB", (len(cameras) * (WIDE + GAP) - GAP, len(chosen) * (high + GAP) - GAP), (255, 255, 255))
    for row, index in enumerate(chosen):
        for column, camera in enumerate(cameras):
            picture = _middle(built.pictures(index, camera), built.ledger.fps)
            small = picture.resize((WIDE, high), Pillow.Resampling.LANCZOS)
            whole.paste(small, (column * (WIDE + GAP), row * (high + GAP)))
    out = BytesIO()
    whole.save(out, format="JPEG", quality=85)
    return out.getvalue()


def _middle(place: Pictures, fps: int) -> Pillow.Image:
    due = (place.first + place.count // 2) / fps
    try:
        with av.open(str(place.path)) as container:
            stream = container.streams.video[0]
            base = Fraction(stream.time_base or 1)
            container.seek(round(due / base), stream=stream)
            for frame in container.decode(stream):
                if float((frame.pts or 0) * base) > due - 0.5 / fps:
                    return frame.to_image()
    except (OSError, IndexError, av.error.FFmpegError) as error:
        raise DynacollectError(f"{place.path} cannot be decoded ({error}); build the set again") from error
    raise DynacollectError(f"{place.path} ends before {due:.2f} s; build the set again")
