"""`dynacollect objects`: see the catalogue, and add your own objects to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..output import JsonFlag, SeedOption, emit
from ..weights import DeviceOption

if TYPE_CHECKING:
    from rich.table import Table

    from ...rig.objects import ObjectModel
    from ...training.detector.train import Trained

app = typer.Typer(help="The object catalogue: list it, look at it, add a mesh of your own.", no_args_is_help=True)

FolderOption = Annotated[
    Path | None, typer.Option("--folder", help="Your own objects; `objects/` here if it exists.", show_default=False)
]


def _facts(model: ObjectModel) -> dict[str, Any]:
    """What a person or a script wants to know of an object, in SI units."""
    return {
        "name": model.name,
        "words": list(model.words),
        "colour": model.colour,
        "kind": model.kind,
        "split": model.split,
        "category": model.category,
        "extent": [round(float(size), 4) for size in model.extent],
        "mass": model.mass,
        "friction": model.friction,
        "rolling_resistance": model.rolling_resistance,
        "rolls": model.rolls,
        "symmetry": model.symmetry.kind,
        "rests": len(model.rests),
        "rest_height": round(model.rest_height, 4),
        "grasp_width": model.grasp_width,
        "graspable_by": list(model.graspable_by),
        "vertices": len(model.vertices),
        "faces": len(model.faces),
        "collision_parts": len(model.solids),
    }


def _millimetres(values: list[float]) -> str:
    return "x".join(f"{1000 * value:.0f}" for value in values)


def _makers(arms: list[str]) -> str:
    """`franka piper` for all three arms."""
    return " ".join(dict.fromkeys(arm.split("-")[0] for arm in arms)) or "-"


@app.command("list", epilog="Example: dynacollect objects list --kind object --split unseen")
def list_objects(
    kind: Annotated[Literal["object", "container", "all"], typer.Option(help="What to list.")] = "all",
    split: Annotated[Literal["seen", "unseen", "all"], typer.Option(help="Training objects or held-out ones.")] = "all",
    folder: FolderOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List the objects with their size, mass, symmetry and which arms can grasp them."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from ...rig.objects import load_all

    models = load_all(None if kind == "all" else kind, None if split == "all" else split, folder)
    rows = [_facts(model) for model in models]
    table = Table("name", "kind", "size [mm]", "mass [g]", "symmetry", "arms", box=SIMPLE_HEAD, padding=(0, 1))
    for row in rows:
        sort = "unseen" if row["split"] == "unseen" else row["kind"]
        mass = f"{1000 * row['mass']:.0f}"
        table.add_row(
            row["name"], sort, _millimetres(row["extent"]), mass, row["symmetry"], _makers(row["graspable_by"])
        )
    emit({"objects": rows}, as_json, table)


def _sheet(path: Path, models: tuple[ObjectModel, ...], one: bool) -> None:
    import os

    os.environ.setdefault("MUJOCO_GL", "egl")
    from PIL import Image

    from ...rig.errors import DynacollectError
    from ...rig.objects.sheet import contact_sheet, turntable

    if path.suffix.lower() not in (".png", ".jpg", ".jpeg"):
        raise DynacollectError(f"{path} is no picture name; end it in .png or .jpg.")
    picture = turntable(models[0]) if one else contact_sheet(models)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)


def _card(facts: dict[str, Any]) -> Table:
    from rich.table import Table

    units = {"mass": "kg", "rest_height": "m", "grasp_width": "m", "extent": "m"}
    table = Table("property", "value", title=facts["words"][0])
    for key, value in facts.items():
        shown = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
        table.add_row(key.replace("_", " "), f"{shown or '-'} {units.get(key, '')}".strip())
    return table


@app.command("show", epilog="Example: dynacollect objects show mug --out mug.png")
def show(
    name: Annotated[str | None, typer.Argument(help="An object; without it, the whole catalogue.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Picture to write (.png or .jpg).")] = None,
    folder: FolderOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Draw an object from all sides, or all objects on one sheet, and print its properties."""
    from ...rig.objects import load, load_all

    models = load_all(None, None, folder) if name is None else (load(name, folder),)
    target = out or (Path("objects.png") if name is None else None)
    if target is not None:
        _sheet(target, models, name is not None)
    if name is None:
        emit({"out": target, "objects": [model.name for model in models]}, as_json, f"Drew {len(models)} in {target}.")
        return
    facts = _facts(models[0])
    emit({**facts, "out": target}, as_json, _card(facts))


