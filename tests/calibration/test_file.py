"""The calibration file: what goes in comes out, byte for byte, and what was changed is noticed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.spatial.transform import RigidTransform

from dynacollect.calibration.file import CalibrationFile, read_calibration, write_calibration
from dynacollect.calibration.lens import LENS_NAMES, project
from dynacollect.calibration.result import Calibration
from dynacollect.calibration.solve import solve
from dynacollect.calibration.solved_file import calibration_of, rounded
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from . import made
from .projector import scene

SEEDS = range(16)


@cache
def solved() -> Calibration:
    return solve(scene(0, frames=14).data)


def read(text: str, path: Path) -> CalibrationFile:
    path.write_text(text, encoding="utf-8")
    return read_calibration(path)


def seen(model: CameraModel, points: Vector) -> Vector:
    """Pixels of base-frame points."""
    lens = [model.K[0, 0], model.K[1, 1], model.K[0, 2], model.K[1, 2], *model.distortion]
    return project(model.T_parent_camera.inv().apply(points), np.array(lens))[0]


def without_id(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("id:"))


@pytest.mark.parametrize("seed", SEEDS)
def test_reading_and_writing_give_identical_bytes(seed: int, tmp_path: Path) -> None:
    file = made.file(seed)
    write_calibration(tmp_path / "a.yaml", file)
    again = read_calibration(tmp_path / "a.yaml")
    assert again == file
    write_calibration(tmp_path / "b.yaml", again)
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()
    text = (tmp_path / "a.yaml").read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 120
    assert "-0.0," not in text


@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_holds_what_was_solved_to_a_hundredth_of_a_sigma(seed: int) -> None:
    calibration, file = made.calibration(seed), made.file(seed)
    for name, camera in calibration.cameras.items():
        model, std = file.models()[name], camera.pose_std
        numbers = [camera.K[0, 0], camera.K[1, 1], camera.K[0, 2], camera.K[1, 2], *camera.distortion]
        kept = [model.K[0, 0], model.K[1, 1], model.K[0, 2], model.K[1, 2], *model.distortion]
        sigmas = np.array([camera.lens_std[key] for key in LENS_NAMES])
        assert np.all(np.abs(np.subtract(numbers, kept)) <= 0.01 * sigmas)
        shift = model.T_parent_camera.translation - camera.pose.translation
        assert np.all(np.abs(shift) <= 0.01e-3 * std.shift_mm)
        turn = (camera.pose.rotation.inv() * model.T_parent_camera.rotation).magnitude()
        assert np.rad2deg(turn) <= 0.01 * std.turn_deg.min()
        assert model.on_wrist == (camera.role == "wrist")
        assert (model.width, model.height) == camera.size


@pytest.mark.slow
def test_what_is_rounded_projects_as_what_was_solved() -> None:
    """Numbers that err together are jointly much surer than each alone; rounding must not undo that."""
    file = calibration_of(solved(), made.CHARUCO, created=made.CREATED)
    points = np.random.default_rng(0).uniform([0.35, -0.15, 0.0], [0.65, 0.15, 0.2], (300, 3))
    for name in ("front", "side"):
        off = seen(file.models()[name], points) - seen(solved().cameras[name].model(), points)
        assert np.abs(off).max() < 0.01 * solved().quality.corner_sigma_px


@pytest.mark.slow
def test_a_solve_is_told_in_full(tmp_path: Path) -> None:
    write_calibration(
        tmp_path / "new" / "calibration.yaml", calibration_of(solved(), made.CHARUCO, created=made.CREATED)
    )
    file = read_calibration(tmp_path / "new" / "calibration.yaml")
    assert set(file.cameras) == set(solved().cameras)
    assert file.board == made.CHARUCO
    told, found = file.quality and file.quality.workspace, solved().quality.workspace
    assert told is not None
    assert found is not None
    assert told.rms_mm == pytest.approx(found.rms_mm, rel=5e-3)
    for name, camera in file.cameras.items():
        assert camera.views is not None
        assert camera.views.taken == sum(view.camera == name for view in solved().views)
        assert camera.std is not None
        assert camera.std.K.fx == pytest.approx(solved().cameras[name].lens_std["fx"], rel=5e-3)


def test_the_id_is_the_numbers(tmp_path: Path) -> None:
    file = made.file(1)
    assert made.file(1).id == file.id
    assert file.model_copy(update={"created": "2027-01-01T00:00:00+00:00"}).id == file.id
    assert len({made.file(seed).id for seed in SEEDS}) == len(SEEDS)
    data = yaml.safe_load(file.to_yaml())
    assert data["id"] == file.id
    turned = {**data, "cameras": dict(reversed(data["cameras"].items()))}
    assert read(yaml.safe_dump(turned, sort_keys=False), tmp_path / "turned.yaml").id == file.id


def leaves(value: object, place: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Where numbers stand."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        return [leaf for key, item in pairs for leaf in leaves(item, (*place, key))]
    return [place] if isinstance(value, float) else []


def test_every_number_is_under_the_id() -> None:
    file = made.file(3)
    for place in leaves(file.content()):
        content = file.content()
        inner: Any = content
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] += 1e-6
        assert CalibrationFile.model_validate(content).id != file.id, place


def test_a_change_is_refused_and_can_be_accepted(tmp_path: Path) -> None:
    path, text = tmp_path / "calibration.yaml", made.file(2).to_yaml()
    changed = text.replace("rms_px: 0.05", "rms_px: 0.06")
    line = 1 + [row.startswith("id:") for row in changed.splitlines()].index(True)
    with pytest.raises(DynacollectError) as caught:
        read(changed, path)
    assert str(caught.value) == (
        f"{path}:{line}: id: the file was changed after it was written; "
        "delete this line to accept the change, or solve again"
    )
    accepted = read(without_id(changed), path)
    assert accepted.id != made.file(2).id
    assert read(accepted.to_yaml(), path) == accepted


def test_a_comment_or_another_date_is_no_change(tmp_path: Path) -> None:
    text = "# ours\n" + made.file(2).to_yaml().replace(made.CREATED, "2026-02-01T00:00:00Z")
    assert read(text, tmp_path / "c.yaml").id == made.file(2).id


@pytest.mark.parametrize("serial", ["0123", "12e5", "839112060711", "1e-3", "yes", "null", "~", "0x1F", "1_000", ": #"])
def test_serials_stay_text(serial: str, tmp_path: Path) -> None:
    file = calibration_of(made.calibration(0), made.CHARUCO, created=made.CREATED, serials={"side_cam": serial})
    assert read(file.to_yaml(), tmp_path / "c.yaml").cameras["side_cam"].serial == serial


def test_an_id_like_a_number_is_read_as_text(tmp_path: Path) -> None:
    """Some ids are digits with a single e."""
    file = made.file(0)
    for number in range(20_000):
        one = file.model_copy(update={"rig": f"rig-{number}"})
        if one.id.replace("e", "", 1).isdigit() and one.id.strip("e") == one.id:
            assert read(one.to_yaml(), tmp_path / "c.yaml") == one
            return
    pytest.fail("no such id was met")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "calibration.yaml"
    path.write_text("mine")
    with pytest.raises(DynacollectError, match="exists and is left as it is"):
        write_calibration(path, made.file(0))
    assert path.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(DynacollectError, match="cannot be written"):
        write_calibration(path / "below.yaml", made.file(0))


def test_rounding_keeps_what_counts() -> None:
    assert rounded(402.123456789, 0.2) == 402.12346
    assert rounded(-1e-9, 0.1) == 0.0
    assert str(rounded(-1e-9, 0.1)) == "0.0"
    rng = np.random.default_rng(0)
    for _ in range(1000):
        value, std = rng.normal() * 10 ** rng.uniform(-4, 3), 10 ** rng.uniform(-7, 2)
        assert abs(rounded(value, std) - value) <= 1e-4 * std
        assert rounded(rounded(value, std), std) == rounded(value, std)


def test_a_camera_out_of_reach_is_refused() -> None:
    calibration = made.calibration(0)
    side = replace(calibration.cameras["side_cam"], pose=RigidTransform.from_translation([1350.0, 0, 0]))
    moved = replace(calibration, cameras={**calibration.cameras, "side_cam": side})
    with pytest.raises(DynacollectError, match="side_cam came out 1350 m from the robot; check"):
        calibration_of(moved, made.CHARUCO, created=made.CREATED)
