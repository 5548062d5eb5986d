"""`dynacollect track run`: the tracker live on a rig, in the terminal and in Rerun."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rich.table import Table

    from ...rig.camera_model import CameraModel
    from ...tracking.shape import Shape
    from ..tracks.running import Moment, Summary, Tally

EXAMPLE = "Example: dynacollect track run --rig cell --objects mug,tennis_ball --seconds 5 --save run.rrd"
"""Rigs that can only show what the catalogue has."""


def add_to(app: typer.Typer) -> None:
    """Hook the command in."""
    app.command("run", epilog=EXAMPLE)(run)


def run(
    objects: Annotated[
        str, typer.Option("--objects", metavar="NAME,NAME", help="What is on the table; the cell launches the first.")
    ],
    rig: RigOption = "cell",
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="Of the cameras; else the rig's own.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=0.1, max=86400, help="How long, on the rig's clock.")] = 10,
    meshes: Annotated[
        bool, typer.Option("--mesh/--no-mesh", help="Are the objects' meshes known, or only how they look when shown?")
    ] = True,
    rerun: Annotated[bool, typer.Option("--rerun", help="Show it in the Rerun viewer.")] = False,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="OUT.rrd", help="Write it for the Rerun viewer.")
    ] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Follow objects on a rig, live: first the empty table and each object by itself, then all that happens.

    The cell sets its table by itself; on a real rig you are asked to. Ctrl-C ends it early, with its summary.
    """
    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ...rig.rig import open_rig
    from ...training.vision import with_fixed_cameras
    from ..tracks.rerun import check_installed, check_target
    from ..tracks.running import Tally, moments
    from ..tracks.showing import cameras_of, prepared, showing_on

    if rerun and save is not None:
        raise DynacollectError("--rerun shows it and --save writes it; leave out one of the two")
    if rerun or save is not None:
        check_target(save)
        check_installed()
    config = with_fixed_cameras(load_rig(rig))
    names = _names(objects, in_catalogue=meshes or config.simulated)
    tally = Tally(tuple(names))
    with open_rig(config, seed=seed) as devices:
        models = cameras_of(devices, config, calibration)
        showing = showing_on(devices, models, seed, _ask)
        if not as_json:
            typer.echo("Looking at the empty table, and at each object by itself", err=True)
        ready = prepared(devices, showing, names, models, meshes=meshes)
        showing.begin()
        ticks = moments(devices, ready.tracker, seconds)
        stopped = _watch(ticks, ready.shapes, tally, models, save, rerun=rerun, seconds=seconds, quiet=as_json)
    found = tally.summary()
    facts = {"rig": config.name, "objects": list(names), "mesh": meshes, "stopped": stopped, "saved": save}
    numbers = {field.name: getattr(found, field.name) for field in fields(found)}
    emit({**facts, **numbers}, as_json, _view(found, stopped, save))


def _watch(
    ticks: Iterable[Moment], shapes: Callable[[], Mapping[str, Shape]], tally: Tally,
    models: Mapping[str, CameraModel], save: Path | None, *, rerun: bool, seconds: float, quiet: bool,
) -> str:  # fmt: skip
    """Show, log and count every tick; says why it ended."""
    from ..tracks.live_table import LiveTable
    from ..tracks.rerun import RerunLog

    with ExitStack() as stack:
        table = stack.enter_context(LiveTable(tally.names, quiet=quiet))
        log = stack.enter_context(RerunLog(models, save)) if rerun or save is not None else None
        begin = None
        try:
            for moment in ticks:
                begin = moment.frames.captured_at if begin is None else begin
                tally.take(moment)
                table.update(moment.tracked, seconds - (moment.frames.captured_at - begin))
                if log is not None:
                    log.add(moment.frames, moment.tracked, shapes())
        except KeyboardInterrupt:
            return "stopped by hand"
    return "time is up"


def _names(objects: str, *, in_catalogue: bool) -> dict[str, str]:
    """Key -> object; a second one of the same has a number behind its name."""
    from ...rig.errors import DynacollectError
    from ...rig.objects import catalogue

    names: dict[str, str] = {}
    for name in (word.strip() for word in objects.split(",")):
        if not name:
            raise DynacollectError(f"--objects {objects!r} has an empty name; write them as mug,tennis_ball")
        if in_catalogue:
            catalogue.load(name)
        count = sum(other == name for other in names.values())
        names[f"{name}_{count + 1}" if count else name] = name
    return names


def _ask(wish: str) -> None:
    typer.prompt(wish, default="", show_default=False, prompt_suffix=" ", err=True)


def _view(found: Summary, stopped: str, save: Path | None) -> Table:
    from rich.table import Table

    took = f"tick {found.tick_ms.median:.1f} ms, 95 % within {found.tick_ms.p95:.1f}"
    table = Table("object", "healthy", title=f"{found.ticks} ticks, {stopped}; {took}", title_justify="left")
    for name, share in found.healthy.items():
        table.add_row(name, f"{share:.1%}")
    if save is not None:
        table.caption = f"{save}: look at it with rerun {save}"
    return table
