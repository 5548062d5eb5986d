"""`dynacollect replay`: a policy on a rig, recorded and judged as a session."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..clear_to_move import YesFlag, clear_to_move
from ..output import JsonFlag, RigOption, SeedOption
from ..weights import DeviceOption
from .collect import ended, settings_of, tasks_of

if TYPE_CHECKING:
    from ...controllers.streaming.stream import Strategy
    from ...rig.config import RigConfig
    from ...training.rollout.rolled import Rolled

app = typer.Typer()

EXAMPLE = "Example: dynacollect replay training/monday --rig rig.yaml --episodes 20 --out replays/monday"


@app.command("replay", epilog=EXAMPLE)
def replay(
    checkpoint: Annotated[
        str, typer.Argument(metavar="POLICY", help="A training's folder, a checkpoint, or its id on the Hub.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The session; one that is there goes on.")],
    rig: RigOption = "cell",
    task: Annotated[str, typer.Option("--task", metavar="TASK,TASK", help="pick, place, long-horizon.")] = "pick",
    objects: Annotated[
        str, typer.Option("--objects", metavar="NAME,NAME", help="Of the catalogue; all that fit the hand.")
    ] = "all",
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1_000_000, help="Attempts.")] = 20,
    executor: Annotated[
        Literal["blocking", "continuous", "laas", "rtc", "future-state"],
        typer.Option("--executor", help="How chunks that come late are executed."),
    ] = "laas",
    latency: Annotated[
        str | None,
        typer.Option("--latency", help="In the cell's own time: as 226ms. [default: as long as an inference takes]"),
    ] = None,
    shadow: Annotated[
        bool,
        typer.Option("--shadow", help="Send nothing of the policy's; the arm only goes home."),
    ] = False,
    calibration: Annotated[
        Path | None, typer.Option("--calibration", metavar="FILE", help="If rig.yaml names none.")
    ] = None,
    top_speed: Annotated[float, typer.Option("--top-speed", min=0.0, max=2.0, help="Of the objects, m/s.")] = 0.75,
    state: Annotated[
        Literal["vision", "truth"],
        typer.Option("--state", help="What judges: the tracker, or in the cell the truth. The policy sees neither."),
    ] = "vision",
    device: DeviceOption = "auto",
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="HOST:PORT", help="Where `policy serve` runs the same policy."),
    ] = None,
    patience: Annotated[
        float, typer.Option("--patience", min=0, max=1e7, help="Seconds to wait for a person who was called.")
    ] = 3600.0,
    realtime: Annotated[bool, typer.Option("--realtime", help="Pace the cell by the clock on the wall.")] = False,
    plain: Annotated[bool, typer.Option("--plain", help="One line for each event, for logs.")] = False,
    yes: YesFlag = False,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Let a policy have its say where the expert would; the session is recorded and judged as any other.

    In real time the policy runs in a process of its own: whatever becomes of it, the arm holds, the journal says why,
    and the next attempt has a new one.
    """
    from dataclasses import replace

    from ...rig.config import load_rig
    from ..monitor import watching
    from ..session.calling import ringer
    from ..session.running import Run, run_session

    config = load_rig(rig)
    own_time = config.simulated and not realtime
    rolled = rolled_of(checkpoint, executor, latency, device, server, config, own_time=own_time)
    # Also in shadow the arm goes home between attempts.
    clear_to_move(config, yes=yes)
    settings = settings_of(
        config, tasks_of(task), objects, episodes, calibration, top_speed, state, patience, seed, images=True
    )
    settings = replace(settings, policy=rolled, shadow=shadow)
    mode = "plain" if plain or as_json else "live"
    run = Run((), realtime, ringer(str(out), None, bell=not as_json))
    ended(run_session(out, settings, run, lambda board: watching(board, mode)), as_json)


def rolled_of(
    checkpoint: str, executor: Strategy, latency: str | None, device: str, server: str | None, config: RigConfig,
    *, own_time: bool,
) -> Rolled:  # fmt: skip
    """What is wrong with the policy is said before anything moves."""
    from ...controllers.streaming.latency import parse_latency
    from ...rig.errors import DynacollectError
    from ...training.chunked import Streaming
    from ...training.rollout.rolled import Rolled

    if latency is not None and not own_time:
        raise DynacollectError("--latency is for the cell in its own time; where time is real, it is what it is")
    if server is not None and own_time:
        raise DynacollectError("the cell's own time does not wait for a server; add --realtime, or leave out --server")
    streaming = Streaming(executor, parse_latency(latency) if latency else None)
    rolled = Rolled(checkpoint, streaming, device, server)
    rolled.rig(config)
    return rolled
