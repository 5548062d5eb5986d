"""What some trackers of `track eval` have to be told besides the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...rig.errors import DynacollectError

TagsOption = Annotated[
    Path | None,
    typer.Option("--tags", metavar="TAGS.yaml", help="For fiducial: the tags on each object, docs/fiducials.md."),
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server", metavar="HOST:PORT", help="For foundationpose: where its server.py listens, or a socket file."
    ),
]
SERVER = "127.0.0.1:5577"


def backend_options(tracker: str, tags: Path | None, server: str | None) -> dict[str, object]:
    """What `track_sequence` of that tracker takes beside the sequence."""
    if tags is not None and tracker != "fiducial":
        raise DynacollectError(f"--tags is for tags on objects, not for {tracker}; add --tracker fiducial")
    if server is not None and tracker != "foundationpose":
        raise DynacollectError(f"--server is for FoundationPose, not for {tracker}; add --tracker foundationpose")
    if tracker == "fiducial":
        if tags is None:
            raise DynacollectError("nobody says which tags are on the objects; add --tags tags.yaml")
        return {"tags": tags}
    return {"server": server or SERVER} if tracker == "foundationpose" else {}
