"""`dynacollect train`: a policy from what was collected."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ..output import JsonFlag, SeedOption, emit

if TYPE_CHECKING:
    from ...training.finetune.settings import Settings

app = typer.Typer()

EXAMPLE = "Example: dynacollect train sessions/monday --out runs/mug --from published --steps 20000 --precision bf16"
BATCH, SMALL = 32, 4
"""Samples, unless said otherwise: of a training, and of a self-test, which may run on a laptop."""
SOURCE = "Sessions that collect has written, or one LeRobot data set: a folder, or its id on the Hub."
START = "A checkpoint to begin with: a folder, as published or as saved here, or its id on the Hub."


@app.command("train", epilog=EXAMPLE)
def train(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The training; one that is there goes on.")],
    sources: Annotated[list[str] | None, typer.Argument(metavar="SOURCE", help=SOURCE, show_default=False)] = None,
    policy: Annotated[str, typer.Option("--policy", metavar="NAME", help="Or act, diffusion, smolvla, pi0, …")] = (
        "dynamicvla"
    ),
    preset: Annotated[
        str | None, typer.Option("--preset", metavar="NAME", help="dynamicvla, small, tiny: from nothing.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="CHECKPOINT", help=START)] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, help="Changes of the weights.")] = 20_000,
    batch: Annotated[
        int | None, typer.Option("--batch", min=1, help="Samples at a time in each process; 32, of a self-test 4.")
    ] = None,
    accumulate: Annotated[int, typer.Option("--accumulate", min=1, help="So many batches make a step.")] = 1,
    rate: Annotated[float | None, typer.Option("--rate", min=0.0, help="Learning rate; else the policy's.")] = None,
    parts: Annotated[
        Literal["all", "expert", "lora"] | None,
        typer.Option("--train", help="All of it, the action expert, or LoRA; else as the policy says."),
    ] = None,
    rank: Annotated[int, typer.Option("--rank", min=1, help="Of LoRA.")] = 16,
    mix: Annotated[
        list[str] | None,
        typer.Option("--mix", metavar="SET=SHARE", help="Another LeRobot set, for part of the samples."),
    ] = None,
    cameras: Annotated[
        str | None, typer.Option("--cameras", metavar="NAME,NAME", help="To look through; else all of the data.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option("--rename", metavar="DATA=POLICY", help="A camera's name in the checkpoint.")
    ] = None,
    numbers: Annotated[
        Literal["data", "weights"] | None,
        typer.Option("--statistics", help="Of this robot's data, or the checkpoint's; else as that says."),
    ] = None,
    fields: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Of the policy's configuration.")
    ] = None,
    augment: Annotated[bool, typer.Option("--augment", help="Let the pictures' colours change.")] = False,
    precision: Annotated[Literal["float32", "bf16"], typer.Option("--precision", help="Of sums.")] = "float32",
    ema: Annotated[
        float | None, typer.Option("--ema", min=0.0, max=0.99999, metavar="DECAY", help="Average the weights, as .999.")
    ] = None,
    compiled: Annotated[bool, typer.Option("--compile", help="Let torch compile the policy first.")] = False,
    validate: Annotated[
        float, typer.Option("--validate", min=0.0, max=0.9, metavar="SHARE", help="Of the episodes, held out.")
    ] = 0.05,
    validate_every: Annotated[
        int | None, typer.Option("--validate-every", min=1, help="Steps; else with each checkpoint.")
    ] = None,
    save_every: Annotated[
        int | None, typer.Option("--save-every", min=1, help="Steps between checkpoints; else ten in all.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what is in --out, as it was asked for.")] = False,
    workers: Annotated[int, typer.Option("--workers", min=0, help="Processes that load data.")] = 4,
    frames: Annotated[
        Literal["auto", "on", "off"],
        typer.Option(
            "--frames", help="Decode all pictures once, into DIR/frames; auto: where that pays, and there is room."
        ),
    ] = "auto",
    processes: Annotated[int, typer.Option("--processes", min=1, help="That train, each on a GPU of its own.")] = 1,
    launch: Annotated[
        str, typer.Option("--launch", metavar="WORDS", help="More words for torchrun, as for several machines.")
    ] = "",
    device: Annotated[
        str | None, typer.Option("--device", metavar="cpu|cuda|cuda:N", help="Else a GPU where there is one.")
    ] = None,
    wandb: Annotated[
        str | None, typer.Option("--wandb", metavar="PROJECT", help="Log to Weights & Biases, too.")
    ] = None,
    tensorboard: Annotated[bool, typer.Option("--tensorboard", help="Log to DIR/tensorboard, too.")] = False,
    overfit: Annotated[
        bool, typer.Option("--overfit-one-batch", help="Self-test: can it learn one batch by heart?")
    ] = False,
    selftest: Annotated[
        Literal["parity"] | None, typer.Option("--selftest", help="Run given weights on given arrays.")
    ] = None,
    weights: Annotated[Path | None, typer.Option("--weights", metavar="FILE", help="For --selftest.")] = None,
    inputs: Annotated[Path | None, typer.Option("--inputs", metavar="FILE.npz", help="For --selftest.")] = None,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Train a policy by LeRobot's trainer; the same line again goes on where it was.

    Ctrl-C ends it safely: a checkpoint is saved first. Nothing that is there is overwritten.
    """
    from ...training.finetune.settings import Settings

    if selftest is not None:
        _parity(weights, inputs, out, as_json)
        return
    settings = Settings(
        _whole_names(sources), policy, preset, _whole_name(start), steps, batch or (SMALL if overfit else BATCH), rate,
        parts, rank, _shares(mix), _names(cameras), _pairs("--rename", rename), numbers, _pairs("--set", fields),
        augment, precision, accumulate, ema, compiled, 0.0 if overfit else validate, validate_every,
        steps if overfit else save_every, workers, frames, processes, launch, device, wandb, tensorboard, seed, overfit,
    )  # fmt: skip
    _train(settings, out, resume=resume, as_json=as_json)


