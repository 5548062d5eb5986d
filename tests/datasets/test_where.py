"""Conditions mean what Python would mean by them, and nothing else can be said."""

import random

import pytest

from dynacollect.collector.commands.dataset import FACTS as SAID
from dynacollect.datasets.export import FACTS, Condition
from dynacollect.rig.errors import DynacollectError

KNOWN = {
    "success": True, "failure": False, "unsure": False, "confidence": 0.9, "quality": 0.7, "speed": 0.31, "ticks": 250,
    "seconds": 10.0, "number": 12, "faults": 0, "task": "pick", "robot": "piper", "object": "mug", "container": "",
    "colour": "blue", "session": "monday", "id": "ab12", "started": "2026-11-21", "reason": "held",
    "instruction": "grab the mug", "objects": ("mug", "egg"), "phases": ("approach", "grasp"), "cameras": ("side_cam",),
}  # fmt: skip
TERMS = (
    "success", "failure", "speed > 0.2", "0.1 < speed <= 0.31", "object == 'mug'", "object in ('mug', 'cup')",
    "object not in ('mug', 'cup')", "'egg' in objects", "'cup' not in objects", "number != 12", "seconds >= 10",
    "started > '2026'", "faults == 0", "success == True", "ticks in (250, 251)", "confidence > -1", "speed < ticks",
)  # fmt: skip


def test_every_fact_has_a_row() -> None:
    assert set(KNOWN) == set(FACTS)
    assert all(name in SAID for name in FACTS)


@pytest.mark.parametrize("seed", range(40))
def test_it_agrees_with_python(seed: int) -> None:
    rng = random.Random(seed)
    text = rng.choice(TERMS)
    for _ in range(rng.randrange(5)):
        text = f"({text}) {rng.choice(('and', 'or'))} {rng.choice(('', 'not '))}({rng.choice(TERMS)})"
    assert Condition(text)(KNOWN) == eval(text, {}, dict(KNOWN))


def test_texts_need_no_quotes() -> None:
    assert Condition("success and speed > 0.2 and object in (mug, cup)")(KNOWN)
    assert not Condition("object == cup")(KNOWN)
    assert Condition("mug in objects")(KNOWN)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1 to 1000 characters"),
        ("success and", "cannot be read"),
        ("success; failure", "cannot be read"),
        ("(" * 900, "cannot be read"),
        ("success" + " " * 1000 + "and success", "1 to 1000 characters"),
        ("sucess", "did you mean success?"),
        ("sped > 0.2", "did you mean speed?"),
        ("zzz == zzz", "use success, failure"),
        ("1 < 2", "no fact"),
        ("speed", "speed is a number, not a truth"),
        ("speed > fast", "compares a number with a text"),
        ("object == 3", "compares a text with a number"),
        ("speed in (a, b)", "compares a number with a texts"),
        ("object in mug", "compares a text with a text"),
        ("object in (mug, 3)", "neither fact, number nor text"),
        ("object in ()", "neither fact, number nor text"),
        ("success is True", "compares a truth with a truth"),
        ("success < True", "compares a truth with a truth"),
        ("robot == franka-panda", "put texts with other signs in quotes"),
        ("__import__('os').remove('x')", "is no condition"),
        ("success and (lambda: 1)()", "is no condition"),
        ("success.__class__ == 1", "neither fact, number nor text"),
        ("[x for x in objects]", "is no condition"),
        ("speed + 1 > 2", "neither fact, number nor text"),
        ("(speed := 3) > 2", "neither fact, number nor text"),
        ("f'{success}' == x", "neither fact, number nor text"),
    ],
)
def test_a_wrong_one_is_one_sentence(text: str, said: str) -> None:
    with pytest.raises(DynacollectError) as refused:
        Condition(text)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
