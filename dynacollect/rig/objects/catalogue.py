"""All objects by name: the built-in ones, made when first asked for, and the user's from a folder."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from ..errors import DynacollectError
from .build import finish
from .entry import entries, read_entry
from .household import CONTAINERS, RECIPES, UNSEEN
from .model import Kind, ObjectModel, Split

USER_FOLDER = Path("objects")
"""Where a user's own objects are looked for, from the current directory."""


@cache
def _built_in(name: str) -> ObjectModel:
    return finish(name, RECIPES[name]())


def _user_entries(folder: Path | None) -> dict[str, Path]:
    if folder is not None and not folder.is_dir():
        raise DynacollectError(f"There is no object folder {folder}; make it with `dynacollect objects add`.")
    own = entries(folder or USER_FOLDER)
    return {name: path for name, path in own.items() if name not in RECIPES}


def names(kind: Kind | None = "object", split: Split | None = None, folder: Path | None = None) -> tuple[str, ...]:
    """Names of the objects of one kind and split (`None` for all), built-in ones first, then the user's."""
    built_in = [
        name
        for name in RECIPES
        if kind in (None, "container" if name in CONTAINERS else "object")
        and split in (None, "unseen" if name in UNSEEN else "seen")
    ]
    own = [
        name
        for name, path in _user_entries(folder).items()
        if kind in (None, "object") and (split is None or read_entry(path).split == split)
    ]
    return (*built_in, *own)


def load(name: str, folder: Path | None = None) -> ObjectModel:
    """The object of that name."""
    own = _user_entries(folder)
    if name in RECIPES:
        return _built_in(name)
    if name in own:
        return read_entry(own[name])
    known = [*RECIPES, *own]
    near = difflib.get_close_matches(name.lower().replace(" ", "_"), known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else "`dynacollect objects list` shows all."
    raise DynacollectError(f"There is no object {name!r}; {hint}")


def load_all(
    kind: Kind | None = "object", split: Split | None = None, folder: Path | None = None
) -> tuple[ObjectModel, ...]:
    """Every object that `names` lists."""
    return tuple(load(name, folder) for name in names(kind, split, folder))
