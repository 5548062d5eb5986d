"""What is written is read again, and whatever is wrong with files is said in a sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from PIL import Image as Picture
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.measures.pose_errors import rotation_error
from dynacollect.tracking.sequences.read import find_sequences, read_sequence
from dynacollect.tracking.sequences.read_models import read_models
from dynacollect.tracking.sequences.write import SeenObject, SequenceWriter
from dynacollect.tracking.sequences.write_models import write_models

from .made_sequences import CAMERAS, LAGS, TARGET, background, standing, write_data_set


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_set(tmp_path_factory.mktemp("sets") / "ball", frames=4)


@pytest.fixture
def copy(written: Path, tmp_path: Path) -> Path:
    """The sequence's folder, to be spoilt."""
    return Path(shutil.copytree(written, tmp_path / "copy")) / "000000"


def edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    rows = json.loads(path.read_text())
    change(rows)
    path.write_text(json.dumps(rows))


def test_what_is_written_is_read(written: Path) -> None:
    sequence = read_sequence(written / "000000")
    assert len(sequence.takes) == 4
    assert not sequence.moves
    for name, camera in sequence.cameras.items():
        assert np.allclose(camera.K, CAMERAS[name].K)
        assert np.allclose(camera.T_parent_camera.as_matrix(), CAMERAS[name].T_parent_camera.as_matrix(), atol=1e-8)
        assert sequence.plate(name) is not None
    frames = sequence.takes[2].frames()
    assert frames.frames["cam2"].captured_at == pytest.approx(0.08 + LAGS["cam2"])
    assert frames.skew == pytest.approx(LAGS["cam2"])
    assert frames.frames["cam1"].image.shape == (180, 240, 3)


def test_truth_is_that_of_each_cameras_own_time(written: Path) -> None:
    truth = read_sequence(written / "000000").truth["tennis_ball"]
    for time in (0.04, 0.04 + LAGS["cam2"], 0.041):
        true = standing("tennis_ball", TARGET + np.array([0.0, 0.3 * (time - 0.08), 0.0]))
        assert np.allclose(truth.at(time).as_matrix(), true.as_matrix(), atol=1e-7)
    assert truth.shares(0.04) == {"cam1": 1.0, "cam2": 1.0}
    assert not truth.knows(0.5)


def test_colours_come_as_red_green_blue(written: Path) -> None:
    sequence = read_sequence(written / "000000")
    pose = sequence.truth["tennis_ball"].at(0.0)
    (u, v) = CAMERAS["cam1"].project(np.asarray(pose.translation)[None])[0].round().astype(int)
    red, green, blue = sequence.takes[0].frames().frames["cam1"].image[v, u].astype(int)
    assert green > 180
    assert max(red, blue) < 90


def test_the_clip_says_what_it_shows_and_borrows_the_plates(written: Path) -> None:
    clip = read_sequence(written / "000000").register
    assert clip is not None
    assert clip.takes[0].shown == ("tennis_ball",)
    assert set(clip.plates) == {"cam1", "cam2"}


def test_sequences_are_found_from_any_folder_above(written: Path) -> None:
    for folder in (written.parent, written, written / "000000"):
        assert [path.name for path in find_sequences(folder)] == ["000000"]


def test_a_camera_may_lack_a_picture(copy: Path) -> None:
    (copy / "rgb_cam2/000001.png").unlink()
    take = read_sequence(copy).takes[1]
    assert take.missing == ("cam2",)
    assert set(take.frames().frames) == {"cam1"}
    assert take.frames().missing == ("cam2",)


def test_without_times_frames_follow_at_25_hz(copy: Path) -> None:
    for name in CAMERAS:
        edit(copy / f"scene_camera_{name}.json", lambda rows: [row.pop("time") for row in rows.values()])  # pyright: ignore[reportAttributeAccessIssue]
    assert [take.time for take in read_sequence(copy).takes] == pytest.approx([0.0, 0.04, 0.08, 0.12])


def test_without_truth_every_model_may_be_there(copy: Path) -> None:
    for path in copy.rglob("scene_gt*"):
        path.unlink()
    sequence = read_sequence(copy)
    assert sequence.truth == {}
    assert list(sequence.objects) == ["tennis_ball"]
    assert sequence.takes[0].shown == ()


