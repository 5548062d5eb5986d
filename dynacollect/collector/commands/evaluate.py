"""`dynacollect evaluate`: how often a controller succeeds in the cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, SeedOption, emit
from ..weights import DeviceOption, WeightsOption, network_of

if TYPE_CHECKING:
    from rich.table import Table

    from ...controllers.streaming.stream import Strategy
    from ...training.bound import Possible
    from ...training.chunked import Streaming
    from ...training.evaluation import Evaluation, Settings

app = typer.Typer()

RIGS = {"franka": "cell", "franka-panda": "cell", "franka-fr3": "cell-fr3", "piper": "cell-piper"}
CHUNKED, POLICY, MEASURED = "chunked-expert", "policy:", "measured"
TOP_SPEED = {"piper": 0.5}
"""What is asked of a robot unless said otherwise, m/s; others 0.75."""


@app.command("evaluate", epilog="Example: dynacollect evaluate --task pick --robot franka --episodes 100 --seed 1")
def evaluate(
    controller: Annotated[
        str,
        typer.Option(
            "--controller",
            metavar="expert|chunked-expert|policy:PATH",
            help="Who drives: the expert, the expert as a policy that thinks in chunks, or a policy: a training's "
            "folder, a checkpoint, or its id on the Hub.",
        ),
    ] = "expert",
    executor: Annotated[
        Literal["blocking", "continuous", "laas", "rtc", "future-state"] | None,
        typer.Option("--executor", help="Of chunks. [default: laas]"),
    ] = None,
    latency: Annotated[
        str | None,
        typer.Option(
            "--latency",
            help="Of an inference: 226ms, normal:226,30ms, uniform:100,300ms, a file of milliseconds, or, for a "
            "policy, measured: as long as it takes here. [default: 226ms]",
        ),
    ] = None,
    profile: Annotated[Literal["intercept", "dom"], typer.Option("--profile", help="Of the expert.")] = "intercept",
    task: Annotated[Literal["pick", "place", "long-horizon"], typer.Option("--task", help="What to do.")] = "pick",
    robot: Annotated[
        Literal["franka", "franka-panda", "franka-fr3", "piper"], typer.Option("--robot", help="Which arm of the cell.")
    ] = "franka",
    rig: Annotated[str | None, typer.Option("--rig", help="A rig.yaml on the cell, in place of --robot.")] = None,
    state: Annotated[
        Literal["truth", "vision"],
        typer.Option("--state", help="Where object states come from: the cell, the tracker."),
    ] = "truth",
    calibration: Annotated[
        Path | None, typer.Option("--calibration", help="Of the cameras, for --state vision; else the cell's own.")
    ] = None,
    meshes: Annotated[
        bool,
        typer.Option("--mesh/--no-mesh", help="Do tracker and expert know the objects' meshes? For --state vision."),
    ] = True,
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1_000_000, help="How many.")] = 100,
    seed: SeedOption = 0,
    noise: Annotated[str, typer.Option("--noise", help="As 'pos=2mm vel=30mm/s latency=80ms'.")] = "",
    top_speed: Annotated[float | None, typer.Option("--top-speed", min=0.05, max=2, help="m/s.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=256, help="Cells at once.")] = 1,
    images: Annotated[bool, typer.Option("--images/--no-images", help="Render what the cameras see.")] = False,
    film: Annotated[Path | None, typer.Option("--film", help="Write pictures of the last episode, .png.")] = None,
    bound: Annotated[
        bool,
        typer.Option("--bound", help="Say which failed picks any motion could have made: for the first target only."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Success by speed of the object, with 95 % intervals, on seeds that pair with any other run's."""
    from rich.progress import track

    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ...training.bound import possible_share
    from ...training.evaluation import Settings, evaluate, run_one, summarise
    from ...training.noise import parse_noise
    from ...training.vision import models_from, with_fixed_cameras

    limit = top_speed if top_speed is not None else TOP_SPEED.get(robot, 0.75)
    config = load_rig(rig or RIGS[robot])
    if state == "vision" and noise:
        raise DynacollectError("--noise is put on the truth; leave it out with --state vision")
    if state == "truth" and calibration is not None:
        raise DynacollectError("--calibration is what the tracker sees through; add --state vision")
    if not meshes and (state == "truth" or weights is not None):
        said = "--state truth" if state == "truth" else "--weights"
        raise DynacollectError(f"--no-mesh is for what is seen by its colours; use --state vision, and no {said}")
    models = models_from(calibration, with_fixed_cameras(config)) if calibration else None
    network = network_of(weights, device, wanted=state == "vision" and weights is not None, by="--state vision")
    settings = _driven(
        Settings(
            config, task, profile, episodes, seed, parse_noise(noise), limit, images, state, models, network, meshes
        ),
        controller, _streaming(controller, executor, latency), device,
    )  # fmt: skip
    if film is not None:
        run_one(settings, episodes - 1, film)
    stream = evaluate(settings, workers)
    results = list(track(stream, "Running", total=episodes, disable=as_json, transient=True))
    found = summarise(settings, results)
    possible = possible_share(settings, results, workers) if bound else None
    extra: dict[str, object] = {"possible": possible} if possible else {}
    if streaming := settings.streaming or (settings.policy and settings.policy.streaming):
        extra["strategy"] = streaming.strategy
    document = {"controller": controller, "state": state, "mesh": meshes, "images": images, **_document(found), **extra}
    emit(document, as_json, _table(found, possible))


