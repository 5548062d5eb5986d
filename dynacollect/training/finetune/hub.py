"""Folders by their names: on this machine, or from the Hub's cache."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from ...rig.errors import DynacollectError

PARTS = {"dataset": None, "model": ["*.json", "*.safetensors"]}


def folder_of(name: str, kind: Literal["dataset", "model"]) -> Path:
    """A folder as it is named, or a snapshot of what the Hub has under that name."""
    folder = Path(name)
    if folder.is_dir():
        return folder
    what = "data set" if kind == "dataset" else "checkpoint"
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        raise DynacollectError(
            f"there is no folder {name}; name one with a {what}, or its id on the Hub, as owner/name"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, repo_type=kind, allow_patterns=PARTS[kind]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        raise DynacollectError(
            f"there is no folder {name}, and the Hub did not give a {what} of that name ({type(error).__name__}); "
            "check the name, the network, and `hf auth login`"
        ) from None
