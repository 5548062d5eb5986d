"""`dynacollect dataset show`: what a session holds, as a table, a contact sheet, or in the Rerun viewer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, emit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from ...datasets.listing import Listed, Totals
    from ...datasets.raw import RawEpisode
    from ...tracking.shape import Shape

SHOW_EXAMPLE = "Example: dynacollect dataset show sessions/monday --png monday.png"


def show(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A session that collect has written.")],
    episode: Annotated[int | None, typer.Option("--episode", metavar="N", min=0, help="Only this one.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="OUT", help="Write pictures at the start, each phase and the end.")
    ] = None,
    rerun: Annotated[bool, typer.Option("--rerun", help="Open the episode in the Rerun viewer.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE.rrd", help="Write the episode for Rerun.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what a session holds: its episodes, what became of them, and their pictures."""
    from ...datasets.listing import listed, totals
    from ...rig.errors import DynacollectError
    from .dataset_check import bar

    chosen = _chosen(folder, episode)
    if (rerun or save) and len(chosen) != 1:
        raise DynacollectError("Rerun shows one episode at a time; name it with --episode")
    with bar("Reading", as_json) as progress:
        rows = listed(chosen, progress)
    document: dict[str, object] = {"episodes": rows, "totals": totals(rows)}
    if png is not None:
        document["png"] = {"file": png, "episodes": _sheet(png, chosen)}
    if rerun or save:
        _log(_readable(chosen)[0], save)
        document["rerun"] = save
    emit(document, as_json, _view(rows, totals(rows)))


def _chosen(folder: Path, episode: int | None) -> list[Path]:
    from ...datasets.checks.check import episode_folders
    from ...rig.errors import DynacollectError

    folders = episode_folders(folder)
    if episode is None:
        return folders
    chosen = [path for path in folders if int(path.name) == episode]
    if not chosen:
        known = f"{int(folders[0].name)} to {int(folders[-1].name)}" if folders else "none at all"
        raise DynacollectError(f"{folder} has no episode {episode}; it has {known}")
    return chosen


def _readable(folders: list[Path]) -> list[RawEpisode]:
    from ...datasets.raw import RawEpisode
    from ...rig.errors import DynacollectError

    found = []
    for path in folders:
        try:
            found.append(RawEpisode.open(path))
        except (DynacollectError, UnicodeDecodeError):
            if len(folders) == 1:
                raise
    return found


def _sheet(png: Path, folders: list[Path]) -> int:
    from ...datasets.sheet import write_sheet

    return write_sheet(png, _readable(folders))


def _log(episode: RawEpisode, save: Path | None) -> None:
    """Pictures, outlines and states, tick by tick; then all that the signals say."""
    from ...datasets.replay import Replay
    from ...tracking.tracked import Tracked
    from ..tracks.rerun import RerunLog
    from ..tracks.rerun_episode import log_signals

    replay = Replay.of(episode)
    known = replay.arm is not None
    cameras = {name: camera for name, camera in replay.cameras.items() if known or not camera.on_wrist}
    shapes = _shapes(episode)
    with RerunLog(cameras, save) as log:
        log_signals(log, replay)
        for moment in replay.moments():
            log.add(moment.frames, Tracked(moment.objects), shapes, moment.time, moment.moved)


def _shapes(episode: RawEpisode) -> Mapping[str, Shape]:
    """Of the things that the catalogue knows."""
    from ...rig.errors import DynacollectError
    from ...rig.objects import load
    from ...tracking.shape import shape_of

    shapes = {}
    for thing in episode.record.things:
        try:
            shapes[thing.key] = shape_of(load(thing.name))
        except DynacollectError:
            continue
    return shapes


def _view(rows: list[Listed], total: Totals) -> RenderableType:
    from rich.console import Group

    return Group(_table(rows), *_words(total))


def _table(rows: list[Listed]) -> Table:
    from rich.table import Table

    table = Table("episode", "task", "object", "m/s", "verdict", "s", "MB", "phases", box=None, pad_edge=False)
    for row in rows:
        speed = "-" if row.speed_m_s is None else f"{row.speed_m_s:.2f}"
        phases = " ".join(row.phases) if row.task else row.reason
        table.add_row(
            f"{row.number}", row.task or "-", row.object or "-", speed, _verdict(row), f"{row.seconds:.1f}",
            f"{row.bytes / 1e6:.1f}", phases,
        )  # fmt: skip
    return table


def _verdict(row: Listed) -> str:
    if row.task is None:
        return "[red]unreadable[/]"
    return {True: "[green]success[/]", False: "[red]failure[/]", None: "[yellow]unsure[/]"}[row.success]


def _words(total: Totals) -> list[str]:
    judged = total.successes + total.failures
    share = f", {total.successes / judged:.0%} of those judged" if judged else ""
    size = f"{total.seconds:.0f} s, {total.bytes / 1e6:.1f} MB"
    counts = [
        (total.successes, f"success{share}"), (total.failures, "failure"), (total.unsure, "unsure"),
        (total.unreadable, "unreadable (see: dataset repair)"),
    ]  # fmt: skip
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    lines = ["", f"{total.episodes} episode{'' if total.episodes == 1 else 's'}, {size}: {said or 'nothing'}"]
    if total.objects:
        lines.append(", ".join(f"{name} {count}" for name, count in total.objects.items()))
    return lines
