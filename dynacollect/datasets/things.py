"""The things of an episode by their names in the catalogue, and the instruction in its plainest form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from ..rig.objects import load
from .raw import Thing


def things_of(names: Mapping[str, str]) -> tuple[Thing, ...]:
    """Of names by their keys in the scene."""
    return tuple(_thing(key, name) for key, name in names.items())


def said(things: Sequence[Thing]) -> str:
    """The instruction in its plainest form."""
    container = next((thing for thing in things if thing.role == "container"), None)
    clauses = [f"pick up the {_called(thing)}" for thing in things if thing.role == "target"]
    if container is not None:
        clauses = [f"{clause} and place it on the {_called(container)}" for clause in clauses]
    return ", then ".join(clauses)


def _called(thing: Thing) -> str:
    return thing.words[0] if thing.words else thing.name.replace("_", " ")


def _thing(key: str, name: str) -> Thing:
    model = load(name)
    role: Literal["target", "container", "distractor"] = (
        "target" if key.startswith("target") else "container" if key == "container" else "distractor"
    )
    x, y, z = (float(side) for side in model.extent)
    return Thing(key=key, name=name, role=role, words=tuple(model.words), colour=model.colour, extent=(x, y, z))
