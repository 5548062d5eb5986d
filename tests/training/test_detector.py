"""`objects train-detector`: labels that say what pictures show, pictures that can be had again, and the whole way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from dynacollect.rig.errors import DynacollectError
from dynacollect.tracking.seeing.ultralytics.network import Network
from dynacollect.tracking.seeing.ultralytics.offline import ultralytics
from dynacollect.training.detector import dataset, train
from dynacollect.training.detector.dataset import Plan, Scene
from dynacollect.training.detector.labels import LEAST_PX, line_of, mask_of
from dynacollect.training.detector.scenes import pictures
from dynacollect.training.detector.train import train_detector

SHAPE = (96, 128)
PLAN = Plan(("mug", "cube"), "yolo11n-seg.yaml", pictures=32, epochs=1, size=SHAPE[1], seed=3)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few pictures of each scene."""
    monkeypatch.setattr("dynacollect.training.detector.scenes.LAYOUTS", 2)


def iou(one: np.ndarray, other: np.ndarray) -> float:
    return np.count_nonzero(one & other) / np.count_nonzero(one | other)


def blobs(seed: int, parts: int, holes: int) -> np.ndarray:
    """Ovals with ovals cut out of them."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((180, 240), np.uint8)
    for value, count, (low, high) in ((1, parts, (15, 45)), (0, holes, (4, 12))):
        for _ in range(count):
            place, half = rng.uniform((40, 40), (200, 140)), rng.uniform(low, high, 2)
            cv2.ellipse(mask, (tuple(place), tuple(2 * half), rng.uniform(0, 180)), value, -1)
    return mask > 0


@pytest.mark.parametrize("parts", [1, 2, 4])
@pytest.mark.parametrize("holes", [0, 1, 5])
def test_a_mask_comes_back_from_its_label(parts: int, holes: int) -> None:
    for seed in range(10):
        mask = blobs(seed, parts, holes)
        line = line_of(4, mask)
        assert line is not None
        label, found = mask_of(line, (180, 240))
        assert label == 4
        assert iou(found, mask) >= (1.0 if (parts, holes) == (1, 0) else 0.98)


def test_ultralytics_reads_the_same_mask() -> None:
    ultralytics()
    from ultralytics.data.utils import polygon2mask

    for seed in range(10):
        mask = blobs(seed, 2, 2)
        corners = np.array((line_of(0, mask) or "").split()[1:], float).reshape(-1, 2) * (240, 180)
        assert iou(polygon2mask((180, 240), [corners.ravel()]) > 0, mask) >= 0.98


def test_what_is_hardly_seen_has_no_label() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[0, : LEAST_PX - 1] = True
    assert line_of(0, mask) is None
    mask[0, :LEAST_PX] = True
    assert line_of(0, mask) is not None


@pytest.mark.usefixtures("_quick")
def test_a_scene_shows_each_thing_where_no_other_is() -> None:
    taken = list(pictures(("mug", "cube"), 5, *SHAPE[::-1]))
    assert len(taken) == 4
    shown = [name for picture in taken for name, _ in picture.shown]
    assert set(shown) == {"mug", "cube"}
    for picture in taken:
        assert picture.image.shape == (*SHAPE, 3) and picture.image.std() > 5
        assert np.sum([np.zeros(SHAPE), *(mask for _, mask in picture.shown)], axis=0).max() <= 1
        for name, mask in picture.shown:
            colour = picture.image[mask].mean(axis=0)
            # The mug is blue and the letter block is not, in any of the drawn lights.
            if name == "mug" and np.count_nonzero(mask) > 60:
                assert colour[2] > colour[0]


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_the_same_seed_gives_the_same_pictures() -> None:
    first, again, other = (list(pictures(("egg",), seed, 64, 48)) for seed in (1, 1, 2))
    for one, two in zip(first, again, strict=True):
        assert np.abs(one.image.astype(int) - two.image).max() <= 2
        assert [name for name, _ in one.shown] == [name for name, _ in two.shown]
    assert any((one.image != two.image).any() for one, two in zip(first, other, strict=True))


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_a_folder_holds_what_yolo_reads_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "detector"
    dataset.begin(folder, PLAN)
    steps = dataset.make(folder, PLAN)
    next(steps)
    steps.close()
    kept = {path: path.stat().st_mtime_ns for path in folder.rglob("*.jpg")}
    assert kept and dataset.counts(folder)["val"] == 0
    dataset.begin(folder, PLAN)
    assert len(list(dataset.make(folder, PLAN))) == PLAN.scenes
    assert all(path.stat().st_mtime_ns == time for path, time in kept.items())
    data = yaml.safe_load((folder / "data.yaml").read_text())
    assert data["names"] == {0: "mug", 1: "cube"} and Path(data["path"]).samefile(folder)
    lines = []
    for part in ("train", "val"):
        images = sorted((folder / "images" / part).glob("*.jpg"))
        assert len(images) == dataset.counts(folder)[part] > 0
        for image in images:
            picture = cv2.imread(str(image))
            assert picture is not None and picture.shape == (*SHAPE, 3)
            lines += (folder / "labels" / part / f"{image.stem}.txt").read_text().splitlines()
    assert {line.split()[0] for line in lines} == {"0", "1"}
    for line in lines:
        corners = np.array(line.split()[1:], float)
        assert len(corners) % 2 == 0 and len(corners) >= 6 and corners.min() > 0 and corners.max() < 1
        assert np.count_nonzero(mask_of(line, SHAPE)[1]) >= LEAST_PX
    with pytest.raises(DynacollectError, match="begun with other settings; give those again"):
        dataset.begin(folder, replace(PLAN, seed=4))


def test_scenes_are_kept_apart(tmp_path: Path) -> None:
    """A room that is measured in is never trained in."""
    numbers = [Scene(number, tmp_path, "").image(0).name[:5] for number in range(100)]
    assert len(set(numbers)) == 100
    assert replace(PLAN, pictures=1).scenes == 2


def test_what_cannot_be_trained_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def complaint(out: str = "new.pt", **changes: object) -> str:
        with pytest.raises(DynacollectError) as caught:
            train_detector(Path(out), replace(PLAN, **changes), "cpu", lambda *_: None)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    (tmp_path / "old.pt").write_bytes(b"mine")
    (tmp_path / "taken").write_bytes(b"mine")
    assert "old.pt exists already; name another file" in complaint("old.pt")
    assert "end it in .pt" in complaint("new.onnx")
    assert "no object 'mugg'; did you mean 'mug'?" in complaint(names=("mugg",))
    assert "nothing is fetched from the network" in complaint(model="yolo11n-seg.pt")
    assert "gives no masks; train one that segments" in complaint(model="yolo11n.yaml")
    assert "yolo99-seg.yaml cannot be loaded" in complaint(model="yolo99-seg.yaml")
    assert "cannot begin in taken" in complaint("taken.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["old.pt", "taken"]
    assert (tmp_path / "old.pt").read_bytes() == (tmp_path / "taken").read_bytes() == b"mine"


@pytest.mark.slow
@pytest.mark.usefixtures("_quick")
def test_a_training_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    out, plan = tmp_path / "mine.pt", replace(PLAN, epochs=3)

    def cut(what: str, done: int, total: int) -> None:
        if what == "Training" and done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_detector(out, plan, "cpu", cut)
    folder = out.with_suffix("")
    rows = (folder / "run" / "results.csv").read_text()
    assert not out.exists() and 1 < len(rows.splitlines()) < 4
    told: list[tuple[str, int, int]] = []
    found = train_detector(out, plan, "cpu", lambda *step: told.append(step))
    after = (folder / "run" / "results.csv").read_text()
    assert after.startswith(rows) and len(after.splitlines()) == 4
    training = [(done, total) for what, done, total in told if what == "Training"]
    assert training[0][0] > 1 and training[-1][0] == training[-1][1]
    assert found.weights == out and found.pictures["train"] + found.pictures["val"] == 8
    assert 0 <= found.mask_map <= found.mask_map50 <= 1 and set(found.per_class) == {"mug", "cube"}
    network = Network(out, "cpu", 0.25, None)
    assert network.labels == {0: "mug", 1: "cube"} and network.gives_pixels
    assert train._trained(None, folder, plan, "cpu", lambda *_: None) == folder / "run" / "weights" / "best.pt"


WATCHED = """
import json, os, sys
asked, written = [], []
def hook(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "subprocess.Popen"):
        asked.append([event, str(args[-1])])
    if event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
        written.append(os.path.abspath(args[0]))
    if event == "open" and isinstance(args[0], str) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        written.append(os.path.abspath(args[0]))
