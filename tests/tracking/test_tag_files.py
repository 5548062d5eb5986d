"""tags.yaml: what it may say, and the one sentence when it says something else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.tracking.tags.description import read_tags

GOOD = """\
dictionary: DICT_4X4_50
objects:
  box:
    - {id: 3, size_m: 0.04}
    - id: 4
      size_m: 0.02
      T_object_tag: {translation: [0, 0.06, -0.03], quaternion: [-0.70710678, 0, 0, 0.70710678]}
  lid: [{id: 0, size_m: 0.03}]
"""
WRONG = {
    "": r"tags.yaml:1: the file is empty; write something like \{dictionary",
    "- 3\n": r"tags.yaml:1: expected the keys dictionary and objects; write",
    GOOD.replace("4X4_50", "4X4_5"): r"tags.yaml:1: dictionary: there is no dictionary 'DICT_4X4_5'; did you mean",
    GOOD.replace("dictionary:", "dictionery:"): r"unknown key 'dictionery'; did you mean 'dictionary'\?",
    GOOD.replace("id: 3", "id: 50"): r"tags.yaml:4: objects.box\[0\].id: DICT_4X4_50 ends at 49; use",
    GOOD.replace("id: 0", "id: 4"): r"tags.yaml:8: objects.lid\[0\].id: tag 4 is already on box; give every tag",
    GOOD.replace("0.04}", "40}"): r"objects.box\[0\].size_m: 40 looks like millimetres; write metres, 0.04",
    GOOD.replace("0.04}", "-0.04}"): r"size_m: -0.04 is out of bounds; write more than 0",
    GOOD.replace("size_m: 0.04", "size: 0.04"): r"objects.box\[0\]: unknown key 'size'; did you mean 'size_m'\?",
    GOOD.replace("0.04}", "4 cm}"): r"size_m: expected a number, got '4 cm'; write 0.04",
    GOOD.replace("0.06, -0.03", "60, -30"): r"T_object_tag.translation: 60 m is too far away; write metres",
    GOOD.replace("-0.70710678, 0", "-0.7, 0.7"): r"T_object_tag.quaternion: the quaternion's length is",
    GOOD.replace("[{id: 0, size_m: 0.03}]", "[]"): r"objects.lid: no tag is listed; list its tags, or delete",
    "dictionary: DICT_4X4_50\nobjects: {}\n": r"objects: nothing is in it; fill it in",
    "dictionary: DICT_4X4_50\n": r"the key 'objects' is missing; add 'objects: \{box",
    GOOD + "  lid: []\n": r"tags.yaml:9: objects.lid: given twice, first on line 8; keep one",
    GOOD.replace("lid: [", "lid: ]"): r"not valid YAML",
}


def test_tags_are_read_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "tags.yaml"
    path.write_text(GOOD)
    tags = read_tags(path)
    assert {number: name for number, (name, _) in tags.owners.items()} == {3: "box", 4: "box", 0: "lid"}
    plain, tilted = tags.objects["box"]
    assert plain.corners == pytest.approx(0.02 * np.array([[-1, 1, 0], [1, 1, 0], [1, -1, 0], [-1, -1, 0]]))
    # A quarter turn back about x: what is up on the tag points along -z of the object.
    assert tilted.corners.mean(axis=0) == pytest.approx([0, 0.06, -0.03])
    assert tilted.corners[0] - tilted.corners[3] == pytest.approx([0, 0, -0.02], abs=1e-8)


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_wrong_file_is_refused_in_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "tags.yaml"
    path.write_text(text)
    with pytest.raises(DynacollectError, match=WRONG[text]) as told:
        read_tags(path)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_told_with_an_example(tmp_path: Path) -> None:
    with pytest.raises(
        DynacollectError, match=r"there is no file .*nowhere.yaml; write down which tags .* size_m: 0.04"
    ):
        read_tags(tmp_path / "nowhere.yaml")
