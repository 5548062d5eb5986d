"""YAML read with the line of every value, and without YAML's silent traps.

Beyond plain YAML: a key given twice is refused, keys are always text, `1e-3` is a number, and a date stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from .errors import DynacollectError

type Place = tuple[str | int, ...]
"""Keys and list positions from the top of the file to a value."""

YAML_1_2_FLOAT = re.compile(r"[-+]?(\.\d+|\d+(\.\d*)?)[eE][-+]?\d+$")


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file says, and where it says it."""

    name: str
    data: object
    lines: dict[Place, int] = field(default_factory=dict)
    texts: dict[Place, str] = field(default_factory=dict)
    """Plain values as they are spelt in the file."""

    def line(self, place: Place) -> int:
        """Line of the place, or of the nearest thing around it that the file has."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(yaml.SafeLoader):
    """The safe loader with YAML 1.2's floats and no dates."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", YAML_1_2_FLOAT, list("-+.0123456789"))


def read_text(path: Path) -> str:
    """The file's text; DynacollectError names the line that is not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DynacollectError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DynacollectError(
            f"{path}:{line}: byte 0x{raw[error.start]:02x} is not UTF-8 text; save the file as UTF-8"
        ) from error


def read_yaml(text: str, name: str) -> YamlFile:
    """The one document of `text`; `name` is what errors call the file."""
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise DynacollectError(f"{name}:1: the file is empty; write one to start from: dynacollect rig init")
        reader = _Reader(loader, name)
        data = reader.value(root, ())
    except yaml.YAMLError as error:
        raise DynacollectError(_syntax_sentence(error, text, name)) from error
    return YamlFile(name, data, reader.lines, reader.texts)


class _Reader:
    """Builds plain values from YAML nodes and notes the line of each."""

    def __init__(self, loader: _Loader, name: str) -> None:
        self.loader = loader
        self.name = name
        self.lines: dict[Place, int] = {}
        self.texts: dict[Place, str] = {}
        self._checked: set[int] = set()
        self._open: set[int] = set()

    def value(self, node: yaml.Node, place: Place) -> object:
        self.lines.setdefault(place, _line(node))
        if isinstance(node, yaml.ScalarNode):
            self.texts[place] = node.value
            return self.loader.construct_object(node)
        if id(node) in self._open:
            self._refuse(node, "an alias that contains itself", "write the values out")
        self._open.add(id(node))
        made = self._mapping(node, place) if isinstance(node, yaml.MappingNode) else self._sequence(node, place)
        self._open.discard(id(node))
        return made

    def _sequence(self, node: yaml.Node, place: Place) -> list[object]:
        return [self.value(item, (*place, index)) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, object]:
        if id(node) not in self._checked:
            self._refuse_twice(node, place)
            self._checked.add(id(node))
            self.loader.flatten_mapping(node)
        made: dict[str, object] = {}
        for key, item in node.value:
            inside = (*place, key.value)
            self.lines[inside] = _line(key)
            made[key.value] = self.value(item, inside)
        return made

    def _refuse_twice(self, node: yaml.MappingNode, place: Place) -> None:
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                self._refuse(key, "a list or a mapping stands where a key should", "write 'key: value'")
            if key.value in seen:
                path = dotted((*place, key.value))
                self._refuse(key, f"{path}: given twice, first on line {seen[key.value]}", "keep one of the two")
            seen[key.value] = _line(key)

    def _refuse(self, node: yaml.Node, problem: str, remedy: str) -> None:
        raise DynacollectError(f"{self.name}:{_line(node)}: {problem}; {remedy}")


def dotted(place: Place) -> str:
    """`cameras.opst_cam.fps`, `safety.box.lower[2]`."""
    steps: Iterator[str] = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1


def _syntax_sentence(error: yaml.YAMLError, text: str, name: str) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        line = text[: error.position].count("\n") + 1
        return f"{name}:{line}: a control character (0x{int(error.character):02x}) in the text; delete it"
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    line = mark.line + 1 if mark else 1
    problem = str(getattr(error, "problem", None) or error)
    return f"{name}:{line}: not valid YAML: {_explained(problem)}"


def _explained(problem: str) -> str:
    """PyYAML's complaint with what to do about it."""
    remedies = {
        r"'\t'": "a tab; indent with spaces",
        "could not find expected ':'": "this line or the one above is no 'key: value'; put a space after the colon",
        "mapping values are not allowed here": "a second colon on the line; quote the value, or mend the indentation",
        "but found another document": "a second document ('---'); keep one document in a file",
        "could not determine a constructor": "a tag ('!…'); write plain values only",
        "found undefined alias": "an alias ('*…') without its anchor; define it with '&…' above",
        "expected ',' or": "a bracket that is not closed, or a missing comma; mend the list or the braces",
        "expected <block end>": "the indentation changes in the middle of a block; line its keys up",
        "scanning a quoted scalar": "a quote that is not closed; close it",
        "found unexpected end of stream": "a quote or bracket that is not closed; close it",
    }
    for sign, explained in remedies.items():
        if sign in problem:
            return explained
    return f"{problem}; mend this line"
