"""Calibrations to and from OpenCV, ROS and Kalibr: the same numbers come back, and other lenses are refused."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from scipy.spatial.transform import RigidTransform

from dynacollect.calibration.exchange import Export, Import, export, import_cameras, imported, lacking
from dynacollect.calibration.exchange_opencv import read_opencv
from dynacollect.calibration.exchange_ros import read_ros
from dynacollect.calibration.file import CalibrationFile, read_calibration, write_calibration
from dynacollect.rig.camera_model import CameraModel
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError

from . import made

SEEDS = range(12)
FORMS: tuple[Export, ...] = ("opencv", "ros")


def lenses_only(file: CalibrationFile) -> CalibrationFile:
    bare = {"T_base_camera": None, "T_flange_camera": None}
    return file.model_copy(
        update={"cameras": {name: camera.model_copy(update=bare) for name, camera in file.cameras.items()}}
    )


def same_lens(one: CameraModel, other: CameraModel) -> bool:
    return (
        (one.width, one.height) == (other.width, other.height)
        and np.array_equal(one.K, other.K)
        and np.array_equal(one.distortion, other.distortion)
    )


def apart(one: RigidTransform, other: RigidTransform) -> float:
    return float(np.abs(one.as_matrix() - other.as_matrix()).max())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", SEEDS)
def test_what_goes_out_comes_in(seed: int, form: Export, tmp_path: Path) -> None:
    file = made.file(seed)
    paths = export(file, form, tmp_path / "out")
    assert set(paths) == set(file.cameras)
    back = import_cameras(paths.values(), form)
    for name, model in file.models().items():
        assert back[name].model.name == name
        assert same_lens(back[name].model, model)
        if form == "opencv":
            assert back[name].parent == ("flange" if model.on_wrist else "base")
            assert back[name].model.on_wrist == model.on_wrist
            assert apart(back[name].model.T_parent_camera, model.T_parent_camera) < 1e-12
        else:
            assert back[name].parent is None


@pytest.mark.parametrize("seed", SEEDS)
def test_opencv_itself_reads_ours(seed: int, tmp_path: Path) -> None:
    file = made.file(seed)
    for name, path in export(file, "opencv", tmp_path).items():
        storage, model = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ), file.models()[name]
        assert storage.getNode("camera_name").string() == name
        assert (storage.getNode("image_width").real(), storage.getNode("image_height").real()) == made.SIZE
        assert np.array_equal(storage.getNode("camera_matrix").mat(), model.K)
        assert np.array_equal(storage.getNode("distortion_coefficients").mat().ravel(), model.distortion)
        key, other = ("T_flange_camera", "T_base_camera") if model.on_wrist else ("T_base_camera", "T_flange_camera")
        assert np.array_equal(storage.getNode(key).mat(), model.T_parent_camera.as_matrix())
        assert storage.getNode(other).empty()


@pytest.mark.parametrize("shape", [(5, 1), (1, 5), (4, 1), (1, 4)])
def test_ours_reads_opencvs(shape: tuple[int, int], tmp_path: Path) -> None:
    """As OpenCV's calibration sample writes it, with keys of its own."""
    rng = np.random.default_rng(sum(shape))
    K = np.array([[rng.uniform(300, 500), 0, 240.5], [0, rng.uniform(300, 500), 179.25], [0, 0, 1]])
    path, coefficients = tmp_path / "left.yml", rng.normal(size=shape) * 1e-3
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("calibration_time", "Sat 31 Jan 2026 12:00:00")
    storage.write("image_width", 640)
    storage.write("image_height", 480)
    storage.write("camera_matrix", K)
    storage.write("distortion_coefficients", coefficients)
    storage.write("avg_reprojection_error", 0.25)
    storage.release()
    read = read_opencv(path)["left"]
    assert np.array_equal(read.model.K, K)
    assert np.array_equal(read.model.distortion[: coefficients.size], coefficients.ravel())
    assert not read.model.distortion[coefficients.size :].any()
    assert (read.model.width, read.model.height, read.parent) == (640, 480, None)


