"""`dynacollect dataset replay`: the actions of a recorded episode once more, by an arm with nobody looking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..clear_to_move import YesFlag, clear_to_move
from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from ...datasets.retrace import Followed, Way
    from ...rig.config import RigConfig
    from ..session.supervisor import Stop

REPLAY_EXAMPLE = "Example: dynacollect dataset replay sessions/monday --episode 7 --rig rig.yaml --speed 0.5 --shadow"


def replay(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A session, one of its episodes, or a data set that was built.")
    ],
    rig: RigOption = "cell",
    episode: Annotated[
        int | None, typer.Option("--episode", metavar="N", min=0, help="Which, where there are several.")
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            "--speed", min=0.05, max=1.0, help="Share of the recorded one; less, where the arm's limits want it."
        ),
    ] = 1.0,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Do everything but sending to the arm: first thing on a real one.")
    ] = False,
    realtime: Annotated[bool, typer.Option("--realtime", help="Pace the cell by the clock on the wall.")] = False,
    yes: YesFlag = False,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Execute an episode's recorded actions open loop, and say how well the arm followed.

    Nothing is looked at on the way: lay the table as it was, or clear it. The cell's is clear. The arm goes to where
    the episode begins, through the safety gate along the recorded way, lays down what it holds, and goes home.
    """
    from ...datasets.retrace import read_way, refuse_other_arm
    from ...rig.config import load_rig
    from ..session.running import heeding
    from ..session.supervisor import Stop

    way, config, stop = read_way(folder, episode), load_rig(rig), Stop()
    refuse_other_arm(way, config)
    if not shadow:
        clear_to_move(config, yes=yes)
    with heeding(stop):
        followed, left = _on(config, way, speed, stop, shadow=shadow, realtime=realtime, seed=seed)
    emit({**_document(followed), "not_home": left}, as_json, _said(followed, left))
    if left or followed.stopped:
        raise typer.Exit(1)


def _on(
    config: RigConfig, way: Way, speed: float, stop: Stop, *, shadow: bool, realtime: bool, seed: int
) -> tuple[Followed, str]:
    """How it went, and why the arm is not at home after that; empty where it is, or was not moved."""
    from ...datasets.retrace import retrace
    from ...rig.rig import open_rig
    from ..session.cues import holds
    from ..session.retiring import Retiring
    from ..session.standing import arm_barred

    opened = open_rig(config, seed=seed, realtime=realtime)
    opened.cameras = {}
    with opened as rig:
        if config.simulated:
            rig.stage.clear()
        followed = retrace(rig, way, speed=speed, shadow=shadow, halt=lambda: stop.reason or arm_barred(rig))
        if shadow or stop.reason or arm_barred(rig):
            return followed, ""
        retiring, arm = Retiring(rig), rig.feel()
        if holds(arm, rig.arm.model.gripper):
            retiring.took_at = float(arm.T_base_tool.translation[2])
        return followed, retiring.home()


def _document(followed: Followed) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(followed)


def _said(followed: Followed, left: str) -> str:
    apart, whole = followed.apart, f"until it was stopped ({followed.stopped})" if followed.stopped else "to its end"
    who = "Nothing was sent; the set-points follow" if followed.shadow else "The arm followed"
    lines = [f"{who} {followed.episode} {whole}, at {followed.pace:.2f} of its speed, in {followed.took_s:.1f} s."]
    if apart is not None:
        when = "behind" if apart.late_ms >= 0 else "early"
        lines.append(
            f"Tool off the recorded way: {apart.rms_mm:.2f} mm and {apart.rms_deg:.2f} deg rms, "
            f"{apart.max_mm:.2f} mm and {apart.max_deg:.2f} deg at most; {abs(apart.late_ms):.0f} ms {when}."
        )
    if left:
        lines.append(f"The arm is not at home: {left}")
    return "\n".join(lines)
