"""`dynacollect calibrate verify`: whether cameras and base still are where they were calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..clear_to_move import YesFlag, clear_to_move
from ..output import JsonFlag, RigOption, SeedOption, emit

if TYPE_CHECKING:
    from ...calibration.file import CalibrationFile
    from ...calibration.verify.looks import Looks
    from ...calibration.verify.result import Verification
    from ...rig.config import RigConfig

EXAMPLE = "Example: dynacollect calibrate verify session/calibration.yaml --rig cell"


def add_to(app: typer.Typer) -> None:
    """Hook the command in."""
    app.command("verify", epilog=EXAMPLE)(verify)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `calibrate solve` wrote.")],
    rig: RigOption = "cell",
    looks: Annotated[
        Path | None, typer.Option("--looks", help="Folder of the reference pictures; FILE's folder/looks if not given.")
    ] = None,
    learn: Annotated[
        bool, typer.Option("--learn", help="Take the reference pictures, right after calibrating.")
    ] = False,
    correct: Annotated[
        Path | None,
        typer.Option(
            "--correct", metavar="OUT", help="Where a camera was bumped, write FILE with its new place to OUT."
        ),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option("--fault", help="Rehearse on the cell: side_cam.bumped@1=0.004, see `rig faults`."),
    ] = None,
    yes: YesFlag = False,
    seed: SeedOption = 0,
    as_json: JsonFlag = False,
) -> None:
    """Say in half a minute, without a board, which camera moved or whether the robot's base did, and by how much.

    The arm goes to a few poses, and pictures are compared with those that --learn took there. Exit code 1: something
    moved, or it cannot be told; with --correct 0 where the new file makes up for it.
    """
    import numpy as np

    from ...calibration.file import read_calibration
    from ...calibration.fit_to_rig import models_for
    from ...calibration.verify.check import verify as compared
    from ...calibration.verify.looks import look_joints, save_looks
    from ...calibration.verify.reference import prepare
    from ...calibration.verify.surfaces import Bench
    from ...rig.arms import arm as arm_model
    from ...rig.config import load_rig

    config, filed = load_rig(rig), read_calibration(file)
    models = models_for(config, filed)
    folder = looks or file.parent / "looks"
    arm = arm_model(config.arm.model)
    _check_places(folder, correct, learn=learn)
    before = None if learn else _reference(folder, filed)
    clear_to_move(config, yes=yes)
    now = _taken(config, look_joints(arm) if before is None else before.joints, seed, tuple(fault or ()), quiet=as_json)
    if before is None:
        save_looks(folder, replace(now, calibration=filed.id))
        emit({"looks": folder, "poses": len(now.joints)}, as_json, f"Took {len(now.joints)} looks into {folder}.")
        return
    box, safety = config.safety.box, config.safety
    bench = Bench(arm, np.array(box.lower[:2]), np.array(box.upper[:2]), safety.table_z)
    found = compared(prepare(bench, before, models), now)
    correction = None if correct is None else _corrected(filed, found, correct)
    said = [*found.sentences, *([correction.sentence] if correction else [])]
    emit({**_document(found), "correction": correction}, as_json, "\n".join(said))
    if not (found.good or (correction and correction.out)):
        raise typer.Exit(1)


def _check_places(folder: Path, correct: Path | None, *, learn: bool) -> None:
    """Before the arm moves, so that it does not in vain."""
    from ...calibration.text_files import refuse_existing
    from ...rig.errors import DynacollectError

    if learn and correct is not None:
        raise DynacollectError("--learn compares nothing, so that there is nothing to --correct; give one of the two.")
    if learn and folder.exists():
        raise DynacollectError(f"{folder} is there already; remove it or name another one in --looks.")
    if correct is not None:
        refuse_existing(correct)


def _reference(folder: Path, filed: CalibrationFile) -> Looks:
    from ...calibration.verify.looks import load_looks
    from ...rig.errors import DynacollectError

    looks = load_looks(folder)
    if looks.calibration not in (None, filed.id):
        raise DynacollectError(
            f"{folder} was taken for calibration {looks.calibration}, not for {filed.id}; "
            "with nothing moved since that one, take it anew: --learn --looks another-folder."
        )
    return looks


@dataclass(frozen=True, slots=True)
class Correction:
    """What came of --correct."""

    sentence: str
    out: Path | None = None
    """None where nothing was written."""
    id: str | None = None


def _corrected(filed: CalibrationFile, found: Verification, out: Path) -> Correction:
    from ...calibration.file import write_calibration
    from ...calibration.verify.correct import corrected_file
    from ...rig.errors import DynacollectError

    if found.good:
        return Correction("Nothing is to be corrected, and nothing was written.")
    try:
        right = corrected_file(filed, found, created=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    except DynacollectError as error:
        return Correction(f"Nothing was written. {error}")
    write_calibration(out, right)
    sentence = (
        f"Wrote {out}, with that camera where it is now. Its own reference pictures, right away:\n"
        f"  dynacollect calibrate verify {out} --learn --looks {out.with_suffix('')}-looks"
    )
    return Correction(sentence, out, right.id)


def _taken(config: RigConfig, joints: object, seed: int, faults: tuple[str, ...], *, quiet: bool) -> Looks:
    import numpy as np
    from rich.console import Console
    from rich.progress import Progress

    from ...rig.rig import open_rig
    from ..capture.looking import taken_looks

    console = Console(stderr=True, quiet=quiet)
    with Progress(console=console, transient=True) as bar, open_rig(config, seed=seed, faults=faults) as devices:
        task = bar.add_task("Looking", total=None)
        devices.stage.present()
        return taken_looks(devices, np.asarray(joints), lambda done, of: bar.update(task, completed=done, total=of))


def _document(found: Verification) -> dict[str, object]:
    cameras = {
        name: {
            "moved": camera.moved,
            "shift_mm": camera.shift_mm,
            "shift_sigma_mm": camera.shift_sigma_mm,
            "turn_deg": camera.turn_deg,
            "turn_sigma_deg": camera.turn_sigma_deg,
            "landmarks": camera.landmarks,
            "sentence": camera.sentence,
        }
        for name, camera in found.cameras.items()
    }
    base = {
        "moved": found.base.moved,
        "shift_mm": found.base.shift_mm,
        "turn_deg": found.base.turn_deg,
        "sentence": found.base.sentence,
    }
    return {"good": found.good, "cameras": cameras, "base": base}
