"""A lost `episode.json` written anew beside files that are whole; nothing that is there is touched."""

from __future__ import annotations

import uuid
from pathlib import Path

from ..raw.durable import written
from ..raw.record import FILE, SIGNALS, EpisodeRecord, kept_file
from .retold import retold
from .rewrite import filed
from .salvage import Salvage, Session, salvage

ANEW = "record"
"""Key of the provenance that says so, where a record had to be made up from the rows."""


def restored(folder: Path, session: Session) -> EpisodeRecord | None:
    """The record that was written; None where there is one, or where files are missing or damaged."""
    if (folder / FILE).exists():
        return None
    found = salvage(folder, session)
    complete = found.messages.whole and found.ticks and set(found.ticks) == set(range(found.expected))
    # Where nobody knows which cameras there were, all of their files may be lost.
    unknown = found.record is None and not found.films
    if not complete or unknown or any(set(film.shots) != set(found.ticks) for film in found.films.values()):
        return None
    videos = {name: filed(folder / f"{name}.mp4", film) for name, film in found.films.items()}
    if found.record is not None and found.record.videos != videos:
        return None
    record = found.record or _anew(found, session)
    update = {"number": int(folder.name), "videos": videos, "signals": kept_file(folder / SIGNALS)}
    record = record.model_copy(update=update)
    written(folder / FILE, record.model_dump_json(indent=1))
    return record


def _anew(found: Salvage, session: Session) -> EpisodeRecord:
    record = retold(found, session)
    provenance = {**record.provenance, ANEW: "told anew from the signals"}
    return record.model_copy(update={"id": uuid.uuid4().hex, "provenance": provenance})
