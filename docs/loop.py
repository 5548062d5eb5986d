"""The loop closed on the cell: collect, train on more and more of it, evaluate, and draw what that brings.

    uv run python docs/loop.py --out loop --counts 25,50,100 --latencies 0,80,226,320

Every step is a command line of its own, which is shown. The same line again goes on where it was interrupted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from dynacollect.calibration.report.markup import Markup, tag
from dynacollect.calibration.report.svg import Axis, axes, line, svg
from dynacollect.collector.errors import exit_code_of
from dynacollect.collector.report.style import COLOURS
from dynacollect.collector.walk import Leg, walk
from dynacollect.datasets.raw.reader import episodes_in
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError

WIDTH, HEIGHT = 560, 320
STYLE = "text{font:11.5px system-ui,sans-serif;fill:#5b6a76}.grid{stroke:#d5dce1}"

Found = Mapping[tuple[int, int], Mapping[str, Any]]
"""Success with its interval, by episodes and latency, ms."""


def main(
    out: Annotated[Path, typer.Option(help="Where everything goes.")] = Path("loop"),
    counts: Annotated[str, typer.Option(help="Episodes to train on.")] = "25,50,100",
    latencies: Annotated[str, typer.Option(help="Of an inference, ms.")] = "0,80,226,320",
    steps: Annotated[int, typer.Option(help="Of each training.")] = 2000,
    batch: Annotated[int, typer.Option(help="Samples in a step.")] = 32,
    episodes: Annotated[int, typer.Option(help="Of each evaluation; the same ones for all.")] = 50,
    thing: Annotated[str, typer.Option(help="Of the catalogue.")] = "apple",
    top_speed: Annotated[float, typer.Option(help="Of it, m/s.")] = 0.35,
    preset: Annotated[str, typer.Option(help="Of the policy.")] = "tiny",
    workers: Annotated[int, typer.Option(help="Cells at once.")] = 1,
) -> None:
    """Success by the number of episodes and by latency, in OUT/loop.svg and OUT/loop.json."""
    sizes, delays = numbers(counts, 1), numbers(latencies, 0)
    rig, session = small_rig(out / "rig.yaml", thing), out / "session"
    common = ("--rig", str(rig), "--top-speed", str(top_speed), "--workers", str(workers))
    collect = ("collect", *common, "--state", "truth", "--objects", thing, "--episodes", str(sizes[-1]), "--plain")
    walk([Leg(f"collect {sizes[-1]} episodes", (*collect, "--out", str(session)))], quiet=False)
    learning = (learn(session, out, size, ("--preset", preset, "--batch", str(batch)), steps) for size in sizes)
    trials = ("--episodes", str(episodes), *common)
    judging = (judge(out, size, delay, trials) for size in sizes for delay in delays)
    walk([*chain.from_iterable(learning), *judging], quiet=False)
    read = {(size, delay): json.loads(result(out, size, delay).read_text()) for size in sizes for delay in delays}
    found = {key: {name: said[name] for name in ("n", "success", "ci95")} for key, said in read.items()}
    listed = [{"episodes": size, "latency_ms": delay, **said} for (size, delay), said in found.items()]
    (out / "loop.json").write_text(json.dumps(listed, indent=1) + "\n")
    (out / "loop.svg").write_text(drawn(found, sizes, delays))
    typer.echo(f"{out / 'loop.svg'} and {out / 'loop.json'} are written.")


def numbers(listed: str, least: int) -> list[int]:
    """Whole ones, from low to high."""
    words = listed.split(",")
    if not all(word.strip().isdigit() and int(word) >= least for word in words):
        raise DynacollectError(f"'{listed}' is no list of numbers from {least} on; write them as 25,50,100")
    return sorted({int(word) for word in words})


def small_rig(path: Path, thing: str) -> Path:
    """The cell with two small cameras, one room, no shadows, and one thing on the table; a file that is there stays."""
    if path.exists():
        return path
    data = load_rig("cell").resolved()
    seen = {name: data["cameras"][name] for name in ("opst_cam", "wrist_cam")}
    data["cameras"] = {name: {**camera, "width": 160, "height": 120} for name, camera in seen.items()}
    data["cell"]["episodes"] |= {"objects": [thing], "distractors": [0, 0], "shadows": False, "room": 0}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


def learn(session: Path, out: Path, size: int, how: Sequence[str], steps: int) -> Iterator[Leg]:
    """A data set of the first successes, and a policy trained on it."""
    built, policy = out / f"set-{size}", out / f"policy-{size}"
    wins = [one.record.number for one in episodes_in(session) if one.record.verdict.success]
    where = f"success and number <= {wins[:size][-1]}"
    yield Leg(
        f"a data set of {size}", ("dataset", "build", str(session), "--out", str(built), "--where", where),
        done=built / "meta" / "dynacollect.json",
    )  # fmt: skip
    yield Leg(
        f"a policy trained on {size}",
        ("train", str(built), "--out", str(policy), *how, "--steps", str(steps), "--validate", "0", "--workers", "1"),
        done=policy / "checkpoints" / f"{steps:06d}",
    )


def result(out: Path, size: int, delay: int) -> Path:
    return out / f"{size}-episodes-{delay}-ms.json"


def judge(out: Path, size: int, delay: int, how: Sequence[str]) -> Leg:
    """An evaluation of a policy whose chunks come so many ms late."""
    words = ("evaluate", "--controller", f"policy:{out / f'policy-{size}'}", "--latency", f"{delay}ms", *how, "--json")
    kept = result(out, size, delay)
    return Leg(f"trained on {size}, {delay} ms late", words, done=kept, into=kept)


def drawn(found: Found, sizes: Sequence[int], delays: Sequence[int]) -> str:
    """Against episodes on the left, against latency on the right."""
    by_size = {f"{delay} ms": [(size, found[size, delay]) for size in sizes] for delay in delays}
    by_delay = {f"{size} episodes": [(delay, found[size, delay]) for delay in delays] for size in sizes}
    panels = panel(by_size, sizes, "episodes trained on", 0) + panel(by_delay, delays, "latency [ms]", WIDTH)
    return svg(2 * WIDTH, HEIGHT, "Success by episodes and by latency", tag("style", Markup(STYLE)), panels)


def panel(
    lines: Mapping[str, Sequence[tuple[int, Mapping[str, Any]]]], values: Sequence[int], name: str, begin: float
) -> list[Markup]:
    """One line for each name, with intervals, a little apart from each other."""
    room = 0.05 * max(values[-1] - values[0], 1)
    x = Axis(values[0] - room, values[-1] + room, begin + 46, begin + WIDTH - 90)
    y = Axis(0, 100, HEIGHT - 44, 24)
    parts = [axes(x, y, name, "success [%]")]
    for place, (word, points) in enumerate(lines.items()):
        colour, aside = COLOURS[place % len(COLOURS)], 4.0 * (place - 0.5 * (len(lines) - 1))
        at = [
            (x.at(value) + aside, *(y.at(100 * one) for one in (said["success"], *said["ci95"])))
            for value, said in points
        ]
        path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b, _, _ in at)
        bars = [line(a, low, a, high, "bar") for a, _, low, high in at]
        dots = [tag("circle", cx=a, cy=b, r=3, fill=colour) for a, b, _, _ in at]
        parts.append(tag("g", tag("path", d=path, fill="none"), bars, dots, stroke=colour, stroke_width=1.6))
        parts.append(tag("text", word, x=begin + WIDTH - 82, y=40 + 16 * place, style=f"fill:{colour}"))
    return parts


if __name__ == "__main__":
    app = typer.Typer(add_completion=False)
    app.command()(main)
    try:
        app(standalone_mode=False)
    except Exception as error:  # noqa: BLE001 # because here every error becomes a sentence and an exit code
        sys.exit(exit_code_of(error, as_json=False))
