"""tags.yaml: which AprilTags or ArUco markers are stuck on which object, and where on it. Metres.

    dictionary: DICT_4X4_50
    objects:
      box:
        - {id: 3, size_m: 0.04}
        - id: 4
          size_m: 0.04
          T_object_tag: {translation: [0, 0.06, -0.03], quaternion: [-0.7071068, 0, 0, 0.7071068]}

A tag's frame: origin in its middle, x to the right, y up and z out of the paper, as OpenCV draws it; the drawings of
AprilTag's own project are upside down to OpenCV's. Without `T_object_tag`, the object's frame is the tag's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator
from scipy.spatial.transform import RigidTransform

from ...calibration.boards import DICTIONARIES, dictionary
from ...calibration.file_parts import Pose
from ...rig.config_base import LIST, Part, nearest, refusal
from ...rig.config_errors import rig_error
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ...rig.yaml_lines import read_text, read_yaml

LARGEST_M = 0.5
"""A longer side is taken for millimetres."""
TURN = np.array([[-0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.5, -0.5, 0.0], [-0.5, -0.5, 0.0]])
"""Corners of a tag with sides of one, in the order in which they are detected."""


class Tag(Part):
    """One tag on an object."""

    id: Annotated[int, Field(ge=0)] = Field(examples=[3])
    size_m: Annotated[float, Field(gt=0.0)] = Field(examples=[0.04])
    """Side of the black square."""
    T_object_tag: Pose | None = None

    @model_validator(mode="after")
    def check(self) -> Self:
        """The side is in metres."""
        if self.size_m > LARGEST_M:
            raise refusal(f"{self.size_m:g} looks like millimetres", f"write metres, {self.size_m / 1e3:g}", "size_m")
        return self

    @property
    def corners(self) -> Vector:
        """(4, 3) in the object's frame."""
        flat = self.size_m * TURN
        return flat if self.T_object_tag is None else self.T_object_tag.transform.apply(flat)

    def carrying(self, T_camera_tag: RigidTransform) -> RigidTransform:
        """The pose of the object whose tag has this pose."""
        return T_camera_tag if self.T_object_tag is None else T_camera_tag * self.T_object_tag.transform.inv()


class TagFile(Part):
    """The tags of all objects."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    dictionary: str = Field(examples=["DICT_4X4_50"])
    objects: dict[str, Annotated[tuple[Tag, ...], LIST]] = Field(
        min_length=1, examples=["{box: [{id: 3, size_m: 0.04}]}"]
    )

    @model_validator(mode="after")
    def check(self) -> Self:
        """The dictionary is there and has these tags, each is on one object, and no object is without."""
        if self.dictionary not in DICTIONARIES:
            raise refusal(
                f"there is no dictionary '{self.dictionary}'", nearest(self.dictionary, DICTIONARIES), "dictionary"
            )
        known, owner = len(dictionary(self.dictionary).bytesList), dict[int, str]()
        for name, tags in self.objects.items():
            if not tags:
                raise refusal("no tag is listed", "list its tags, or delete the object", "objects", name)
            for index, tag in enumerate(tags):
                place = ("objects", name, index, "id")
                if tag.id >= known:
                    raise refusal(f"{self.dictionary} ends at {known - 1}", "use a smaller number", *place)
                if tag.id in owner:
                    problem = f"tag {tag.id} is already on {owner[tag.id]}"
                    raise refusal(problem, "give every tag a number of its own", *place)
                owner[tag.id] = name
        return self

    @property
    def owners(self) -> dict[int, tuple[str, Tag]]:
        """By number: the object's name, and the tag."""
        return {tag.id: (name, tag) for name, tags in self.objects.items() for tag in tags}


def read_tags(path: Path) -> TagFile:
    """What a tags.yaml says; DynacollectError tells in one sentence what is wrong with it."""
    if not path.is_file():
        raise DynacollectError(f"there is no file {path}; write down which tags are on which object, as {EXAMPLE}")
    text = read_text(path)
    if not text.strip():
        raise DynacollectError(f"{path}:1: the file is empty; write something like {EXAMPLE}")
    file = read_yaml(text, str(path))
    if not isinstance(file.data, Mapping):
        raise DynacollectError(f"{path}:1: expected the keys dictionary and objects; write something like {EXAMPLE}")
    try:
        return TagFile.model_validate(file.data)
    except ValidationError as error:
        raise rig_error(error, file) from error


EXAMPLE = "{dictionary: DICT_4X4_50, objects: {box: [{id: 3, size_m: 0.04}]}}"