def _streaming(controller: str, executor: Strategy | None, latency: str | None) -> Streaming | None:
    from ...controllers.streaming.latency import parse_latency
    from ...rig.errors import DynacollectError
    from ...training.chunked import ForeseeingExpert, Streaming, refuse_unsupported

    if controller == "expert":
        if executor is not None or latency is not None:
            raise DynacollectError(
                "--executor and --latency are for chunks; add --controller chunked-expert or policy:PATH"
            )
        return None
    strategy = executor or "laas"
    if controller == CHUNKED:
        refuse_unsupported(strategy, ForeseeingExpert)
    measured = latency == MEASURED and controller.startswith(POLICY)
    return Streaming(strategy, None if measured else parse_latency(latency or "226ms"))


def _driven(settings: Settings, controller: str, streaming: Streaming | None, device: str) -> Settings:
    """By the expert, at once or in chunks, or by a policy."""
    from dataclasses import replace

    from ...rig.errors import DynacollectError

    if not controller.startswith(POLICY):
        if controller not in ("expert", CHUNKED):
            raise DynacollectError(f"there is no controller '{controller}'; choose expert, {CHUNKED} or policy:PATH")
        return replace(settings, streaming=streaming)
    if settings.state == "vision":
        raise DynacollectError("a policy sees pictures, and needs no tracker; leave out --state vision")
    from ...training.rollout.rolled import Rolled

    if streaming is None:
        return settings
    rolled = Rolled(controller.removeprefix(POLICY), streaming, device)
    # What is wrong with it is said before anything runs.
    rolled.rig(settings.rig)
    return replace(settings, policy=rolled)


def _document(found: Evaluation) -> dict[str, object]:
    from dataclasses import fields

    return {field.name: getattr(found, field.name) for field in fields(found)}


def _table(found: Evaluation, possible: Possible | None) -> Table:
    from rich.table import Table

    title = f"{found.task}, {found.robot}, {found.profile}: {found.success:.1%} of {found.n}"
    table = Table("speed m/s", "n", "success", "95 %", title=title, title_justify="left")
    for row in found.by_speed:
        name = "still" if row.hi == 0 else f"{row.lo:g} to {row.hi:g}"
        table.add_row(name, str(row.n), f"{row.success:.1%}", f"{row.ci95[0]:.1%} to {row.ci95[1]:.1%}")
    for reason, count in found.failures.items():
        table.add_row("failed", str(count), reason, "")
    if found.success:
        table.caption = f"mean time {found.time_s:.2f} s, mean path {found.path_m:.2f} m"
    if found.executor:
        table.add_row("starved", "", f"{found.executor.starved:.1%}", "of the steps")
        table.add_row("", "", f"{found.executor.stale_age_ms:.0f} ms", "age of an executed action")
        table.add_row("", "", f"{found.executor.latency_ms:.0f} ms", "for an inference")
    if possible:
        table.add_row("possible", str(possible.n), f"{possible.share_reached:.1%}", "of what any motion could reach")
    return table
