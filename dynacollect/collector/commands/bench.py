"""`dynacollect bench`: how fast the parts are on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

app = typer.Typer()


@app.callback()
def bench() -> None:
    """Measure how fast the parts are on this machine."""


@app.command("cell", epilog="Example: dynacollect bench cell --json")
def cell(
    rig: RigOption = "cell",
    seed: SeedOption = 1,
    ticks: Annotated[int, typer.Option("--ticks", min=5, max=100_000, help="How many ticks to time.")] = 100,
    as_json: JsonFlag = False,
) -> None:
    """Ticks per second of the cell, beside bare renderer calls on the same scene in the same run."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..benches.cell import bench_cell
    from ..output import plain

    figures = bench_cell(load_rig(rig), ticks, seed)
    table = Table("figure", "value", title="cell: physics, rendering and sensor of all cameras", title_justify="left")
    for name, value in plain(figures).items():
        table.add_row(name, f"{value:.3g}")
    emit(figures, as_json, table)


@app.command("controllers", epilog="Example: dynacollect bench controllers --json")
def controllers(
    rig: RigOption = "cell",
    seed: SeedOption = 1,
    ticks: Annotated[int, typer.Option("--ticks", min=5, max=100_000, help="How many ticks to time.")] = 1000,
    as_json: JsonFlag = False,
) -> None:
    """What one control step costs, from what is seen to checked set-points, on episodes with fast objects."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..benches.controllers import bench_controllers

    figures = bench_controllers(load_rig(rig), ticks, seed)
    table = Table("part", "median ms", "p99 ms", title=f"one control step, over {figures.ticks}", title_justify="left")
    rows = {
        "all": figures.tick_ms,
        "state machine, interception": figures.machine_ms,
        "inverse kinematics, motion": figures.motion_ms,
        "safety": figures.safety_ms,
    }
    for name, spread in rows.items():
        table.add_row(name, f"{spread.median:.2f}", f"{spread.p99:.2f}")
    emit(figures, as_json, table)


@app.command("calibration", epilog="Example: dynacollect bench calibration --seeds 5 --pictures --json")
def calibration(
    seeds: Annotated[int, typer.Option("--seeds", min=1, max=1000, help="How many sets to draw and solve.")] = 5,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Draw every picture and find its corners, not corners alone.")
    ] = False,
    size: Annotated[Literal["480x360", "1280x720"], typer.Option("--size", help="Of the pictures.")] = "480x360",
    corrupt: Annotated[
        bool, typer.Option("--corrupt", help="5 % of frames have a wrong pose, a bumped board or torn pictures.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Errors of calibrations on drawn sets with known truth, beside the Cramer-Rao bound and OpenCV's stages."""
    from ..benches.calibration import bench_calibration
    from ..benches.calibration_view import view

    across, down = map(int, size.split("x"))
    figures = bench_calibration(seeds, (across, down), pictures=pictures, corrupt=corrupt)
    emit(figures, as_json, view(figures))


@app.command("tracking", epilog="Example: dynacollect bench tracking --size 1280x720 --json")
def tracking(
    size: Annotated[Literal["480x360", "1280x720"], typer.Option("--size", help="Of the pictures.")] = "480x360",
    seed: SeedOption = 1,
    ticks: Annotated[int, typer.Option("--ticks", min=10, max=10_000, help="How many ticks to time.")] = 60,
    objects: Annotated[int, typer.Option("--objects", min=2, max=5, help="How many are several.")] = 5,
    as_json: JsonFlag = False,
) -> None:
    """What one tick of the tracker costs, with two views, from pictures to states: of one object, and of several."""
    from rich.table import Table

    from ..benches.tracking_bench import bench_tracking

    across, down = map(int, size.split("x"))
    figures = bench_tracking((across, down), ticks, objects, seed)
    title = f"one tick of the tracker at {size}, ms: median / p95 of {figures.ticks}"
    several = figures.several
    table = Table("stage", "one object", f"{several.objects} objects", title=title, title_justify="left")
    for stage, cost in {"all": figures.tick_ms, **figures.stage_ms}.items():
        other = several.tick_ms if stage == "all" else several.stage_ms[stage]
        table.add_row(stage, f"{cost.median:.1f} / {cost.p95:.1f}", f"{other.median:.1f} / {other.p95:.1f}")
    emit(figures, as_json, table)


