"""Harm done to an episode on purpose: its files rewritten so that only what is meant is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from mcap.reader import make_reader

from dynacollect.datasets.raw import RawEpisode
from dynacollect.datasets.raw.durable import digest
from dynacollect.datasets.raw.video import VideoWriter, picture_sums
from dynacollect.datasets.repair.messages import Said
from dynacollect.datasets.repair.rewrite import write_messages
from dynacollect.rig.clock import HostClock
from dynacollect.rig.nouns import Image

Row = dict[str, Any]
SIGNALS = "signals.mcap"


def record_of(folder: Path) -> Row:
    return json.loads((folder / "episode.json").read_text())


def edit_record(folder: Path, change: Callable[[Row], object]) -> None:
    record = record_of(folder)
    change(record)
    (folder / "episode.json").write_text(json.dumps(record))


def vouch(folder: Path) -> None:
    """Let the record agree with the files as they are now."""

    def agree(record: Row) -> None:
        for kept in (record["signals"], *record["videos"].values()):
            path = folder / kept["file"]
            if path.exists():
                kept["bytes"], kept["sha256"] = path.stat().st_size, digest(path)
                if "sums" in kept:
                    kept["sums"] = picture_sums(path)

    edit_record(folder, agree)


def messages(folder: Path) -> list[Said]:
    with (folder / SIGNALS).open("rb") as file:
        return [
            Said(channel.topic, message.log_time, message.sequence, message.data)
            for _, channel, message in make_reader(file).iter_messages(log_time_order=False)
        ]


def rewrite(folder: Path, said: list[Said]) -> None:
    (folder / SIGNALS).unlink()
    write_messages(folder / SIGNALS, said)
    vouch(folder)


def edit_rows(folder: Path, **changes: Callable[[Row, int], Row | None]) -> None:
    """By topic: a function of a row and its number that returns the new row, or None to leave it out."""
    said: list[Said] = []
    counts = dict.fromkeys(changes, -1)
    for each in messages(folder):
        topic = each.topic[1:]
        if topic in changes:
            counts[topic] += 1
            row = changes[topic](json.loads(each.data), counts[topic])
            if row is None:
                continue
            each = Said(each.topic, each.time, each.sequence, json.dumps(row).encode())
        said.append(each)
    rewrite(folder, said)


def set_in(**values: object) -> Callable[[Row, int], Row]:
    """Every row gets these."""
    return lambda row, _: {**row, **values}


def edit_video(folder: Path, camera: str, change: Callable[[list[Image]], list[Image]], fps: float = 25.0) -> None:
    """The pictures, encoded anew after the change."""
    pictures = change(list(RawEpisode.open(folder).pictures(camera)))
    path = folder / f"{camera}.mp4"
    path.unlink()
    writer = VideoWriter(path, pictures[0].shape[1], pictures[0].shape[0], fps)
    clock = HostClock()
    for picture in pictures:
        while writer.waiting > 32:
            clock.wait_until(clock.now() + 0.002)
        writer.put(np.ascontiguousarray(picture))
    writer.close()
    vouch(folder)


def flip(path: Path, byte: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[byte] ^= 1 << bit
    path.write_bytes(data)


def spoil(path: Path, begin: int, count: int) -> None:
    """Bytes that are something else now."""
    data = bytearray(path.read_bytes())
    data[begin : begin + count] = bytes(255 - byte for byte in data[begin : begin + count])
    path.write_bytes(data)


def cut(path: Path, bytes_left: int) -> None:
    path.write_bytes(path.read_bytes()[:bytes_left])