ROS = """\
image_width: 640
image_height: 480
camera_name: narrow_stereo
camera_matrix:
  rows: 3
  cols: 3
  data: [438.78309, 0.00000, 305.59336, 0.00000, 437.30260, 243.73807, 0.00000, 0.00000, 1.00000]
camera_model: plumb_bob
distortion_model: plumb_bob
distortion_coefficients:
  rows: 1
  cols: 5
  data: [-0.361976, 0.110510, 0.001014, 0.000505, 0.000000]
rectification_matrix:
  rows: 3
  cols: 3
  data: [0.999, 0.001, 0, -0.001, 0.999, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [393.65, 0, 322.79, 0, 0, 393.65, 241.09, 0, 0, 0, 1, 0]
"""

OPENCV = """\
%YAML:1.0
---
image_width: 640
image_height: 480
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 4.3878e+02, 0., 3.0559e+02, 0., 4.3730e+02, 2.4373e+02, 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   rows: 5
   cols: 1
   dt: d
   data: [ -3.6e-01, 1.1e-01, 1.0e-03, 5.0e-04, 0. ]
T_base_camera: !!opencv-matrix
   rows: 4
   cols: 4
   dt: d
   data: [ 0., 0., 1., 5.0e-01, -1., 0., 0., 0., 0., -1., 0., 3.0e-01, 0., 0., 0., 1. ]
"""

KALIBR = """\
cam0:
  cam_overlaps: [1]
  camera_model: pinhole
  distortion_coeffs: [-0.2834, 0.0739, 0.00019, 1.76e-05]
  distortion_model: radtan
  intrinsics: [458.654, 457.296, 367.215, 248.375]
  resolution: [752, 480]
  rostopic: /cam0/image_raw
cam1:
  T_cn_cnm1:
  - [0.0, -1.0, 0.0, -0.11]
  - [1.0, 0.0, 0.0, 0.004]
  - [0.0, 0.0, 1.0, 0.008]
  - [0.0, 0.0, 0.0, 1.0]
  cam_overlaps: [0]
  camera_model: pinhole
  distortion_coeffs: [-0.2837, 0.0745, -0.0001, -3.5e-05]
  distortion_model: radtan
  intrinsics: [457.587, 456.134, 379.999, 255.238]
  resolution: [752, 480]
  rostopic: /cam1/image_raw
"""

GOOD: dict[Import, str] = {"opencv": OPENCV, "ros": ROS, "kalibr": KALIBR}


def written(text: str, folder: Path) -> Path:
    path = folder / "camera.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_ros_is_read(tmp_path: Path) -> None:
    read = read_ros(written(ROS, tmp_path))["narrow_stereo"]
    assert read.model.K.tolist() == [[438.78309, 0, 305.59336], [0, 437.3026, 243.73807], [0, 0, 1]]
    assert read.model.distortion.tolist() == [-0.361976, 0.11051, 0.001014, 0.000505, 0]
    assert (read.model.width, read.model.height) == (640, 480)


