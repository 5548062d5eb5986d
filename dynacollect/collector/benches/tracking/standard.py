"""The standard set of sequences: every kind of scene and every object of the catalogue, a few seconds each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from .record import Recording, record

STANDARD = (
    Recording("still", "cuboid", 1),
    Recording("conveyor", "bottle", 2, 0.3),
    Recording("rolling", "tennis_ball", 3, 0.5),
    Recording("conveyor", "mug", 4, 0.3),
    Recording("still", "mug", 5),
    Recording("rolling", "can", 6, 0.35),
    Recording("bounced", "ping_pong_ball", 7, 0.6),
    Recording("sliding", "sponge", 8, 0.7),
    Recording("pushed", "light_bulb_box", 9),
    Recording("curved", "orange", 10, 0.4),
    Recording("arm", "jar", 11, 0.1),
    Recording("passed", "cup", 12, 0.15),
    Recording("crowd", "ketchup_bottle", 13, 0.3),
    Recording("alike", "can", 14, 0.25),
    Recording("light", "cube", 15, 0.3),
    Recording("blocked", "tomato", 16, 0.2),
    Recording("conveyor", "banana", 17, 0.75),
    Recording("conveyor", "hammer", 18, 0.2),
    Recording("rolling", "beer_can", 19, 0.75, focal_px=460.0),
    Recording("conveyor", "toy_car", 20, 0.5, focal_px=460.0),
    Recording("still", "spoon", 21, focal_px=460.0),
    Recording("pushed", "tennis_ball", 22, 0.3),
    Recording("conveyor", "pepper_mill", 23, 0.6, size=(1280, 720)),
    Recording("bounced", "beer_can", 24, 0.5, drops=0.05),
    Recording("arm", "apple", 25),
    Recording("light", "marker", 26, 0.1),
    Recording("crowd", "egg", 27, 0.4),
    Recording("alike", "lemon", 28, 0.1),
    Recording("passed", "avocado", 29),
    Recording("conveyor", "cone", 30, 0.1),
    Recording("rolling", "roll", 31, 0.3),
    Recording("still", "screwdriver", 32),
    Recording("conveyor", "potato", 33, 0.4),
    Recording("blocked", "pear", 34, 0.3),
    Recording("conveyor", "lime", 35, 0.5),
)


def chosen(words: tuple[str, ...]) -> tuple[Recording, ...]:
    """Those whose kind or object is one of the words; all without words."""
    return tuple(one for one in STANDARD if not words or one.kind in words or one.target in words)


def record_all(recordings: tuple[Recording, ...], folder: Path) -> Iterator[Path]:
    """Record those that are not there yet, each whole or not at all."""
    for one in recordings:
        place = folder / f"{one.kind}_{one.target}_{one.seed}"
        if not place.exists():
            begun = folder / f".{place.name}.part"
            shutil.rmtree(begun, ignore_errors=True)
            record(one, begun)
            begun.rename(place)
        yield place
