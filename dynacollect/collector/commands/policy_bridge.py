"""`dynacollect policy bridge`: a policy in DynamicVLA's public simulator, and its public client in our cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit
from ..weights import DeviceOption

if TYPE_CHECKING:
    from rich.table import Table

    from ...controllers.streaming.upstream.ends import Ends
    from ...training.hosting import Hosted

app = typer.Typer()

Observations = Annotated[int, typer.Option("--observations", min=1, max=65535, help="Port: theirs is --img_port.")]
Actions = Annotated[int, typer.Option("--actions", min=1, max=65535, help="Port: theirs is --act_port.")]


@app.callback()
def bridge() -> None:
    """Speak with DynamicVLA's public code, which unpickles what it is sent: on this machine only."""


@app.command("visit", epilog="Example: dynacollect policy bridge visit outputs/apple --executor laas")
def visit(
    source: Annotated[str, typer.Argument(metavar="DIR|HUB-ID", help="A policy: a folder, or its name on the Hub.")],
    executor: Annotated[
        Literal["blocking", "continuous", "laas", "future-state"], typer.Option("--executor", help="Of its chunks.")
    ] = "laas",
    device: DeviceOption = "auto",
    observations: Observations = 3186,
    actions: Actions = 3188,
    as_json: JsonFlag = False,
) -> None:
    """Let a policy drive the public evaluation server (simulations/evaluate.py) that runs here or will."""
    from contextlib import closing
    from functools import partial
    from pathlib import Path

    import numpy as np

    from ...controllers.streaming.process import InferenceProcess
    from ...controllers.streaming.source import Request
    from ...controllers.streaming.upstream.visit import Visit
    from ...rig.clock import HostClock
    from ...training.rollout.facts import facts_of
    from ...training.rollout.rolled import executor_for
    from ...training.rollout.seen import Seen
    from ...training.rollout.source import policy_source

    facts, clock = facts_of(source), HostClock()
    with closing(_ends("client", observations, actions)) as ends:
        visit = Visit(ends, clock, _say)
        seen = Seen(visit.look, dict.fromkeys(facts.cameras, facts.trained_on.size or (480, 360)), facts.moments)
        with closing(InferenceProcess(partial(policy_source, source, device), seen.example())) as inference:
            inference.warm_up(Request(0, seen.example(), np.zeros(6), 0), clock)
            rates = visit.run(executor_for(facts, executor, inference), seen, Path(source).name)
    said = "\n".join(f"{scene}: {rate:.0%}" for scene, rate in rates.items())
    emit({"executor": executor, "success_rates": rates, "episodes": visit.ended}, as_json, said)


@app.command("cell", epilog="Example: dynacollect policy bridge cell --task pick --episodes 20")
def cell(
    task: Annotated[Literal["pick", "place", "long-horizon"], typer.Option("--task", help="What to do.")] = "pick",
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=10_000, help="How many.")] = 20,
    rig: RigOption = "cell",
    top_speed: Annotated[float, typer.Option("--top-speed", min=0.05, max=2, help="Of objects, m/s.")] = 0.75,
    seed: SeedOption = 0,
    observations: Observations = 3186,
    actions: Actions = 3188,
    as_json: JsonFlag = False,
) -> None:
    """Let the public inference client (scripts/inference.py) drive an arm in the cell, in real time."""
    from contextlib import closing

    from ...rig.config import load_rig
    from ...training.evaluation import Settings
    from ...training.hosting import host

    settings = Settings(load_rig(rig), task, episodes=episodes, seed=seed, top_speed=top_speed)
    with closing(_ends("server", observations, actions)) as ends:
        client, found = host(settings, ends, _say)
    success = sum(each.success for each in found) / max(1, len(found))
    document = {"client": client, "task": task, "n": len(found), "success": success, "episodes": found}
    emit(document, as_json, _table(client, found))


def _ends(side: Literal["client", "server"], observations: int, actions: int) -> Ends:
    from ...controllers.streaming.upstream import WARNING
    from ...controllers.streaming.upstream.ends import Ends

    _say(f"warning: {WARNING}")
    return Ends(side, ports=(observations, actions))


def _table(client: str, found: list[Hosted]) -> Table:
    from rich.table import Table

    table = Table("episode", "instruction", "result", "seconds", title=client, title_justify="left")
    for number, each in enumerate(found, 1):
        result = "success" if each.success else each.reason
        table.add_row(str(number), each.instruction, result, f"{each.time_s:.1f}")
    return table


def _say(words: str) -> None:
    typer.echo(words, err=True)
