"""Text files that are read with their lines and written whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ..rig.errors import DynacollectError
from ..rig.yaml_lines import YamlFile, read_text, read_yaml

OPENCV_HEAD = "%YAML:1.0"
"""OpenCV's first line, which YAML itself does not allow."""


def read_document(path: Path, remedy: str) -> YamlFile:
    """A YAML file with the line of every value; `remedy` says where to get one."""
    if not path.is_file():
        said = "is a folder" if path.is_dir() else "does not exist"
        raise DynacollectError(f"{path} {said}; {remedy}.")
    text = read_text(path)
    if text.startswith(OPENCV_HEAD):
        text = "#" + text[1:]
    if not any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines()):
        raise DynacollectError(f"{path}:1: nothing is in the file; {remedy}.")
    return read_yaml(text, str(path))


def refuse_existing(path: Path) -> None:
    """What is there is never overwritten."""
    if path.exists() or path.is_symlink():
        raise DynacollectError(f"{path} exists and is left as it is; choose another name, or move it away first.")


def write_new(path: Path, text: str) -> None:
    """Beside its place first, so that a crash never leaves half a file there."""
    refuse_existing(path)
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise DynacollectError(
            f"{path} cannot be written ({error.strerror}); choose a folder that is yours and has room."
        ) from error