@app.command("record", epilog="Example: dynacollect bench record --size 640x480 --fps 30 --json")
def record(
    size: Annotated[
        Literal["480x360", "640x480", "1280x720"], typer.Option("--size", help="Of the pictures.")
    ] = "480x360",
    fps: Annotated[float, typer.Option("--fps", min=1, max=120, help="Ticks per second.")] = 25.0,
    seconds: Annotated[float, typer.Option("--seconds", min=1, max=600, help="Of one episode.")] = 10.0,
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1000, help="How many.")] = 3,
    alone: Annotated[bool, typer.Option("--alone", help="Leave out LeRobot's writer.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """What recording three cameras costs the control loop, beside LeRobot's writer with AV1 and h264."""
    from rich.table import Table

    from ..benches.recording import Cost, Load, bench_recording
    from ..output import plain

    width, height = map(int, size.split("x"))
    figures = bench_recording(
        Load(width, height, fps, seconds, episodes), () if alone else ("libsvtav1", "h264")
    )  # fmt: skip
    columns = ("tick ms", "p99", "max", "cores", "commit ms", "dropped", "late", "MB")
    title = f"3 cameras {size} at {fps:g} fps: a tick's median, CPU cores, pictures dropped, late ticks, MB an episode"
    table = Table("writer", *columns, title=title, title_justify="left")

    def row(name: str, cost: Cost) -> None:
        tick = (f"{cost.tick_ms[key]:.2f}" for key in ("median", "p99", "max"))
        table.add_row(
            name, *tick, f"{cost.cpu_cores:.2f}", f"{cost.commit_ms['median']:.0f}", str(cost.dropped),
            str(cost.late_ticks), f"{cost.megabytes:.1f}",
        )  # fmt: skip

    row("ours", figures)
    for codec, cost in figures.lerobot.items():
        row(f"LeRobot, {codec}", cost)
    emit(plain(figures), as_json, table)


@app.command("monitor", epilog="Example: dynacollect bench monitor --json")
def monitor(
    seconds: Annotated[float, typer.Option("--seconds", min=2, max=600, help="Of one part.")] = 10.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=100, help="Parts without and with, in turn.")] = 6,
    as_json: JsonFlag = False,
) -> None:
    """What watching a session costs its control loop: live view and status page off and on, in turn."""
    from rich.table import Table

    from ..benches.monitor import bench_monitor
    from ..output import plain

    figures = bench_monitor(seconds, rounds)
    table = Table("figure", "value", title="work of one tick, the monitor off and on", title_justify="left")
    for name, value in plain(figures).items():
        if name != "parts":
            table.add_row(name, f"{value:.4g}" if isinstance(value, float) else str(value))
    emit(plain(figures), as_json, table)


@app.command("loop", epilog="Example: dynacollect bench loop --out /tmp/loop --json")
def loop(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="For the recordings; must not be there.")],
    rig: RigOption = "cell",
    seconds: Annotated[float, typer.Option("--seconds", min=5, max=3600, help="Of one stretch.")] = 30.0,
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=100, help="Without a monitor and with one.")] = 3,
    seed: SeedOption = 3,
    as_json: JsonFlag = False,
) -> None:
    """What a tick costs in real time, from pictures to set-points and record, with replayed cameras and a monitor."""
    from rich.table import Table

    from ...rig.config import load_rig
    from ..benches.loop import bench_loop

    figures = bench_loop(out, load_rig(rig), seed, seconds, rounds)
    table = Table("", "ticks", "missed", "median ms", "p99 ms", title="own work of a tick", title_justify="left")
    for one in figures.stretches:
        name = "with the monitor" if one.watched else "without"
        table.add_row(name, str(one.ticks), str(one.missed), f"{one.median_ms:.1f}", f"{one.p99_ms:.1f}")
    table.add_row("all", str(figures.ticks), str(figures.missed), f"{figures.median_ms:.1f}", f"{figures.p99_ms:.1f}")
    emit(figures, as_json, table)


