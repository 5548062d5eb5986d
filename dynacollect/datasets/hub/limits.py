"""What the Hub takes: how many files in a folder, in a repository, and how large."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ...rig.errors import DynacollectError

MOST_IN_FOLDER = 10_000
"""Files and folders in one folder; pushes with more are turned away."""
MOST_FILES = 100_000
"""Files in a repository, beyond which the Hub becomes slow."""
LARGEST = 50_000_000_000
"""Bytes of a file."""
REMEDY = "build the set as v3.0, which puts many episodes into a file and at most 1000 files into a folder"


def entries(sizes: Mapping[str, int]) -> dict[str, int]:
    """Files and folders in each folder, by the paths of all files."""
    inside = defaultdict[str, set[str]](set)
    for path in sizes:
        parts = path.split("/")
        for depth, name in enumerate(parts):
            inside["/".join(parts[:depth])].add(name)
    return {folder: len(names) for folder, names in inside.items()}


def refuse_crowded(sizes: Mapping[str, int]) -> None:
    """Sizes by path."""
    folder, count = max(entries(sizes).items(), key=lambda each: each[1])
    if count > MOST_IN_FOLDER:
        raise DynacollectError(
            f"{folder or 'The top folder'} holds {count} files and the Hub takes {MOST_IN_FOLDER} in a folder; {REMEDY}"
        )
    if len(sizes) > MOST_FILES:
        raise DynacollectError(f"The set has {len(sizes)} files and the Hub takes {MOST_FILES}; {REMEDY}")
    path, largest = max(sizes.items(), key=lambda each: each[1])
    if largest > LARGEST:
        raise DynacollectError(f"{path} has {largest / 1e9:.0f} GB and the Hub takes {LARGEST / 1e9:.0f} GB; {REMEDY}")
