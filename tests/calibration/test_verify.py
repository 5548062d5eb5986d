"""A check without boards tells what moved and by how much, stays silent when nothing did, and says when it cannot tell.

The truth is the cell's: its cameras rendered from where they really are.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation
from scipy.stats import chi2

from dynacollect.calibration.verify.check import verify
from dynacollect.calibration.verify.correct import corrected
from dynacollect.calibration.verify.looks import Looks, load_looks, look_joints, save_looks
from dynacollect.calibration.verify.reference import Reference, prepare
from dynacollect.calibration.verify.result import BaseCheck, CameraCheck, Verification
from dynacollect.rig.arms import ARMS
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.cell.episode_plan import Scenery
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from .rendered_rig import Lab, Renderings, bumped, direction

WITHIN_3_SIGMA = float(chi2.ppf(0.9973, 6))


@dataclass(frozen=True)
class Day:
    """A rig on the day of its calibration, and what it looks like later with nothing moved."""

    lab: Lab
    joints: Vector
    reference: Reference
    later: Renderings

    def pictures(self, moved: dict[str, RigidTransform] | None = None, noise: int = 1) -> Looks:
        """Other objects and less light than in the reference, and some cameras moved."""
        fresh = {name: self.lab.only(name, self.joints, mount) for name, mount in (moved or {}).items()}
        return self.lab.expose(self.joints, {**self.later, **fresh}, noise)


def day(rig: str = "cell", looks: int = 2, scenery: Scenery | None = None) -> Day:
    lab = Lab(rig, scenery)
    joints = look_joints(lab.arm)[:looks]
    reference = prepare(lab.bench, lab.expose(joints, lab.render(joints), 0), lab.models)
    lab.lay_out(41)
    return Day(lab, joints, reference, lab.render(joints, light=0.85))


@pytest.fixture(scope="module")
def today() -> Day:
    return day()


def moved(result: Verification) -> set[str]:
    return {name for name, camera in result.cameras.items() if camera.moved}


def error(check: CameraCheck, truth: RigidTransform) -> float:
    """Chi-square of what was found against what is true."""
    assert check.pose is not None and check.covariance is not None
    turn = (truth.rotation.inv() * check.pose.rotation).as_rotvec()
    off = np.concatenate([turn, check.pose.translation - truth.translation])
    return float(off @ np.linalg.solve(check.covariance, off))


@pytest.mark.slow
def test_nothing_moved_though_objects_and_light_changed(today: Day) -> None:
    result = verify(today.reference, today.pictures())
    assert result.good, result.sentences
    assert all(error(result.cameras[name], model.T_parent_camera) < 6 for name, model in today.lab.models.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("camera", "turn_deg", "shift_mm"),
    [
        ("opst_cam", [0.0, 0.0, 0.0], [1.2, 1.6, 0.0]),
        ("side_cam", [0.12, -0.16, 0.0], [0.0, 0.0, 0.0]),
        pytest.param("side_cam", [2.0, -1.5, 1.0], [10.0, -20.0, 10.0], marks=pytest.mark.long),
        ("wrist_cam", [0.0, 0.0, 0.2], [-2.0, 1.0, 0.0]),
    ],
)
def test_a_motion_is_seen_on_its_camera_alone_and_measured(
    camera: str, turn_deg: list[float], shift_mm: list[float], today: Day
) -> None:
    truth = bumped(today.lab.models[camera].T_parent_camera, np.array(turn_deg), np.array(shift_mm))
    result = verify(today.reference, today.pictures({camera: truth}, noise=2))
    assert moved(result) == {camera}, result.sentences
    assert result.base.moved is False
    assert error(result.cameras[camera], truth) < WITHIN_3_SIGMA


@pytest.mark.slow
def test_a_bumped_camera_is_put_right(today: Day) -> None:
    models = today.lab.models
    truth = bumped(models["opst_cam"].T_parent_camera, np.array([1.0, 0.5, -0.5]), np.array([8.0, 3.0, -5.0]))
    result = corrected(models, verify(today.reference, today.pictures({"opst_cam": truth}, noise=3)))
    points = np.array([[x, y, z] for x in (0.2, 0.7) for y in (-0.4, 0.4) for z in (0.0, 0.3)])
    right, wrong, put = (
        models["opst_cam"].project(points, pose)
        for pose in (truth, models["opst_cam"].T_parent_camera, result.models["opst_cam"].T_parent_camera)
    )
    assert np.abs(put - right).max() < 0.1 * np.abs(wrong - right).max()
    assert result.models["side_cam"] is models["side_cam"]
    assert set(result.covariances) == {"opst_cam"}


@pytest.mark.slow
def test_a_moved_base_is_told_from_moved_cameras(today: Day) -> None:
    lab = today.lab
    truth = RigidTransform.from_components([0.003, 0.004, 0.0], Rotation.from_rotvec([0, 0, np.deg2rad(-0.4)]))
    lab.put_base(truth)
    try:
        result = verify(today.reference, lab.expose(today.joints, lab.render(today.joints), 4))
    finally:
        lab.put_base(RigidTransform.identity())
    assert result.base.moved, result.sentences
    assert moved(result) == set(), result.sentences
    assert result.base.step is not None and result.base.covariance is not None
    off = result.base.step - [0.003, 0.004, np.deg2rad(-0.4)]
    assert off @ np.linalg.solve(result.base.covariance, off) < chi2.ppf(0.9973, 3)
    with pytest.raises(DynacollectError, match=r"No camera can be put right.*base moved"):
        corrected(lab.models, result)


@pytest.mark.slow
def test_mixed_up_cameras_are_named(today: Day) -> None:
    looks = today.pictures()
    pictures = dict(looks.pictures)
    pictures["opst_cam"], pictures["side_cam"] = pictures["side_cam"], pictures["opst_cam"]
    result = verify(today.reference, Looks(today.joints, pictures))
    for name, other in (("opst_cam", "side_cam"), ("side_cam", "opst_cam")):
        assert result.cameras[name].moved is None
        assert f"show what {other} saw" in result.cameras[name].sentence
    assert result.cameras["wrist_cam"].moved is False


@pytest.mark.slow
def test_a_camera_that_sees_nothing_is_no_moved_camera(today: Day) -> None:
    pictures = dict(today.pictures().pictures)
    pictures["opst_cam"] = tuple(picture // 20 for picture in pictures["opst_cam"])
    pictures["side_cam"] = tuple(np.full_like(picture, 128) for picture in pictures["side_cam"])
    result = verify(today.reference, Looks(today.joints, pictures))
    assert {name: camera.moved for name, camera in result.cameras.items()} == {
        "opst_cam": None,
        "side_cam": None,
        "wrist_cam": False,
    }
    assert "too dark" in result.cameras["opst_cam"].sentence
    assert "is blocked" in result.cameras["side_cam"].sentence
    with pytest.raises(DynacollectError, match="cannot tell"):
        corrected(today.lab.models, result)


@pytest.mark.slow
def test_in_the_dark_nothing_can_be_told(today: Day) -> None:
    looks = today.pictures()
    dark = {name: tuple(picture // 20 for picture in some) for name, some in looks.pictures.items()}
    result = verify(today.reference, Looks(today.joints, dark))
    assert result.base.moved is None
    assert all(camera.moved is None and "too dark" in camera.sentence for camera in result.cameras.values())


@pytest.mark.slow
def test_what_is_less_sure_than_large_is_not_put_right(today: Day) -> None:
    pose = today.lab.models["side_cam"].T_parent_camera
    step, sigma = np.array([0, 0, 0, 0, 0.003, 0]), np.array([1e-4] * 3 + [1e-3] * 3)
    base = BaseCheck(False, "It stands.")
    for scale, refused in ((1.0, False), (3.0, True)):
        check = CameraCheck("side_cam", True, "It moved.", 99, pose, step, np.diag((scale * sigma) ** 2))
        if refused:
            with pytest.raises(DynacollectError, match="side_cam moved by less than its motion is sure to"):
                corrected(today.lab.models, Verification({"side_cam": check}, base))
        else:
            assert set(corrected(today.lab.models, Verification({"side_cam": check}, base)).covariances) == {"side_cam"}


@pytest.mark.slow
def test_looks_come_back_from_their_folder_and_overwrite_nothing(today: Day, tmp_path: Path) -> None:
    looks = today.reference.looks
    save_looks(tmp_path / "looks", looks)
    back = load_looks(tmp_path / "looks")
    assert np.array_equal(back.joints, looks.joints)
    for name, pictures in looks.pictures.items():
        assert all(np.array_equal(a, b) for a, b in zip(back.pictures[name], pictures, strict=True))
    with pytest.raises(DynacollectError, match="is there already"):
        save_looks(tmp_path / "looks", looks)
    assert [path.name for path in tmp_path.iterdir()] == ["looks"]
    with pytest.raises(DynacollectError, match="cannot be written"):
        save_looks(tmp_path / "looks" / "looks.json" / "more", looks)
    (tmp_path / "looks" / "side_cam" / "001.png").unlink()
    with pytest.raises(DynacollectError, match=r"001\.png is missing"):
        load_looks(tmp_path / "looks")


@pytest.mark.slow
def test_pictures_that_cannot_be_compared_are_refused(today: Day) -> None:
    looks = today.pictures()
    with pytest.raises(DynacollectError, match="away from where the reference was taken"):
        verify(today.reference, Looks(looks.joints + 0.2, looks.pictures))
    with pytest.raises(DynacollectError, match="not taken at the reference's arm poses"):
        verify(today.reference, Looks(looks.joints[:1], {name: some[:1] for name, some in looks.pictures.items()}))
    with pytest.raises(DynacollectError, match="no new pictures of side_cam"):
        verify(today.reference, Looks(looks.joints, {"opst_cam": looks.pictures["opst_cam"]}))
    small = {name: tuple(picture[::2, ::2] for picture in some) for name, some in looks.pictures.items()}
    with pytest.raises(DynacollectError, match="its reference 480x360"):
        verify(today.reference, Looks(looks.joints, small))


@pytest.mark.parametrize("name", sorted(ARMS))
def test_the_arm_looks_from_within_its_limits_with_the_hand_high(name: str) -> None:
    arm = ARMS[name]
    for joints in look_joints(arm):
        assert arm.inside_limits(joints)
        assert forward(arm, joints).translation[2] > 0.15


@pytest.mark.slow
@pytest.mark.parametrize("layouts", [1, pytest.param(3, marks=pytest.mark.long)])
def test_false_alarms_are_rare(layouts: int) -> None:
    rigs = day("cell-piper", scenery=Scenery(table="walnut", seed=8))
    alarms = []
    for layout in range(layouts):
        rigs.lab.lay_out(500 + layout)
        seen = rigs.lab.render(rigs.joints, light=(0.8, 1.25, 1.0)[layout])
        result = verify(rigs.reference, rigs.lab.expose(rigs.joints, seen, 1 + layout))
        alarms += [result.sentences] if moved(result) or result.base.moved else []
    assert alarms == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("camera", "turn_deg", "shift_mm"),
    [("opst_cam", 0.2, 0.0), ("side_cam", 0.0, 2.0), pytest.param("wrist_cam", 0.0, 2.0, marks=pytest.mark.long)],
)
def test_two_millimetres_or_a_fifth_of_a_degree_are_seen(
    camera: str, turn_deg: float, shift_mm: float, today: Day
) -> None:
    """Any way; along some axes the other kind of each camera's motion is measured above."""
    way = direction(np.random.default_rng(7))
    truth = bumped(today.lab.models[camera].T_parent_camera, turn_deg * way, shift_mm * way)
    result = verify(today.reference, today.pictures({camera: truth}, noise=5))
    assert moved(result) == {camera}, result.sentences
