"""A lost `episode.json` written anew beside files that are whole; nothing that is there is touched."""

from __future__ import annotations

import uuid
from pathlib import Path

from ..raw.durable import digest, written
from ..raw.record import FILE, SIGNALS, EpisodeRecord, KeptFile, Video
from ..raw.video import GOP
from .retold import retold
from .salvage import Session, salvage


def restored(folder: Path, session: Session) -> EpisodeRecord | None:
    """The record that was written; None where there is one, or where files are missing or damaged."""
    if (folder / FILE).exists():
        return None
    found = salvage(folder, session)
    complete = found.messages.whole and found.films and set(found.ticks) == set(range(found.expected))
    if not complete or any(set(film.shots) != set(found.ticks) for film in found.films.values()):
        return None
    record = retold(found, session)
    videos = {
        name: Video(
            **_kept(folder / f"{name}.mp4").model_dump(), width=film.width, height=film.height, codec="h264", gop=GOP
        )
        for name, film in found.films.items()
    }
    update = {
        "number": int(folder.name), "id": record.id or uuid.uuid4().hex, "ticks": found.expected, "videos": videos,
        "signals": _kept(folder / SIGNALS), "provenance": {**record.provenance, "record": "told anew from the signals"},
    }  # fmt: skip
    record = record.model_copy(update=update)
    written(folder / FILE, record.model_dump_json(indent=1))
    return record


def _kept(path: Path) -> KeptFile:
    return KeptFile(file=path.name, bytes=path.stat().st_size, sha256=digest(path))
