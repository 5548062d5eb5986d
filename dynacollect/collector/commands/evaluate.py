"""`dynacollect evaluate`: how often a controller succeeds in the cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, SeedOption, emit
from ..weights import DeviceOption, WeightsOption, network_of
from .evaluate_compare import compare, is_given, refuse_options

if TYPE_CHECKING:
    from ...training.evaluation import Settings

app = typer.Typer(invoke_without_command=True, add_completion=False)
app.command("compare", epilog="Example: dynacollect evaluate compare before.json after.json")(compare)

RIGS = {"franka": "cell", "franka-panda": "cell", "franka-fr3": "cell-fr3", "piper": "cell-piper"}
TOP_SPEED = {"piper": 0.5}
"""What is asked of a robot unless said otherwise, m/s; others 0.75."""


@app.callback(epilog="Example: dynacollect evaluate --task pick --robot franka --episodes 100 --seed 1")
def evaluate(
    context: typer.Context,
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
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite",
            metavar="dom|NAME,...",
            help="The nine dimensions of the DOM benchmark, or some of CR, DA, LS, VU, SR, MP, VG, MG, DR, in place of "
            "--task.",
        ),
    ] = None,
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1_000_000, help="How many; of each suite.")] = 100,
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
    html: Annotated[Path | None, typer.Option("--html", metavar="OUT", help="Write a page about the run.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Success by speed of the object, with 95 % intervals, on seeds that pair with any other run's."""
    if context.invoked_subcommand is not None:
        refuse_options(context)
        return
    from dataclasses import replace

    from rich.progress import track

    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ...training.bound import possible_share
    from ...training.evaluation import Settings, evaluate_all, run_one, summarise
    from ...training.noise import parse_noise
    from ...training.suites.choosing import name_of
    from ...training.suites.figures import by_suite
    from ...training.vision import models_from, with_fixed_cameras
    from ..evaluated.page import refuse_page, write_page
    from ..evaluated.told import Told
    from .evaluate_controller import driver_of
    from .evaluate_view import view_of

    refuse_page(html)
    limit = top_speed if top_speed is not None else TOP_SPEED.get(robot, 0.75)
    config = load_rig(rig or RIGS[robot])
    if state == "vision" and noise:
        raise DynacollectError("--noise is put on the truth; leave it out with --state vision")
    if state == "truth" and calibration is not None:
        raise DynacollectError("--calibration is what the tracker sees through; add --state vision")
    if not meshes and (state == "truth" or weights is not None):
        said = "--state truth" if state == "truth" else "--weights"
        raise DynacollectError(f"--no-mesh is for what is seen by its colours; use --state vision, and no {said}")
    driver = driver_of(controller, executor, latency, device, config, vision=state == "vision")
    models = models_from(calibration, with_fixed_cameras(config)) if calibration else None
    network = network_of(weights, device, wanted=state == "vision" and weights is not None, by="--state vision")
    settings = Settings(
        config, task, profile, episodes, seed, parse_noise(noise), limit, images, state, models, network, meshes,
        driver.chunks, driver.policy,
    )  # fmt: skip
    runs = _runs(context, settings, suite, bound)
    if film is not None:
        run_one(runs[-1], episodes - 1, film)
    stream = evaluate_all(runs, workers)
    results = list(track(stream, "Running", total=episodes * len(runs), disable=as_json, transient=True))
    possible = possible_share(settings, results, workers) if bound else None
    found = replace(summarise(settings, results), task=name_of(runs))
    told = Told(controller, found, by_suite(settings, results), possible)
    if html is not None:
        write_page(html, told)
    document = {"controller": controller, "state": state, "mesh": meshes, "images": images, **told.document()}
    if streaming := driver.streaming:
        document["strategy"] = streaming.strategy
    emit(document, as_json, view_of(told))


def _runs(context: typer.Context, settings: Settings, suite: str | None, bound: bool) -> tuple[Settings, ...]:
    """One for each suite, or the one that is asked for without them."""
    from ...rig.errors import DynacollectError
    from ...training.suites.choosing import parse_suites, settings_for

    if suite is None:
        return (settings,)
    if bound:
        raise DynacollectError("--bound is for --task; leave out --suite")
    if is_given(context, "task"):
        raise DynacollectError("each suite has its own task; leave out --task, or --suite")
    return tuple(settings_for(each, settings) for each in parse_suites(suite))
