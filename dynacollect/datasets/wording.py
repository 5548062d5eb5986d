"""The words of instructions; some are held out, for evaluation, and no training set ever says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Split = Literal["train", "held_out"]

VERBS: Mapping[Split, tuple[str, ...]] = {
    "train": ("pick up", "grasp", "catch", "grab", "get hold of"),
    "held_out": ("take", "seize", "collect", "fetch"),
}
PLACINGS: Mapping[Split, tuple[str, ...]] = {
    "train": ("place on", "put on", "set on", "position on", "return to", "deposit in"),
    "held_out": ("lay on", "leave on", "drop off at"),
}
FORMS: Mapping[Split, Mapping[str, str]] = {
    "train": {
        "noun": "the {noun}",
        "colour": "the {colour} {noun}",
        "larger": "the larger {noun}",
        "largest": "the largest {noun}",
        "smaller": "the smaller {noun}",
        "smallest": "the smallest {noun}",
        "left": "the {noun} on the left",
        "right": "the {noun} on the right",
        "near": "the {noun} nearest to the robot",
        "far": "the {noun} farthest from the robot",
        "faster": "the faster {noun}",
        "fastest": "the fastest {noun}",
        "slower": "the slower {noun}",
        "slowest": "the slowest {noun}",
        "moving": "the moving {noun}",
        "still": "the {noun} that stands still",
        "towards": "the {noun} moving towards the robot",
        "away": "the {noun} moving away from the robot",
        "to-left": "the {noun} moving to the left",
        "to-right": "the {noun} moving to the right",
    },
    "held_out": {
        "noun": "that {noun}",
        "colour": "the {noun} that is {colour}",
        "larger": "the bigger {noun}",
        "largest": "the biggest {noun}",
        "smaller": "the littler {noun}",
        "smallest": "the tiniest {noun}",
        "left": "the left-hand {noun}",
        "right": "the right-hand {noun}",
        "near": "the {noun} close to the robot's base",
        "far": "the most distant {noun}",
        "faster": "the quicker {noun}",
        "fastest": "the quickest {noun}",
        "slower": "the {noun} with the lower speed",
        "slowest": "the {noun} with the lowest speed",
        "moving": "the {noun} in motion",
        "still": "the motionless {noun}",
        "towards": "the {noun} approaching the robot",
        "away": "the {noun} receding from the robot",
        "to-left": "the leftward moving {noun}",
        "to-right": "the rightward moving {noun}",
    },
}
