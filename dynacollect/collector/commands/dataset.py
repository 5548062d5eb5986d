"""`dynacollect dataset`: data sets for trainers, made from what sessions have recorded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, emit
from .dataset_check import CHECK_EXAMPLE, REPAIR_EXAMPLE, check, repair
from .dataset_merge import MERGE_EXAMPLE, merge
from .dataset_push import PUSH_EXAMPLE, push
from .dataset_replay import REPLAY_EXAMPLE, replay
from .dataset_show import SHOW_EXAMPLE, show

if TYPE_CHECKING:
    from ...datasets.export import Built, Options

app = typer.Typer(help="Build, check, show and share data sets.", no_args_is_help=True)

EXAMPLE = 'Example: dynacollect dataset build sessions/monday --out sets/mug --where "success and object == mug"'
FACTS = (
    "A condition over success, failure, unsure, confidence, quality, speed, ticks, seconds, number, faults, task, "
    "robot, object, container, colour, session, id, started, reason, instruction, objects, phases, cameras, such as: "
    "success and speed > 0.2 and object in (mug, cup)"
)


@app.command("build", epilog=EXAMPLE)
def build(
    sessions: Annotated[list[Path], typer.Argument(metavar="SESSION", help="Folders that collect has written.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The data set; one that is there grows.")],
    where: Annotated[str, typer.Option("--where", metavar="CONDITION", help=FACTS)] = "success",
    cameras: Annotated[
        str | None, typer.Option("--cameras", metavar="NAME,NAME", help="All, if not given.", show_default=False)
    ] = None,
    size: Annotated[
        str | None, typer.Option("--size", metavar="WxH", help="Of the pictures; as recorded, if not given.")
    ] = None,
    action: Annotated[
        Literal["absolute", "delta", "joint"], typer.Option("--action", help="Tool pose, its change, or joints.")
    ] = "absolute",
    ahead: Annotated[
        int, typer.Option("--ahead", min=0, max=100, help="Ticks from an observation to the pose that is its action.")
    ] = 5,
    angles: Annotated[
        Literal["dom", "signed"],
        typer.Option("--angles", help="Roll and yaw from 0 to 2 pi as in DOM, or yaw from -pi to pi."),
    ] = "dom",
    trim: Annotated[bool, typer.Option("--trim", help="Leave out what comes before anything moves.")] = False,
    layout: Annotated[
        Literal["v3.0", "v2.1"], typer.Option("--format", help="LeRobot's; v2.1 is for lerobot 0.3.")
    ] = "v3.0",
    instructions: Annotated[
        int, typer.Option("--instructions", min=0, max=100, help="Grounded ones per episode, beside the recorded.")
    ] = 8,
    validation: Annotated[
        float, typer.Option("--validation", min=0.0, max=0.9, help="Share of episodes to set aside in the split.")
    ] = 0.05,
    licence: Annotated[
        str | None, typer.Option("--licence", metavar="SPDX", help="Of the data, such as cc-by-4.0.")
    ] = None,
    negatives: Annotated[
        Path | None, typer.Option("--negatives", metavar="DIR", help="A second data set, of the failures.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Make a LeRobot data set of recorded sessions; the videos are copied, not encoded again.

    Called again with more sessions or episodes, it adds what is new. Killed at any time, it leaves what was there.
    """
    from dataclasses import replace

    from ...datasets.export import Options

    options = Options(
        layout, where, _names(cameras), _size(size), action, ahead, angles, trim, instructions, validation, licence
    )
    built = _build(sessions, out, options, quiet=as_json)
    failed = negatives and _build(sessions, negatives, replace(options, where="failure"), quiet=as_json)
    view = "\n".join(_said(each) for each in (built, failed) if each)
    emit({**_document(built), "negatives": failed and _document(failed)}, as_json, view)
    if not built.episodes:
        raise typer.Exit(1)


def _build(sessions: list[Path], out: Path, options: Options, *, quiet: bool) -> Built:
    from rich.console import Console
    from rich.progress import Progress

    from ...datasets.export import build as build_set

    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as bar:
        task = bar.add_task(out.name)
        return build_set(sessions, out, options, lambda done, total: bar.update(task, completed=done, total=total))


def _document(built: Built) -> dict[str, object]:
    from dataclasses import asdict

    return asdict(built)


def _said(built: Built) -> str:
    if not built.episodes:
        first = f"{built.out} is not built: none of the episodes fits {built.where!r}, or can be read."
    else:
        plural = "" if built.episodes == 1 else "s"
        first = f"{built.out} has {built.episodes} episode{plural}; {built.added} new, {built.seconds:.0f} s."
    lines = [first]
    if built.left_out:
        lines.append(f"{built.left_out} left out, as they do not fit {built.where!r}.")
    lines += [f"Episode {each.number} of {each.session} skipped: {each.reason}" for each in built.skipped]
    return "\n".join(lines)


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (listed or "").split(",") if name.strip()))


def _size(text: str | None) -> tuple[int, int] | None:
    from ...rig.errors import DynacollectError

    if text is None:
        return None
    width, _, height = text.lower().partition("x")
    # The encoder halves the colours' resolution.
    if not (width.isdigit() and height.isdigit()) or int(width) % 2 or int(height) % 2 or not 16 <= int(width) <= 7680:
        raise DynacollectError(f"--size {text} is no size; give even numbers of pixels, such as 480x360")
    return int(width), int(height)


# More commands of this group, each from a file of its own.
app.command("check", epilog=CHECK_EXAMPLE)(check)
app.command("repair", epilog=REPAIR_EXAMPLE)(repair)
app.command("show", epilog=SHOW_EXAMPLE)(show)
app.command("merge", epilog=MERGE_EXAMPLE)(merge)
app.command("push", epilog=PUSH_EXAMPLE)(push)
app.command("replay", epilog=REPLAY_EXAMPLE)(replay)
