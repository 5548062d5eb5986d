"""What is said singles its object out, is true, and keeps the held-out words apart."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from dynacollect.datasets.instructions import (
    MOVING,
    Description,
    Present,
    answers_to,
    descriptions,
    instructions,
)
from dynacollect.datasets.wording import FORMS, PLACINGS, VERBS

WORDS = (("mug", "coffee mug"), ("can", "cola can"), ("beer can",), ("tea box", "cuboid"), ("apple", "red apple"))
COLOURS = ("red", "green", "dark green", "blue", None)


def random_scene(rng: np.random.Generator) -> list[Present]:
    """Things of which some are alike, some still, and some not fully known."""
    found = []
    for index in range(rng.integers(1, 6)):
        moves = rng.random() < 0.6
        velocity = rng.uniform(-0.5, 0.5, 3) if moves else rng.uniform(-0.01, 0.01, 3)
        found.append(
            Present(
                f"thing{index}", "target" if index == 0 else "distractor", WORDS[rng.integers(len(WORDS))],
                COLOURS[rng.integers(len(COLOURS))], None if rng.random() < 0.1 else rng.uniform(0.03, 0.2, 3),
                None if rng.random() < 0.1 else np.array([*rng.uniform([0.3, -0.3], [0.7, 0.3]), 0.03]),
                None if rng.random() < 0.1 else velocity,
            )
        )  # fmt: skip
    return found


def number(values: Sequence[object]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values], float)


def true_of(form: Description, scene: Sequence[Present]) -> list[str]:
    """Keys of the things that a person would take it to mean, reckoned apart from the code that says it."""
    group = [each for each in scene if answers_to(each, form.noun)]
    speed = number([None if each.velocity is None else np.hypot(*each.velocity[:2]) for each in group])
    x = number([None if each.position is None else each.position[0] for each in group])
    y = number([None if each.position is None else each.position[1] for each in group])
    volume = number([None if each.extent is None else np.prod(each.extent) for each in group])
    way = np.array([[np.nan] * 2 if each.velocity is None else each.velocity[:2] for each in group])
    outwards = (way * np.column_stack([x, y])).sum(axis=1) / (speed * np.hypot(x, y))
    best = {
        "left": y, "right": -y, "far": np.hypot(x, y), "near": -np.hypot(x, y), "faster": speed, "fastest": speed,
        "slower": -speed, "slowest": -speed, "larger": volume, "largest": volume, "smaller": -volume,
        "smallest": -volume,
    }  # fmt: skip
    if form.form in best:
        assert np.isfinite(best[form.form]).all()
        return [group[int(np.argmax(best[form.form]))].key]
    moving = speed > MOVING
    fits = {
        "noun": np.ones(len(group), bool),
        "colour": np.array([each.colour == form.colour for each in group]),
        "moving": moving,
        "still": ~moving,
        "towards": moving & (outwards < -0.5),
        "away": moving & (outwards > 0.5),
        "to-left": moving & (way[:, 1] / speed > 0.5),
        "to-right": moving & (way[:, 1] / speed < -0.5),
    }[form.form]
    return [each.key for each, fit in zip(group, fits, strict=True) if fit]


@pytest.mark.slow
def test_a_description_is_true_of_its_object_and_of_no_other() -> None:
    rng = np.random.default_rng(0)
    said = set()
    for _ in range(600):
        scene = random_scene(rng)
        for each in scene:
            for form in descriptions(each, scene):
                assert true_of(form, scene) == [each.key], form
                said.add(form.form)
    assert said == set(FORMS["train"])


def test_nobody_else_is_called_the_same() -> None:
    rng = np.random.default_rng(1)
    for _ in range(200):
        scene = random_scene(rng)
        texts = [form.text(split) for each in scene for form in descriptions(each, scene) for split in FORMS]
        assert len(texts) == len(set(texts))


def test_two_things_alike_on_one_spot_cannot_be_told_apart() -> None:
    one = Present("a", "target", ("mug",), "white", np.full(3, 0.1), np.array([0.5, 0.0, 0.03]), np.zeros(3))
    assert descriptions(one, [one, replace(one, key="b", role="distractor")]) == ()
    assert instructions([one, replace(one, key="b", role="distractor")], 5, 0) == ()


def test_a_beer_can_is_a_can() -> None:
    can = Present("a", "target", ("can", "cola can"), "red")
    beer = Present("b", "distractor", ("beer can",), "green")
    texts = [form.text("train") for form in descriptions(can, [can, beer])]
    assert "the can" not in texts
    assert {"the cola can", "the red can"} <= set(texts)


def test_a_colour_within_another_is_not_said() -> None:
    lime = Present("a", "target", ("lime",), "green")
    avocado = Present("b", "distractor", ("avocado",), "dark green")
    assert "the green object" not in [form.text("train") for form in descriptions(lime, [lime, avocado])]
    orange = Present("c", "target", ("orange",), "orange")
    assert [form.text("train") for form in descriptions(orange, [orange])] == ["the orange", "the orange object"]


def test_the_same_seed_says_the_same_and_no_more_than_asked() -> None:
    scene = random_scene(np.random.default_rng(5))
    said = instructions(scene, 7, 3)
    assert said == instructions(scene, 7, 3) != instructions(scene, 7, 4)
    assert len(said) == len(set(said)) == 7


def test_kinds_are_mixed() -> None:
    velocity, still = np.array([-0.3, 0.0, 0.0]), np.zeros(3)
    mug = Present("a", "target", ("mug",), "red", np.full(3, 0.1), np.array([0.5, 0.2, 0.0]), velocity)
    other = Present("b", "distractor", ("mug",), "blue", np.full(3, 0.05), np.array([0.5, -0.2, 0.0]), still)
    said = " | ".join(instructions([mug, other], 5, 0))
    for words in ("red", "larger", "left", "moving mug|moving object|moving towards"):
        assert any(word in said for word in words.split("|")), said


def test_with_a_container_it_is_brought_there_and_targets_follow_each_other() -> None:
    mug = Present("a", "target", ("mug",), "white")
    egg = Present("b", "target", ("egg",), "beige")
    plate = Present("c", "container", ("plate",), "green")
    for text in instructions([mug, egg, plate], 6, 0):
        first, second = text.split(", then ")
        for clause, words in ((first, ("mug", "white object")), (second, ("egg", "beige object"))):
            head, placing = clause.split(" and ")
            assert head.startswith(VERBS["train"]) and any(word in head for word in words)
            assert placing.startswith(PLACINGS["train"])
            assert placing.endswith(("the plate", "the green plate", "the green object"))


@pytest.mark.parametrize("seed", range(5))
def test_held_out_words_are_never_trained_with(seed: int) -> None:
    assert not {*VERBS["train"]} & {*VERBS["held_out"]}
    assert not {*PLACINGS["train"]} & {*PLACINGS["held_out"]}
    assert FORMS["train"].keys() == FORMS["held_out"].keys()
    assert not {*FORMS["train"].values()} & {*FORMS["held_out"].values()}
    rng = np.random.default_rng(seed)
    for _ in range(30):
        scene = random_scene(rng)
        train, held = instructions(scene, 10, seed), instructions(scene, 10, seed, "held_out")
        assert all(text.startswith(VERBS["train"]) for text in train)
        assert all(text.startswith(VERBS["held_out"]) for text in held)
        assert bool(train) == bool(held)
