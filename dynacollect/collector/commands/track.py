"""`dynacollect track`: sequences recorded from the cell, and how well objects are tracked on recorded sequences."""

from __future__ import annotations

from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, emit
from ..tracks.backends import ServerOption, TagsOption, backend_options
from ..weights import DeviceOption, WeightsOption, network_of
from . import track_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.table import Table

    from ...tracking.measures.figures import Figures, Measured, Spread
    from ...tracking.seeing.ultralytics.weights import Weights
    from ...tracking.sequences.sequence import Sequence
    from ...tracking.tracked import Tracked

app = typer.Typer()
track_run.add_to(app)

TRACKERS = {
    "multiview": "from_sequence", "meshless": "meshless_sequence", "centroid": "baseline", "fiducial": "fiducial",
    "foundationpose": "foundationpose.from_sequence",
}  # fmt: skip
"""Modules of the tracking room that have `track_sequence`."""


@app.callback()
def track() -> None:
    """Follow objects, and measure how well."""


@app.command("eval", epilog="Example: dynacollect track eval sequences --json --states states.jsonl")
def evaluate(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A sequence, a data set or a folder of them, in BOP's layout.")
    ],
    tracker: Annotated[
        Literal["multiview", "meshless", "centroid", "fiducial", "foundationpose"],
        typer.Option(
            "--tracker",
            help="multiview: 6D with the mesh; meshless: from a clip alone; centroid: the usual way, to compare with; "
            "fiducial: tags on the objects; foundationpose: your installation of it, from depth_camN/.",
        ),
    ] = "multiview",
    tags: TagsOption = None,
    server: ServerOption = None,
    segmenter: Annotated[
        Literal["appearance", "yolo"],
        typer.Option("--segmenter", help="What tells objects apart: learnt colours, or a network, for multiview."),
    ] = "appearance",
    weights: WeightsOption = None,
    device: DeviceOption = "auto",
    states: Annotated[
        Path | None, typer.Option("--states", metavar="OUT", help="Write a line of JSON per frame and object.")
    ] = None,
    video: Annotated[
        Path | None, typer.Option("--video", metavar="OUT.mp4", help="Write the pictures with what is believed.")
    ] = None,
    plots: Annotated[
        Path | None, typer.Option("--plots", metavar="OUT.html", help="Write a page of errors over time.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Track every sequence under DIR from its pictures, and hold the outcome against the truth where there is one.

    Takes scene_camera_camN.json, rgb_camN/, models/, background_camN.png, register/; measures with scene_gt_camN.json.
    """
    from ...rig.errors import DynacollectError
    from ...tracking.measures.figures import measure, summed
    from ...tracking.sequences.read import find_sequences, read_sequence
    from ..tracks.plots import write_plots

    if segmenter == "yolo" and tracker != "multiview":
        raise DynacollectError(f"--tracker {tracker} tells objects by their colours only; leave out --segmenter yolo")
    network = network_of(weights, device, wanted=segmenter == "yolo", by="--segmenter yolo")
    options = backend_options(tracker, tags, server)
    folders = find_sequences(folder)
    taken = next((path for path in (states, video, plots) if path is not None and path.exists()), None)
    if taken is not None:
        raise DynacollectError(f"{taken} exists already; name another file")
    parts: dict[str, Measured] = {}
    with ExitStack() as stack:
        write = _writer(stack, states, video)
        for place in _progress(folders, quiet=as_json):
            sequence = read_sequence(place)
            steps = _steps(sequence, tracker, network, options)
            parts[sequence.name] = measure(sequence, [write(sequence, *step) for step in steps])
    if plots is not None:
        write_plots(plots, parts)
    total, single = summed(parts.values()), {name: summed([part]) for name, part in parts.items()}
    from ..output import plain

    emit({"tracker": tracker, **plain(total), "per_sequence": single}, as_json, _table(tracker, total, single))


@app.command("record", epilog="Example: dynacollect track record sequences --only rolling --only mug")
def record(
    folder: Annotated[Path, typer.Argument(metavar="OUT", help="Folder for the sequences; those in it are kept.")],
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="WORD", help="A kind of scene or an object; again for more.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Record the standard set of sequences of the cell, with their truth, in BOP's layout.

    Kinds: still, rolling, sliding, conveyor, curved, bounced, pushed, arm, passed, crowd, alike, light, blocked.
    """
    from rich.progress import track as shown

    from ...rig.errors import DynacollectError
    from ..benches.tracking.standard import STANDARD, chosen, record_all

    wanted = chosen(tuple(only or ()))
    known = {word for one in STANDARD for word in (one.kind, one.target)}
    strange = [word for word in only or () if word not in known]
    if strange:
        raise DynacollectError(
            f"no standard sequence has {strange[0]!r}; kinds and objects: {', '.join(sorted(known))}"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DynacollectError(f"cannot write to {folder} ({error}); name a folder that can be written to") from error
    places = [
        str(place)
        for place in shown(record_all(wanted, folder), "Recording", total=len(wanted), disable=as_json, transient=True)
    ]
    emit({"sequences": places}, as_json, f"{len(places)} sequences in {folder}")


def _steps(
    sequence: Sequence, tracker: str, network: Weights | None, options: Mapping[str, object]
) -> Iterator[tuple[int, Tracked]]:
    """The number of each take, and what the tracker says of it."""
    run: Callable[..., Iterator[Tracked]] = import_module(
        f"...tracking.{TRACKERS[tracker]}", __package__
    ).track_sequence
    yield from enumerate(run(sequence, network) if network else run(sequence, **options))


def _writer(stack: ExitStack, states: Path | None, video: Path | None) -> Callable[[Sequence, int, Tracked], Tracked]:
    """Notes down what a tracker says, and hands it on."""
    from ...rig.errors import DynacollectError
    from ..tracks.overlay import Overlay
    from ..tracks.states import lines_of

    try:
        lines = stack.enter_context(states.open("x", encoding="utf-8")) if states else None
    except OSError as error:
        raise DynacollectError(f"cannot write {states} ({error}); name a file in a folder that exists") from error
    film = stack.enter_context(Overlay(video)) if video else None

    def write(sequence: Sequence, number: int, tracked: Tracked) -> Tracked:
        take = sequence.takes[number]
        if lines is not None:
            lines.writelines(f"{line}\n" for line in lines_of(sequence, take, tracked))
        if film is not None:
            film.add(sequence, take, tracked)
        return tracked

    return write


def _progress(folders: tuple[Path, ...], *, quiet: bool) -> Iterable[Path]:
    from rich.progress import track as shown

    return shown(folders, "Tracking", disable=quiet, transient=True)


def _table(tracker: str, total: Figures, single: dict[str, Figures]) -> Table:
    from rich.table import Table

    columns = ("position mm", "rotation deg", "velocity mm/s", "230 ms ahead mm", "delay ms")
    title = f"{tracker}: median / p95 (velocity: rms) of healthy states, {total.frames} frames and objects"
    table = Table("sequence", *columns, "lost", "false", "switches", "tick ms", title=title, title_justify="left")
    for name, row in {**single, "all": total, "all, steady": None}.items():
        if row is None:
            calm = total.steady
            table.add_row(
                name, _pair(calm.position_mm), _pair(calm.rotation_deg), _one(calm.velocity_mm_s.rms),
                _pair(total.predict_steady_mm),
            )  # fmt: skip
            continue
        if name == "all":
            table.add_section()
        stages = row.stage_ms
        tick = _pair(stages["tick"]) if "tick" in stages else "-"
        table.add_row(
            name, _pair(row.position_mm), _pair(row.rotation_deg), _one(row.velocity_mm_s.rms),
            _pair(row.predict_230ms_mm), _pair(row.delay_ms), _percent(row.lost), _percent(row.false_healthy),
            str(row.switches), tick,
        )  # fmt: skip
    return table


def _pair(spread: Spread) -> str:
    return f"{_one(spread.median)} / {_one(spread.p95)}" if spread.median == spread.median else "-"


def _one(value: float) -> str:
    return f"{value:.3g}" if value == value else "-"


def _percent(share: float) -> str:
    return f"{share:.1%}" if share == share else "-"
