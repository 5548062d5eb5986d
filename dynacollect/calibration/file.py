"""The calibration file: everything that a rig needs of a calibration, with its date, its quality and its id.

The id is a hash of everything in the file but the date: the same numbers have the same id whenever they were solved,
and a file that was changed by hand no longer has its own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ..rig.camera_model import CameraModel
from ..rig.config_base import Part, refusal
from ..rig.config_errors import rig_error
from ..rig.errors import DynacollectError
from ..rig.yaml_lines import YAML_1_2_FLOAT
from .file_parts import Arm, Boards, FiledBoard, FiledCamera, FiledQuality, Scale, Version
from .text_files import read_document, write_new

HEAD = """\
# A calibration: lenses, and where cameras are to the robot. Metres, pixels, and what a key says; quaternions are
# x, y, z, w; T_a_b takes b's coordinates to a's. Whoever changes a number by hand deletes the line with the id.
"""
LONGEST_LINE = 110
ID_DIGITS = 16


class CalibrationFile(Part):
    """What a calibration file says. Frozen."""

    schema_version: Version = Field(alias="schema", examples=[1])
    created: str = Field(examples=['"2026-01-31T12:00:00Z"'])
    """UTC."""
    rig: str | None = None
    """Name of the rig; None where it is not known, as in somebody else's pictures."""
    arm: Arm | None = None
    board: FiledBoard | None = None
    """None in a file that was imported."""
    board_scale: Scale | None = None
    """None where the board's size was taken as stated."""
    cameras: dict[str, FiledCamera] = Field(min_length=1, examples=["…"])
    boards: Boards | None = None
    quality: FiledQuality | None = None
    findings: tuple[str, ...] = Field(default=(), strict=False)
    """What happened while the pictures were taken, and was solved around."""

    @field_validator("created")
    @classmethod
    def check_date(cls, text: str) -> str:
        """A moment in UTC."""
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            moment = None
        if moment is None or moment.utcoffset() != UTC.utcoffset(None):
            raise refusal(f"'{text}' is no moment in UTC", "write it like 2026-01-31T12:00:00Z")
        return text

    @model_validator(mode="after")
    def check(self) -> Self:
        """No two cameras are one."""
        owner: dict[str, str] = {}
        for name, camera in self.cameras.items():
            if camera.serial is not None and (first := owner.setdefault(camera.serial, name)) != name:
                problem = f"{camera.serial} is already {first}"
                raise refusal(problem, "give each camera its own serial", "cameras", name, "serial")
        return self

    @property
    def id(self) -> str:
        """Sixteen hex digits that stand for all numbers of the file."""
        content = self.content()
        del content["created"]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]

    @property
    def created_at(self) -> datetime:
        return datetime.fromisoformat(self.created)

    def models(self) -> dict[str, CameraModel]:
        """The cameras that the rest of the project projects with."""
        return {name: camera.model(name) for name, camera in self.cameras.items()}

    def content(self) -> dict[str, Any]:
        """Everything but the id, in plain values; what is not known is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_yaml(self) -> str:
        """The file's text; the same file always gives the same bytes."""
        content = self.content()
        data = {"schema": content.pop("schema"), "id": self.id, **content}
        return HEAD + yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE)


class _Dumper(yaml.SafeDumper):
    """Numbers that belong together stand on one line; text that the reader would take for a number is quoted."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 # because PyYAML fixes the signature
        return True


def _list(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=_numbers(values))


def _mapping(dumper: yaml.SafeDumper, values: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=_numbers(values.values()))


def _numbers(values: Iterable[object]) -> bool:
    return all(isinstance(value, int | float) for value in values)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", YAML_1_2_FLOAT, list("-+.0123456789"))


def read_calibration(path: Path) -> CalibrationFile:
    """The calibration in a file; DynacollectError says in one sentence what is wrong with it."""
    source = read_document(path, "give what dynacollect calibrate solve wrote")
    if not isinstance(source.data, Mapping):
        raise DynacollectError(f"{path}:1: this is no calibration; give what dynacollect calibrate solve wrote.")
    data = {key: value for key, value in source.data.items() if key != "id"}
    try:
        file = CalibrationFile.model_validate(data)
    except ValidationError as error:
        raise rig_error(error, source) from error
    if "id" in source.data and source.texts.get(("id",)) != file.id:
        raise DynacollectError(
            f"{path}:{source.line(('id',))}: id: the file was changed after it was written; "
            "delete this line to accept the change, or solve again"
        )
    return file


def write_calibration(path: Path, file: CalibrationFile) -> None:
    """Whole or not at all; nothing is overwritten."""
    write_new(path, file.to_yaml())