sys.addaudithook(hook)
from dynacollect.rig.cell import scene
from dynacollect.training.detector import scenes
scene.SHADOW_PX, scene.EDGE_SAMPLES, scenes.LAYOUTS = 256, 0, 1
from dynacollect.collector.cli import main
try:
    main()
finally:
    json.dump({"asked": asked, "written": written}, open(os.environ["REPORT"], "w"))
"""


@pytest.mark.long
@pytest.mark.slow
def test_nothing_is_asked_of_the_network_nor_written_elsewhere(tmp_path: Path) -> None:
    """The whole command, watched from within, in an empty home."""
    here, home, spare = (tmp_path / name for name in ("here", "home", "spare"))
    for place in (here, home, spare):
        place.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "YOLO", "TORCH"))}
    environment = {**kept, "HOME": str(home), "TMPDIR": str(spare), "REPORT": str(tmp_path / "report.json")}
    words = ["objects", "train-detector", "mug", "--out", "mug.pt", "--epochs", "1", "--size", "128", "--json"]
    words += ["--pictures", "32"]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, *words], cwd=here, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["classes"] == ["mug"]
    assert sorted(path.name for path in here.iterdir()) == ["mug", "mug.pt"]
    # Torch itself keeps a place for what it might compile.
    assert [path for path in (*home.iterdir(), *spare.iterdir()) if "torchinductor" not in path.name] == []
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["asked"] == []
    elsewhere = [path for path in report["written"] if not path.startswith((str(here), str(spare), "/dev/"))]
    assert [path for path in elsewhere if not path.endswith((".pyc", "__pycache__", "report.json"))] == []