def test_what_goes_to_ros_has_all_its_keys(tmp_path: Path) -> None:
    file = made.file(0)
    for name, path in export(file, "ros", tmp_path).items():
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert set(data) == set(yaml.safe_load(ROS)) - {"camera_model"}
        K = file.models()[name].K
        assert np.array_equal(np.reshape(data["projection_matrix"]["data"], (3, 4)), np.c_[K, np.zeros(3)])
        assert np.array_equal(np.reshape(data["rectification_matrix"]["data"], (3, 3)), np.eye(3))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_chain_of_kalibr_gives_every_camera_its_place(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    places = [RigidTransform.identity(), *(made.pose(rng) for _ in range(3))]
    chain: dict[str, dict[str, object]] = {}
    for number, place in enumerate(places):
        lens = {"camera_model": "pinhole", "distortion_model": "radtan", "resolution": [752, 480]}
        numbers = {"intrinsics": [458.5, 457.25, 367.0, 248.0 + number], "distortion_coeffs": [-0.28, 0.07, 1e-4, 2e-5]}
        chain[f"cam{number}"] = {**lens, **numbers}
        if number:
            chain[f"cam{number}"]["T_cn_cnm1"] = (place.inv() * places[number - 1]).as_matrix().tolist()
    read = import_cameras([written(yaml.safe_dump(chain), tmp_path)], "kalibr")
    for number, place in enumerate(places):
        one = read[f"cam{number}"]
        assert apart(one.model.T_parent_camera, place) < 1e-12
        assert one.parent == "cam0"
        assert one.model.K[1, 2] == 248 + number
        assert one.model.distortion.tolist() == [-0.28, 0.07, 1e-4, 2e-5, 0]


# what is wrong: (format, old text, new text, what the sentence says)
WRONG: dict[str, tuple[Import, str, str, str]] = {
    "eight coefficients of ros": (
        "ros",
        "  cols: 5\n  data: [-0.361976,",
        "  cols: 8\n  data: [1, 2, 3, -0.361976,",
        "distortion_coefficients: 8 coefficients are a rational or thin-prism lens, which cannot be taken over; ",
    ),
    "fourteen coefficients of opencv": (
        "opencv",
        "rows: 5\n   cols: 1\n   dt: d\n   data: [",
        "rows: 14\n   cols: 1\n   dt: d\n   data: [ 1, 1, 1, 1, 1, 1, 1, 1, 1,",
        "14 coefficients are a rational or thin-prism lens, which cannot be taken over; calibrate",
    ),
    "a rational lens": (
        "ros",
        "distortion_model: plumb_bob",
        "distortion_model: rational_polynomial",
        ":9: distortion_model: the lens model 'rational_polynomial' cannot be taken over; calibrate with plumb_bob",
    ),
    "a fisheye of kalibr": (
        "kalibr",
        "distortion_model: radtan\n  intrinsics: [457",
        "distortion_model: equidistant\n  intrinsics: [457",
        ":18: cam1.distortion_model: the distortion model 'equidistant' cannot be taken over; calibrate with Kalibr's",
    ),
    "an omni camera": (
        "kalibr",
        "camera_model: pinhole\n  distortion_coeffs: [-0.2834",
        "camera_model: omni\n  distortion_coeffs: [-0.2834",
        ":3: cam0.camera_model: the camera model 'omni' cannot be taken over; calibrate with Kalibr's pinhole-radtan",
    ),
    "a chain that breaks": ("kalibr", "  T_cn_cnm1:", "  T_other:", "cam1 has no T_cn_cnm1; add it"),
    "a chain with a gap": ("kalibr", "cam1:", "cam2:", "'cam2' stands where cam1 should; did you mean 'cam1'?"),
    "a mirrored chain": ("kalibr", "[0.0, 0.0, 1.0, 0.008]", "[0.0, 0.0, -1.0, 0.008]", "it is no rigid transform"),
    "a chain in millimetres": ("kalibr", "-0.11]", "-110.0]", "110 m is too far away; write metres, not millimetres"),
    "a pose lying down": (
        "opencv",
        "5.0e-01, -1., 0., 0., 0., 0., -1., 0., 3.0e-01, 0., 0., 0., 1.",
        "0., -1., 0., 0., 0., 0., -1., 0., 0., 5.0e-01, 0., 3.0e-01, 1.",
        "T_base_camera: its last row is not 0 0 0 1; write the translation in the last column",
    ),
    "a pose too small": ("opencv", "rows: 4\n   cols: 4", "rows: 2\n   cols: 8", "it is 2x8; write a transform with 4"),
    "a number too few": ("ros", "1.00000]", "]", "3 rows of 3 are 9 numbers, not 8; mend rows, cols or data"),
    "no size": ("opencv", "image_width: 640\n", "", "the key 'image_width' is missing; add 'image_width: 480'"),
    "a skew": ("ros", "438.78309, 0.00000", "438.78309, 0.5", "it has a skew of 0.5 px, which cannot be taken over"),
    "a transposed matrix": (
        "ros",
        "0.00000, 305.59336, 0.00000, 437.30260, 243.73807, 0.00000, 0.00000, 1.00000",
        "0.00000, 0.0, 0.0, 437.30260, 0.0, 305.6, 243.7, 1.0",
        "it is no camera matrix; write fx 0 cx, 0 fy cy, 0 0 1 in pixels",
    ),
    "text for a number": ("ros", "image_width: 640", "image_width: 640px", ":1: image_width: expected a whole number"),
    "another tool's file": ("opencv", OPENCV, KALIBR, "the key 'image_width' is missing"),
    "ours for theirs": ("kalibr", KALIBR, "schema: 1\n", "expected a mapping"),
    "an empty file": ("ros", ROS, "\n", ":1: nothing is in the file; name the file that the other tool wrote."),
    "a file of xml": ("opencv", OPENCV, "<?xml version='1.0'?>\n<a>\n", "camera.yaml:"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_taken_over_is_refused(name: str, tmp_path: Path) -> None:
    form, old, new, said = WRONG[name]
    assert GOOD[form].count(old) == 1
    import_cameras([written(GOOD[form], tmp_path)], form)
    path = written(GOOD[form].replace(old, new), tmp_path)
    with pytest.raises(DynacollectError) as caught:
        import_cameras([path], form)
    assert str(caught.value).startswith(f"{path}:")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_rig_gives_what_the_format_lacks(tmp_path: Path) -> None:
    rig, file = load_rig("cell"), made.file(0)
    cameras = import_cameras(export(file, "ros", tmp_path).values(), "ros")
    made_of = imported(cameras, created=made.CREATED, rig=rig)
    assert {name: camera.serial for name, camera in made_of.cameras.items()} == made.SERIALS
    assert {name: camera.role for name, camera in made_of.cameras.items()} == made.ROLES
    assert made_of.arm is not None
    assert made_of.arm.model == "franka-panda"
    assert "opst_cam, side_cam, wrist_cam are to the robot" in lacking(made_of)
    with pytest.raises(DynacollectError, match="the lens of opst_cam but not its T_base_camera; solve it"):
        made_of.models()


def test_opencvs_poses_make_a_whole_calibration(tmp_path: Path) -> None:
    file = made.file(0)
    whole = imported(import_cameras(export(file, "opencv", tmp_path / "out").values(), "opencv"), created=made.CREATED)
    assert lacking(whole) == ""
    write_calibration(tmp_path / "calibration.yaml", whole)
    again = read_calibration(tmp_path / "calibration.yaml")
    assert again == whole
    for name, model in file.models().items():
        assert same_lens(again.models()[name], model)
        assert apart(again.models()[name].T_parent_camera, model.T_parent_camera) < 1e-12
        assert again.models()[name].on_wrist == model.on_wrist


def test_places_to_another_camera_are_not_taken_for_places_to_the_robot(tmp_path: Path) -> None:
    names = {"cam0": "front", "cam1": "side"}
    chain = imported(import_cameras([written(KALIBR, tmp_path)], "kalibr", names), created=made.CREATED)
    assert [camera.pose for camera in chain.cameras.values()] == [None, None]
    assert "nothing said where front, side are to the robot" in lacking(chain)


@pytest.mark.parametrize("form", FORMS)
def test_lenses_alone_go_out_too(form: Export, tmp_path: Path) -> None:
    back = import_cameras(export(lenses_only(made.file(0)), form, tmp_path).values(), form)
    assert [camera.parent for camera in back.values()] == [None] * 3


def test_names_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = written(KALIBR, tmp_path)
    with pytest.raises(DynacollectError, match="No file has a camera cam7; the cameras are cam0, cam1"):
        import_cameras([path], "kalibr", {"cam7": "front"})
    with pytest.raises(DynacollectError, match="there is already a camera cam1"):
        import_cameras([path], "kalibr", {"cam0": "cam1"})
    with pytest.raises(
        DynacollectError,
        match=r"no camera cam0, only opst_cam, side_cam, wrist_cam; rename it: --rename cam0=opst_cam\.",
    ):
        imported(import_cameras([path], "kalibr"), created=made.CREATED, rig=load_rig("cell"))
    out = export(made.file(0), "opencv", tmp_path / "out")
    crossed = import_cameras([out["wrist_cam"]], "opencv", {"wrist_cam": "side_cam"})
    with pytest.raises(DynacollectError, match="side_cam has a pose to the flange, and in the rig it is fixed"):
        imported(crossed, created=made.CREATED, rig=load_rig("cell"))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_written_where_one_file_exists(form: Export, tmp_path: Path) -> None:
    (tmp_path / "wrist_cam.yaml").write_text("mine")
    with pytest.raises(DynacollectError, match="exists and is left as it is"):
        export(made.file(0), form, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["wrist_cam.yaml"]
    assert (tmp_path / "wrist_cam.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["../front", "a/b", "/tmp/front"])
def test_a_camera_name_is_no_path(name: str, tmp_path: Path) -> None:
    file = made.file(0)
    renamed = file.model_copy(update={"cameras": {name: file.cameras["side_cam"]}})
    with pytest.raises(DynacollectError, match="cannot be a file's name; rename the camera"):
        export(renamed, "opencv", tmp_path)
