"""What `dynacollect evaluate --json` has written, read again."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ValidationError

from ..rig.errors import DynacollectError

REMEDY = "give a file that `dynacollect evaluate --json` wrote"


class Episode(BaseModel):
    seed: int
    bin: int
    speed: float
    target: str
    success: bool
    suite: str | None = None


class Document(BaseModel):
    task: str
    robot: str
    results: tuple[Episode, ...]
    controller: str = "expert"
    profile: str = "intercept"
    strategy: str | None = None

    @property
    def name(self) -> str:
        """Who controlled the arm."""
        return f"{self.controller}, {self.strategy or self.profile}"

    def by_key(self) -> dict[tuple[object, ...], Episode]:
        """Its episodes by what is the same for the same episode, whoever controlled the arm."""
        return {
            (self.robot, each.suite or self.task, each.seed, each.target, round(each.speed, 9)): each
            for each in self.results
        }


def read_document(path: Path) -> Document:
    try:
        document = Document.model_validate_json(path.read_bytes())
    except OSError as error:
        raise DynacollectError(f"cannot read {path} ({error.strerror}); {REMEDY}") from error
    except ValidationError as error:
        what = error.errors()[0]
        where = ".".join(str(part) for part in what["loc"]) or "the file"
        raise DynacollectError(f"{path} is no evaluation ({where}: {what['msg']}); {REMEDY}") from error
    if not document.results:
        raise DynacollectError(f"{path} holds no episodes; {REMEDY}")
    return document