def test_pictures_may_be_jpegs_and_plates_may_be_missing(copy: Path) -> None:
    for path in copy.glob("rgb_cam1/*.png"):
        cv2.imwrite(str(path.with_suffix(".jpg")), np.asarray(cv2.imread(str(path))))
        path.unlink()
    (copy / "background_cam1.png").unlink()
    sequence = read_sequence(copy)
    assert sequence.takes[0].frames().frames["cam1"].image.shape == (180, 240, 3)
    assert sequence.plate("cam1") is None
    assert sequence.plate("cam2") is not None


def test_a_camera_that_moves_has_a_model_for_each_frame(copy: Path) -> None:
    def shift(rows: dict[str, dict[str, list[float]]]) -> None:
        rows["2"]["cam_t_w2c"][0] += 10.0

    edit(copy / "scene_camera_cam1.json", shift)  # pyright: ignore[reportArgumentType]
    sequence = read_sequence(copy)
    moved = sequence.takes[2].cameras["cam1"].T_parent_camera.translation
    assert sequence.moves
    assert np.linalg.norm(moved - sequence.cameras["cam1"].T_parent_camera.translation) == pytest.approx(0.01)


def test_alike_objects_have_names_of_their_own(tmp_path: Path) -> None:
    write_models(tmp_path / "models", {3: catalogue.load("can")})
    poses = standing("can", TARGET), standing("can", TARGET + np.array([0.1, 0.0, 0.0]))
    with SequenceWriter(tmp_path / "000000", CAMERAS) as writer:
        for name in CAMERAS:
            writer.add(name, 0, background(0), 0.0, tuple(SeenObject(3, pose) for pose in poses))
    sequence = read_sequence(tmp_path / "000000")
    assert list(sequence.objects) == ["can", "can_2"]
    for name, pose in zip(sequence.objects, poses, strict=True):
        assert np.allclose(sequence.truth[name].at(0.0).as_matrix(), pose.as_matrix(), atol=1e-7)


@pytest.mark.parametrize("name", ["mug", "cuboid", "cube", "bottle", "roll", "tennis_ball"])
def test_shapes_come_back_with_their_symmetry(name: str, tmp_path: Path) -> None:
    model = catalogue.load(name)
    write_models(tmp_path / "models", {1: model})
    shape = read_models(tmp_path / "models")[1].shape
    assert shape.symmetry.kind == model.symmetry.kind
    assert shape.symmetry.flip == model.symmetry.flip
    assert np.allclose(np.sort(shape.vertices, axis=0), np.sort(model.vertices, axis=0), atol=2e-4)
    assert len(shape.faces) == len(model.faces)
    assert trimesh.Trimesh(shape.vertices, shape.faces, process=False).is_watertight
    assert shape.face_colours is not None
    for turn in model.symmetry.rotations:
        assert rotation_error(shape.symmetry, turn, Rotation.identity()) == pytest.approx(0.0, abs=1e-6)


def test_the_origin_goes_to_where_the_symmetries_meet(tmp_path: Path) -> None:
    shift = np.array([20.0, -10.0, 5.0])
    mesh = trimesh.creation.cylinder(25.0, 80.0)
    mesh.apply_translation(shift)
    folder = tmp_path / "models"
    folder.mkdir()
    mesh.export(folder / "obj_000001.ply")
    offset = [float(shift[0]), float(shift[1]), -300.0]
    info = {"1": {"symmetries_continuous": [{"axis": [0, 0, 1], "offset": offset}]}}
    (folder / "models_info.json").write_text(json.dumps(info))
    known = read_models(folder)[1]
    assert known.name == "obj_000001"
    assert np.allclose(known.origin, 1e-3 * shift, atol=1e-6)
    pose = RigidTransform.from_components([0.3, 0.1, 0.2], Rotation.from_euler("xyz", [0.3, -0.2, 1.0]))
    assert np.allclose(known.in_file(known.from_file(pose)).as_matrix(), pose.as_matrix())
    # Where the mesh is does not depend on which frame tells it.
    assert np.allclose(
        known.from_file(pose).apply(known.shape.vertices), pose.apply(known.shape.vertices + known.origin)
    )