@app.command("add", epilog="Example: dynacollect objects add scans/mug.stl --unit mm --name blue_mug")
def add(
    path: Annotated[Path, typer.Argument(help="A closed mesh: .stl, .ply, .obj or .glb.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name; the file's name if not given.")] = None,
    unit: Annotated[Literal["m", "cm", "mm", "in"] | None, typer.Option("--unit", help="Unit of its numbers.")] = None,
    folder: Annotated[Path, typer.Option("--folder", help="Where your objects live.")] = Path("objects"),
    as_json: JsonFlag = False,
) -> None:
    """Check a mesh, mend what can be mended, and put it into your catalogue."""
    from ...rig.objects.add import add as add_mesh
    from ...rig.objects.add import object_name

    chosen = object_name(path, name)
    entry, findings = add_mesh(path, name=chosen, folder=folder, unit=unit)
    where = folder / chosen
    lines = [f"Added {chosen} as {where}.", *findings, f"Look at it: dynacollect objects show {chosen} --out look.png"]
    if folder != Path("objects"):
        lines[-1] += f" --folder {folder}"
    emit({"name": chosen, "path": where, "entry": entry, "findings": findings}, as_json, "\n".join(lines))


@app.command("train-detector", epilog="Example: dynacollect objects train-detector bottle mug --out bottle_mug.pt")
def train(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Objects to tell apart; without any, all.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", metavar="WEIGHTS.pt", help="Weights to write.")] = Path("detector.pt"),
    model: Annotated[
        str, typer.Option("--model", help="A form of Ultralytics, untrained (.yaml), or your weights to go on from.")
    ] = "yolo11n-seg.yaml",
    pictures: Annotated[int, typer.Option("--pictures", min=32, max=1_000_000, help="To take in the cell.")] = 1500,
    epochs: Annotated[int, typer.Option("--epochs", min=1, max=10_000, help="Rounds over them.")] = 60,
    size: Annotated[int, typer.Option("--size", min=128, max=1920, help="Width of the pictures, in pixels.")] = 480,
    device: DeviceOption = "auto",
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Take labelled pictures of objects in the cell, and train a network on them that segments.

    Works in a folder called as the weights. Called again after a break, it goes on from there.
    """
    import os

    os.environ.setdefault("MUJOCO_GL", "egl")
    from rich.console import Console
    from rich.progress import Progress

    from ...rig.objects import names as all_names
    from ...training.detector.dataset import Plan
    from ...training.detector.train import train_detector

    chosen = tuple(dict.fromkeys(names)) if names else all_names()
    plan = Plan(chosen, model, pictures, epochs, size - size % 32, seed)
    with Progress(console=Console(stderr=True), disable=as_json, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, total: int) -> None:
            task = tasks.setdefault(what, bar.add_task(what) if what not in tasks else None)
            bar.update(task, completed=done, total=total)

        found = train_detector(out, plan, device, show)
    emit(found, as_json, _trained(found))


def _trained(found: Trained) -> Table:
    from rich.table import Table

    title = f"{found.weights}: {found.pictures['train']} pictures, measured on {found.pictures['val']} others"
    table = Table("object", "mask mAP 50-95", title=title, title_justify="left")
    for name, share in found.per_class.items():
        table.add_row(name, f"{share:.3f}")
    table.add_section()
    table.add_row("all", f"{found.mask_map:.3f} (at 50: {found.mask_map50:.3f})")
    return table