def _train(settings: Settings, out: Path, *, resume: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from ...rig.errors import DynacollectError
    from ...training.finetune.run import Training
    from .train_view import heeding, showing, starts, view

    if resume and settings.sources:
        raise DynacollectError("--resume goes on with what is in --out; leave SOURCE out, or leave --resume out")
    if not settings.sources and not (out / "train.json").is_file():
        raise DynacollectError("there is nothing to train on; name a session or a data set, as sessions/monday")
    training = Training(out)
    with training.held(), showing(quiet=as_json) as bars:
        plan, coverage = training.prepared(settings, bars.building)
        bars.say(starts(coverage))
        with heeding(training) as stopped:
            training.run(plan, bars.training(plan.settings))
        found = training.summary(plan, coverage)
    emit(asdict(found), as_json, view(found))
    if not found.finished:
        raise typer.Exit(130 if stopped() else 1)


def _parity(weights: Path | None, inputs: Path | None, out: Path, as_json: bool) -> None:
    from ...rig.errors import DynacollectError

    if weights is None or inputs is None:
        raise DynacollectError("--selftest parity runs weights on arrays; name both, with --weights and --inputs")
    if out.exists():
        raise DynacollectError(f"{out} exists already; name another file")
    from ...training.dynamicvla.parity import parity

    made = parity(weights, inputs, out)
    lines = [f"{name} {' x '.join(map(str, shape))}" for name, shape in made.items()]
    emit({"out": out, "arrays": made}, as_json, "\n".join([f"{out} has:", *lines]))


def _whole_names(names: list[str] | None) -> tuple[str, ...]:
    return tuple(whole for name in names or () if (whole := _whole_name(name)))


def _whole_name(name: str | None) -> str | None:
    """The same from wherever the line is given."""
    return str(Path(name).resolve()) if name is not None and Path(name).exists() else name


def _names(listed: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name.strip() for name in (listed or "").split(",") if name.strip()))


def _pairs(option: str, words: list[str] | None) -> tuple[tuple[str, str], ...]:
    from ...rig.errors import DynacollectError

    found = [word.partition("=") for word in words or ()]
    for word, (name, sign, value) in zip(words or (), found, strict=True):
        if not (name and sign and value):
            raise DynacollectError(f"{option} {word} has no NAME=VALUE; write it so, as {option} a=b")
    return tuple((name, value) for name, _, value in found)


def _shares(words: list[str] | None) -> tuple[tuple[str, float], ...]:
    from ...rig.errors import DynacollectError

    found = []
    for name, value in _pairs("--mix", words):
        try:
            share = float(value)
        except ValueError:
            share = 0.0
        if not 0.0 < share < 1.0:
            raise DynacollectError(f"--mix {name}={value} gives no share; write a part of the samples, as {name}=0.3")
        found.append((str(_whole_name(name)), share))
    if sum(share for _, share in found) >= 1.0:
        raise DynacollectError("the shares of --mix leave nothing for SOURCE; they must be less than 1 together")
    return tuple(found)
