"""What the fingers were told, tick by tick."""

from __future__ import annotations

import json

import numpy as np
from mcap.exceptions import McapError
from mcap.reader import make_reader

from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ..raw import RawEpisode

SHUT = 0.01
"""m; fingers that shall be no further apart are to close."""


def commanded_widths(raw: RawEpisode) -> Vector:
    """(ticks,) m; what was asked for last, and infinite before anything was."""
    widths, asked, tick = np.full(raw.record.ticks, np.inf), np.inf, -1
    path = raw.folder / raw.record.signals.file
    try:
        with path.open("rb") as file:
            # A command follows its tick in the file and carries the same time.
            for _, channel, message in make_reader(file).iter_messages(topics=["/tick", "/command"]):
                if channel.topic == "/tick":
                    tick += 1
                elif (grip := json.loads(message.data)["grip"]) is not None:
                    asked = grip["width"]
                widths[tick] = asked
    except (OSError, McapError, ValueError, IndexError) as error:
        raise DynacollectError(f"{path} cannot be read ({error}); run: dynacollect dataset repair") from error
    return widths