@app.command("policy", epilog="Example: dynacollect bench policy --preset dynamicvla --json")
def policy(
    preset: Annotated[
        Literal["dynamicvla", "small", "tiny"], typer.Option("--preset", help="With weights that have learnt nothing.")
    ] = "dynamicvla",
    weights: Annotated[Path | None, typer.Option("--weights", metavar="DIR", help="A saved policy instead.")] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda or cuda:1.")] = "cpu",
    precision: Annotated[
        Literal["float32", "bfloat16", "float16"], typer.Option("--precision", help="Of weights and activations.")
    ] = "float32",
    capture: Annotated[
        Literal["eager", "compile", "graph"], typer.Option("--capture", help="How it is made ready; graph: CUDA only.")
    ] = "eager",
    chunks: Annotated[int, typer.Option("--chunks", min=1, max=100_000, help="How many to time.")] = 10,
    threads: Annotated[int, typer.Option("--threads", min=1, max=256, help="Of the CPU.")] = 2,
    as_json: JsonFlag = False,
) -> None:
    """What one chunk of DynamicVLA costs, and its rate beside that of a product of matrices on this machine."""
    import torch
    from rich.table import Table

    from ..benches.policy import bench_policy

    torch.set_num_threads(threads)
    found = bench_policy(weights, preset, device, precision, capture, chunks)
    median, p99 = found.chunk_ms["median"], found.chunk_ms["p99"]
    title = f"{found.preset}: a chunk in {median:.0f} ms (p99 {p99:.0f}), {found.gflop:.0f} GFLOP"
    table = Table("part", "ms", "GFLOP", "GFLOP/s", title=title, title_justify="left")
    for name, part in found.parts.items():
        table.add_row(name, f"{part.ms:.1f}", f"{part.gflop:.1f}", f"{part.gflop_per_s:.0f}")
    table.caption = (
        f"{found.share_of_matmul:.0%} of what matrix products reach here ({found.matmul_gflop_per_s:.0f} GFLOP/s); "
        f"peak memory {found.peak_memory_mb:.0f} MB"
    )
    emit(found, as_json, table)


@app.command("loader", epilog="Example: dynacollect bench loader sets/monday --json")
def loader(
    source: Annotated[str, typer.Argument(metavar="SET", help="A LeRobot data set: a folder, or its id on the Hub.")],
    rows: Annotated[int, typer.Option("--rows", min=1, max=100_000, help="Random ones.")] = 200,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """What loading costs a training: LeRobot's loader beside ours, one process, two moments of each camera."""
    from rich.table import Table

    from ..benches.loader import bench_loader

    found = bench_loader(source, rows, seed)
    table = Table("rows read", "ms", "rows/s", title=f"{found.rows} random rows", title_justify="left")
    for name, cost in (
        ("by LeRobot", found.lerobot_ms), ("numbers in memory", found.numbers_ms), ("and pictures", found.frames_ms)
    ):  # fmt: skip
        table.add_row(name, f"{cost:.2f}", f"{1e3 / cost:.0f}")
    table.add_section()
    table.add_row("pictures decoded once", f"{1e3 * found.decode_s:.0f}", f"{found.megabytes:.0f} MB")
    emit(found, as_json, table)


@app.command("session", epilog="Example: dynacollect bench session --out /tmp/s --calibration calibration.yaml --json")
def session(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The session that is made; must not be there.")],
    rig: RigOption = "cell",
    task: Annotated[str, typer.Option("--task", metavar="TASK,TASK", help="As in collect.")] = "pick",
    objects: Annotated[str, typer.Option("--objects", metavar="NAME,NAME", help="As in collect.")] = "all",
    attempts: Annotated[int, typer.Option("--attempts", min=1, max=100_000, help="That end with a verdict.")] = 100,
    state: Annotated[Literal["vision", "truth"], typer.Option("--state", help="As in collect.")] = "vision",
    calibration: Annotated[Path | None, typer.Option("--calibration", metavar="FILE", help="As in collect.")] = None,
    images: Annotated[bool, typer.Option("--images/--no-images", help="As in collect.")] = True,
    top_speed: Annotated[float, typer.Option("--top-speed", min=0, max=2, help="As in collect.")] = 0.75,
    fault: Annotated[list[str] | None, typer.Option("--fault", help="As in collect.")] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Collect in the cell with the truth looking on: success, and whether the session's verdicts are right."""
    from dataclasses import asdict

    from rich.table import Table

    from ...rig.config import load_rig
    from ...rig.errors import DynacollectError
    from ..benches.session import bench_session
    from .collect import settings_of, tasks_of

    if out.exists():
        raise DynacollectError(f"{out} is there already; remove it or name another folder")
    settings = settings_of(
        load_rig(rig), tasks_of(task), objects, 10 * attempts, calibration, top_speed, state, 60.0, seed, images=images
    )
    found = bench_session(out, settings, attempts, tuple(fault or ()))
    rates, title = found.rates, f"{found.rates.n} attempts with a verdict"
    table = Table("figure", "value", title=title, title_justify="left")
    for name in ("true_success", "precision", "recall", "doubtful"):
        table.add_row(name, f"{getattr(rates, name):.1%}")
    for one in found.wrong:
        table.add_row(
            f"attempt {one.attempt}", f"{one.object} at {one.speed:.2f} m/s: {one.reason}; truth: {one.truth}"
        )
    emit(asdict(found), as_json, table)
