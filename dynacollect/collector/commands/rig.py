"""`dynacollect rig`: describe, see and check a rig."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..output import JsonFlag, RigOption, SeedOption, emit

app = typer.Typer()

Robot = Literal["franka-panda", "franka-fr3", "piper"]


@app.command("init", epilog="Example: dynacollect rig init --robot piper --scan lab.yaml")
def init(
    path: Annotated[Path, typer.Argument(help="Where to write it; a file that exists is never overwritten.")] = Path(
        "rig.yaml"
    ),
    robot: Annotated[Robot, typer.Option("--robot", help="The arm of the rig.")] = "franka-panda",
    scan: Annotated[bool, typer.Option("--scan", help="Of the cameras and the CAN bus that are plugged in.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write a commented rig.yaml to start from: of the simulated cell, or with --scan of what is plugged in."""
    from ...rig.starter import write_starter

    if scan:
        from ..doctor.host import Host
        from ..doctor.scan import scan as scanned

        found = scanned(path, robot, Host())
        line = f"Wrote {path}, cameras: {len(found.cameras)}. Go through it, then: dynacollect doctor --rig {path}"
        emit({"path": path, "robot": robot, "cameras": len(found.cameras)}, as_json, line)
        return
    write_starter(path, robot)
    emit(
        {"path": path, "robot": robot},
        as_json,
        f"Wrote {path}. See what its cameras see: dynacollect rig show --rig {path} --out views.png",
    )


FaultOption = Annotated[
    list[str] | None,
    typer.Option("--fault", metavar="DEVICE.FAULT@SECONDS", help="Inject a fault into the cell; may be repeated."),
]


@app.command("show", epilog="Example: dynacollect rig show --rig cell --seed 3 --out cell.png")
def show(
    rig: RigOption = "cell",
    seed: SeedOption = 0,
    out: Annotated[Path, typer.Option("--out", help="The picture to write, .png or .jpg.")] = Path("views.png"),
    fault: FaultOption = None,
    after: Annotated[float, typer.Option("--after", min=0.2, max=600, help="Seconds to wait first.")] = 0.6,
    as_json: JsonFlag = False,
) -> None:
    """Write one picture of what all cameras see."""
    from ...rig.config import load_rig
    from ...rig.rig import open_rig
    from ...rig.show import contact_sheet, save, views

    frames = views(open_rig(load_rig(rig), seed=seed, faults=tuple(fault or ())), after)
    save(contact_sheet(frames), out)
    names = list(frames.frames)
    emit({"path": out, "cameras": names, "skew_s": frames.skew}, as_json, f"Wrote {out}: {', '.join(names)}.")


@app.command("check", epilog="Example: dynacollect rig check --rig rig.yaml")
def check(
    rig: RigOption = "cell",
    seed: SeedOption = 0,
    fault: FaultOption = None,
    watch: Annotated[float, typer.Option("--watch", min=1, max=600, help="Seconds to watch the streams.")] = 3.0,
    as_json: JsonFlag = False,
) -> None:
    """Connect every part and report what it is and how it does; exit code 1 if one will not do."""
    from rich.table import Table

    from ...rig.check import check as check_rig
    from ...rig.config import load_rig
    from ...rig.rig import open_rig

    found = check_rig(open_rig(load_rig(rig), seed=seed, faults=tuple(fault or ())), watch)
    table = Table("part", "", "finding", title=f"rig {rig}", title_justify="left")
    for part in found.parts:
        table.add_row(part.name, "[green]ok[/]" if part.ok else "[red]no[/]", part.detail)
    emit({"ok": found.ok, "parts": found.parts}, as_json, table)
    if not found.ok:
        raise typer.Exit(1)


@app.command("faults", epilog="Example: dynacollect rig check --rig cell --fault opst_cam.freeze@1.5")
def faults(as_json: JsonFlag = False) -> None:
    """List every fault that can be injected into the cell, and what shows it."""
    from rich.table import Table

    from ...rig.cell.faults import KINDS

    table = Table("device", "fault", "what happens", "size", "lasts", "seen in health as", "within")
    for kind in KINDS:
        lasts = "on" if kind.lasts == float("inf") else f"{kind.lasts:g} s"
        size = f"{kind.size:g} {kind.unit}" if kind.unit else ""
        table.add_row(kind.device, kind.name, kind.effect, size, lasts, kind.seen_as, f"{kind.within_s:g} s")
    emit({"faults": KINDS}, as_json, table)
