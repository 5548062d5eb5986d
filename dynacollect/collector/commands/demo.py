"""`dynacollect demo`: everything once, on the cell, by the lines that a person would give."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..output import JsonFlag, SeedOption, emit

if TYPE_CHECKING:
    from ..walk import Leg

app = typer.Typer()

OBJECTS = "apple,can,cuboid,tennis_ball"
TOP_SPEED = 0.35
STEPS = 20
"""Of training: enough to see that it runs."""


@app.command("demo", epilog="Example: dynacollect demo --out demo")
def demo(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where everything goes.")] = Path("demo"),
    episodes: Annotated[int, typer.Option("--episodes", min=1, max=1000, help="Successes to collect.")] = 5,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Calibrate the simulated cell, collect by its cameras alone, make a checked data set, train a few steps, replay.

    Each step is a command of its own, which is shown. The same line again goes on where it was interrupted.
    """
    from ..walk import walk

    took = walk(_legs(out, episodes, seed), quiet=as_json)
    places = {
        "calibration": out / "calibration" / "report.html",
        "session": out / "session",
        "report": out / "session" / "report.html",
        "data_set": out / "set",
        "replay": out / "replay" / "report.html",
        "policy": out / "policy" / "checkpoints" / "last" / "pretrained_model",
    }
    lines = [f"Done in {sum(took.values()):.0f} s. Everything is in {out}:"]
    lines += [f"  {name.replace('_', ' '):12} {place}" for name, place in places.items()]
    emit({"seconds": took, **places}, as_json, "\n".join(lines))


def _legs(out: Path, episodes: int, seed: int) -> list[Leg]:
    from ..walk import Leg

    calibration, session, built, policy = out / "calibration", out / "session", out / "set", out / "policy"
    solved = calibration / "calibration.yaml"
    rig = ("--rig", "cell", "--seed", str(seed))
    return [
        Leg("calibrate: the arm shows a board to the cameras",
            ("calibrate", "capture", *rig, "--out", str(calibration)), done=solved),
        Leg("calibrate: solve it", ("calibrate", "solve", str(calibration), "--rig", "cell"), done=solved),
        Leg("collect: objects are shown once, then picked as they move",
            ("collect", *rig, "--calibration", str(solved), "--objects", OBJECTS, "--top-speed", str(TOP_SPEED),
             "--episodes", str(episodes), "--out", str(session))),
        Leg("dataset: build it for LeRobot", ("dataset", "build", str(session), "--out", str(built))),
        Leg("dataset: check it", ("dataset", "check", str(built))),
        Leg("train: a few steps of a small policy, which learns next to nothing from so little",
            ("train", str(built), "--out", str(policy), "--preset", "tiny", "--steps", str(STEPS), "--batch", "4",
             "--validate", "0", "--workers", "1"), done=policy / "checkpoints" / "last"),
        Leg("replay: the policy has its say; so far it says little",
            ("replay", str(policy), *rig, "--state", "truth", "--objects", OBJECTS, "--top-speed", str(TOP_SPEED),
             "--episodes", "1", "--latency", "226ms", "--out", str(out / "replay"), "--plain")),
        Leg("report", ("report", str(session))),
    ]  # fmt: skip
