"""`dynacollect collect`: episodes one after another with nobody there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..clear_to_move import YesFlag, clear_to_move
from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from ...controllers.machine import TaskName
    from ...rig.config import RigConfig
    from ..session.running import Ran
    from ..session.settings import Settings

app = typer.Typer()

EXAMPLE = "Example: dynacollect collect --rig rig.yaml --task pick --episodes 2000 --out sessions/monday"


@app.command("collect", epilog=EXAMPLE)
def collect(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The session; one that is there goes on.")],
    rig: RigOption = "cell",
    task: Annotated[str, typer.Option("--task", metavar="TASK,TASK", help="pick, place, long-horizon.")] = "pick",
    objects: Annotated[
        str, typer.Option("--objects", metavar="NAME,NAME", help="Of the catalogue; all that fit the hand.")
    ] = "all",
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1_000_000, help="Successes that are wanted.")] = 100,
    calibration: Annotated[
        Path | None, typer.Option("--calibration", metavar="FILE", help="If rig.yaml names none.")
    ] = None,
    top_speed: Annotated[float, typer.Option("--top-speed", min=0.0, max=2.0, help="Of the objects, m/s.")] = 0.75,
    state: Annotated[
        Literal["vision", "truth"], typer.Option("--state", help="truth is for benches, and only in the cell.")
    ] = "vision",
    images: Annotated[
        bool, typer.Option("--images/--no-images", help="Without pictures only --state truth works.")
    ] = True,
    verify: Annotated[
        bool, typer.Option("--verify/--no-verify", help="First compare with `calibrate verify --learn`'s pictures.")
    ] = True,
    patience: Annotated[
        float, typer.Option("--patience", min=0, max=1e7, help="Seconds to wait for a person who was called.")
    ] = 3600.0,
    webhook: Annotated[
        str | None, typer.Option("--webhook", metavar="URL", help="Told in JSON when a person is needed.")
    ] = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="Pace the cell by the clock on the wall.")] = False,
    fault: Annotated[
        list[str] | None, typer.Option("--fault", help="Rehearse on the cell: opst_cam.freeze@30, see `rig faults`.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="One line for each event, for logs.")] = False,
    headless: Annotated[bool, typer.Option("--headless", help="Lines, and a status page for a browser.")] = False,
    status_host: Annotated[
        str, typer.Option("--status-host", help="Of the status page; anything but loopback is for trusted networks.")
    ] = "127.0.0.1",
    status_port: Annotated[
        int | None, typer.Option("--status-port", min=0, max=65535, help="The same; also beside the live view.")
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=1000, help="Cells at once, each a process.")] = 1,
    ray: Annotated[
        str | None, typer.Option("--ray", metavar="ADDRESS", help="Run them on a Ray cluster; local starts one here.")
    ] = None,
    yes: YesFlag = False,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Collect until so many successes are kept; the same line again goes on where it was.

    Ctrl-C ends it safely: the arm stops, and the episode in flight is left out. Failures and doubtful episodes are
    kept, too, marked as what they are.
    """
    from dataclasses import replace

    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ..cluster import Cluster, workers_of
    from ..monitor import Address, watching
    from ..session.calling import ringer
    from ..session.running import Run, run_session
    from .collect_workers import by_workers

    config = load_rig(rig)
    clear_to_move(config, yes=yes)
    settings = settings_of(
        config, tasks_of(task), objects, episodes, calibration, top_speed, state, patience, seed, images=images
    )
    settings = replace(settings, verify=verify)
    if workers > 1 or ray is not None or workers_of(out):
        if headless or status_port is not None:
            raise DynacollectError("the status page shows one cell; leave it out with --workers")
        cluster = Cluster(workers, ray, tuple(fault or ()), realtime, webhook)
        ended(by_workers(out, settings, cluster, as_json), as_json)
        return
    ring = ringer(str(out), webhook, bell=not as_json)
    mode = "headless" if headless else "plain" if plain or as_json else "live"
    page = Address(status_host, 8642 if status_port is None else status_port)
    shown = page if headless or status_port is not None else None
    run = Run(tuple(fault or ()), realtime, ring)
    ran = run_session(out, settings, run, lambda board: watching(board, mode, page=shown))
    ended(ran, as_json)


def settings_of(
    config: RigConfig, tasks: tuple[TaskName, ...], objects: str, episodes: int, calibration: Path | None,
    top_speed: float, state: Literal["vision", "truth"], patience: float, seed: int, *, images: bool,
) -> Settings:  # fmt: skip
    from ...rig.errors import DynacollectError
    from ..session.settings import Settings

    if state == "vision" and not images:
        raise DynacollectError("--no-images leaves nothing to track; add --state truth, or leave it out")
    names = _objects(config, objects)
    return Settings(config, tasks, names, episodes, seed, state, images, top_speed, calibration, patience_s=patience)


def tasks_of(listed: str) -> tuple[TaskName, ...]:
    from ...controllers.tasks import TASKS
    from ...rig.errors import DynacollectError

    names = dict.fromkeys(name.strip() for name in listed.split(",") if name.strip())
    for name in names:
        if name not in TASKS:
            raise DynacollectError(f"there is no task '{name}'; there are {', '.join(TASKS)}")
    if not names:
        raise DynacollectError(f"--task names none; there are {', '.join(TASKS)}")
    return tuple(task for task in TASKS if task in names)


def _objects(config: RigConfig, listed: str) -> tuple[str, ...]:
    from ...rig.errors import DynacollectError
    from ...rig.objects import catalogue

    arm = config.arm.model
    fit = [name for name in catalogue.names(split="seen") if arm in catalogue.load(name).graspable_by]
    if listed == "all":
        return tuple(config.cell.episodes.objects or fit)
    names = tuple(dict.fromkeys(name.strip() for name in listed.split(",") if name.strip()))
    for name in names:
        if arm not in catalogue.load(name).graspable_by:
            raise DynacollectError(f"{name} does not fit the hand of {arm}; choose among {', '.join(fit)}")
    if not names:
        raise DynacollectError("--objects names none; leave it out for all that fit the hand")
    return names


def ended(ran: Ran, as_json: bool) -> None:
    from dataclasses import asdict

    from ..report import summary_of, write_report

    found, page = summary_of(ran.folder), write_report(ran.folder)
    said = f"{found.episodes} episodes in {found.attempted} attempts; the report is {page}."
    document = {**asdict(found), "report": page, "session": ran.folder, "reason": ran.reason}
    emit(document, as_json, f"{ran.reason}\n{said}" if ran.reason else said)
    if ran.reason:
        raise typer.Exit(130 if ran.interrupted else 1)