def test_colours_are_taken_from_a_texture(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    box = trimesh.creation.box((40.0, 40.0, 40.0))
    uv = np.column_stack([np.where(box.vertices[:, 2] > 0, 0.9, 0.1), np.full(len(box.vertices), 0.5)])
    texture = Picture.fromarray(
        np.repeat(np.array([[[255, 0, 0], [0, 0, 255]]], np.uint8), 8, axis=1).repeat(8, axis=0)
    )
    box.visual = trimesh.visual.TextureVisuals(uv=uv, image=texture)  # pyright: ignore[reportAttributeAccessIssue]
    data = trimesh.exchange.ply.export_ply(box, encoding="ascii").decode()  # pyright: ignore[reportAttributeAccessIssue]
    (folder / "obj_000001.ply").write_text(data.replace("comment", "comment TextureFile obj_000001.png\ncomment", 1))
    texture.save(folder / "obj_000001.png")
    (folder / "models_info.json").write_text('{"1": {}}')
    shape = read_models(folder)[1].shape
    assert shape.face_colours is not None
    heights = shape.vertices[shape.faces][..., 2].mean(axis=1)
    assert (shape.face_colours[heights > 0.019] == [0, 0, 255]).all()
    assert (shape.face_colours[heights < -0.019] == [255, 0, 0]).all()


FAULTS: dict[str, Callable[[Path], object]] = {
    "no rows": lambda at: (at / "scene_camera_cam1.json").write_text("[]"),
    "no JSON": lambda at: (at / "scene_gt_cam1.json").write_text("{"),
    "no number": lambda at: (at / "scene_camera_cam1.json").write_text('{"first": {}}'),
    "no K": lambda at: edit(at / "scene_camera_cam1.json", lambda rows: rows.update({"0": {}})),
    "stray picture": lambda at: shutil.copy(at / "rgb_cam1/000000.png", at / "rgb_cam1/000099.png"),
    "no pictures": lambda at: shutil.rmtree(at / "rgb_cam2"),
    "no models": lambda at: shutil.rmtree(at.parent / "models"),
    "no mesh": lambda at: (at.parent / "models/obj_000007.ply").unlink(),
    "no picture": lambda at: (at / "rgb_cam1/000000.png").write_text("nothing"),
    "unknown object": lambda at: edit(
        at.parent / "models/models_info.json", lambda rows: rows.update({"8": rows.pop("7")})
    ),
    "some times": lambda at: edit(at / "scene_camera_cam1.json", lambda rows: rows["1"].pop("time")),  # pyright: ignore
    "backwards": lambda at: edit(at / "scene_camera_cam1.json", lambda rows: rows["1"].update(time=-1)),  # pyright: ignore
    "no turn": lambda at: edit(at / "scene_camera_cam1.json", lambda rows: rows["1"].update(cam_R_w2c=[2.0] * 9)),  # pyright: ignore
    "metres": lambda at: trimesh.creation.icosphere(radius=0.03).export(at.parent / "models/obj_000007.ply"),
    "no list": lambda at: edit(at / "scene_gt_cam1.json", lambda rows: rows.update({"1": {}})),
    "no axis": lambda at: edit(
        at.parent / "models/models_info.json",
        lambda rows: rows["7"].update(symmetries_continuous=[{"axis": [0, 0, 0]}]),  # pyright: ignore
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_is_said_with_its_remedy(fault: str, copy: Path) -> None:
    FAULTS[fault](copy)
    with pytest.raises(DynacollectError) as told:
        read_sequence(copy)
    sentence = str(told.value)
    assert str(copy.parent) in sentence
    assert ";" in sentence
    assert "\n" not in sentence


def test_nothing_is_written_over(written: Path) -> None:
    with pytest.raises(DynacollectError, match="exists already"):
        SequenceWriter(written / "000000", CAMERAS)


def test_a_folder_without_sequences_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match=r"scene_camera_cam1\.json"):
        find_sequences(tmp_path)
    with pytest.raises(DynacollectError, match="no folder"):
        find_sequences(tmp_path / "nowhere")


def test_a_picture_of_another_size_is_refused_when_it_is_loaded(copy: Path) -> None:
    cv2.imwrite(str(copy / "rgb_cam1/000002.png"), np.zeros((90, 120, 3), np.uint8))
    sequence = read_sequence(copy)
    with pytest.raises(DynacollectError, match="120x90"):
        sequence.takes[2].frames()
