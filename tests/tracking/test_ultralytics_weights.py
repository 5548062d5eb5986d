"""Weights of all kinds: what becomes of each, what it reads words by, and what is wrong in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Mask, Masks
from dynacollect.tracking.seeing.appearance import Appearance
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.seeing.ultralytics import offline, sam
from dynacollect.tracking.seeing.ultralytics.naming import all_called, words_of
from dynacollect.tracking.seeing.ultralytics.network import Network
from dynacollect.tracking.seeing.ultralytics.sam import SamSegmenter
from dynacollect.tracking.seeing.ultralytics.segmenter import BoxSegmenter, MaskSegmenter
from dynacollect.tracking.seeing.ultralytics.vocabulary import teach
from dynacollect.tracking.seeing.ultralytics.weights import Weights

from .painted_head import (
    BLUE,
    CLASSES,
    RED,
    around,
    embedded,
    frames,
    oval,
    picture,
    save_network,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def weights(folder: Path) -> Path:
    return save_network(folder / "painted.pt", CLASSES)


@pytest.mark.slow
def test_words_that_are_set_need_nobody_to_read_them(folder: Path) -> None:
    """As with open-vocabulary weights that were saved with their classes."""
    import torch

    package = offline.ultralytics()
    torch.manual_seed(0)
    model = package.YOLOE("yoloe-11s-seg.yaml")
    words = {"a": words_of("tennis_ball"), "b": words_of("mug")}
    bare, told = folder / "yoloe-11s-seg.pt", folder / "told.pt"
    model.save(bare)
    with pytest.raises(DynacollectError, match=r"mobileclip_blt\.ts, which is not beside it; put it there"):
        teach(Network(bare, "cpu", 0.25, 128), words)
    model.set_classes(["mug", "tennis ball"], torch.nn.functional.normalize(torch.randn(1, 2, 512), dim=2))
    model.save(told)
    network = Network(told, "cpu", 1e-4, 128)
    teach(network, words)
    objects = all_called(network.labels, words, told)
    assert objects == {"a": {1}, "b": {0}}
    found = network([picture((96, 128), (oval((96, 128), 60, 50, (20, 20)), RED))], [0, 1])[0]
    assert all(one.pixels is not None and one.pixels.shape == (96, 128) for one in found)


@pytest.mark.slow
def test_yolo_world_says_what_it_reads_words_by(folder: Path) -> None:
    model = offline.ultralytics().YOLOWorld("yolov8s-world.yaml")
    model.save(folder / "yolov8s-world.pt")
    with pytest.raises(DynacollectError, match=r"ViT-B-32\.pt, which is not beside it"):
        teach(Network(folder / "yolov8s-world.pt", "cpu", 0.25, 128), {"a": words_of("marker")})


@pytest.mark.slow
def test_the_file_says_which_segmenter_it_is(weights: Path, folder: Path) -> None:
    by_colour = AppearanceSegmenter({}, {"a": Appearance()})
    assert isinstance(Weights(str(weights), "cpu").segmenter(by_colour, {"a": "mug"}), MaskSegmenter)
    boxes = save_network(folder / "mug_boxes.pt", CLASSES, "yolo11n.yaml")
    assert isinstance(Weights(str(boxes), "cpu").segmenter(by_colour, {"a": "mug"}), BoxSegmenter)


@pytest.mark.slow
def test_weights_are_found_by_name(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "mine.pt").write_bytes(b"")
    assert Weights("mine").path == Weights("mine.pt").path == Path("weights/mine.pt")
    with pytest.raises(DynacollectError, match=r"no weights yolo11n-seg\.pt; .* nothing is fetched from the network"):
        _ = Weights("yolo11n-seg.pt").path


@pytest.mark.slow
def test_what_cannot_be_used_is_one_sentence(weights: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    by_colour = AppearanceSegmenter({}, {"a": Appearance()})

    def complaint(file: Path, device: Any = "cpu", name: str = "mug") -> str:
        with pytest.raises(DynacollectError) as caught:
            Weights(str(file), device).segmenter(by_colour, {"a": name})
        assert "\n" not in str(caught.value) and "; " in str(caught.value)
        return str(caught.value)

    (folder / "notes.pt").write_text("no weights")
    (folder / "sam2_t.pt").write_text("no weights")
    assert "notes.pt cannot be loaded" in complaint(folder / "notes.pt")
    assert "sam2_t.pt cannot be loaded" in complaint(folder / "sam2_t.pt")
    assert "tells classify" in complaint(save_network(folder / "class.pt", CLASSES, "yolo11n-cls.yaml"))
    assert "has no class for hammer, only tennis ball, mug; train one" in complaint(weights, name="hammer")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert "no CUDA device" in complaint(weights, "cuda")


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ultralytics", None)
    with pytest.raises(DynacollectError, match=r"pip install 'dynacollect\[yolo\]'"):
        offline.ultralytics.__wrapped__()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["track", "eval", ".", "--weights", "x.pt"], "add --segmenter yolo"),
        (["track", "eval", ".", "--segmenter", "yolo"], "name its file with --weights"),
        (["track", "eval", ".", "--segmenter", "yolo", "--weights", "x.pt"], "no weights x.pt"),
        (["track", "eval", ".", "--segmenter", "yolo", "--tracker", "centroid"], "leave out --segmenter yolo"),
        (["evaluate", "--weights", "x.pt"], "add --state vision"),
        (["evaluate", "--state", "vision", "--weights", "x.pt"], "no weights x.pt"),
    ],
)
def test_options_that_do_not_go_together_are_one_sentence(words: list[str], complaint: str) -> None:
    done = CliRunner().invoke(cli.app, words, prog_name="dynacollect")
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), done.stderr
    assert complaint in done.stderr


@pytest.mark.slow
def test_sam_is_told_once_and_then_remembers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With weights as they were drawn, so that its masks mean nothing: what it is told, and that it keeps the rules."""
    import torch

    offline.ultralytics()
    torch.manual_seed(0)
    model: Any = import_module("ultralytics.models.sam.build").build_sam2_t()
    with torch.no_grad():
        model.sam_mask_decoder.pred_obj_score_head.layers[-1].bias += 12.0  # It says that all is there.
    torch.save(model.state_dict(), tmp_path / "sam2_t.pt")
    monkeypatch.setattr(sam, "AGREES", 0.0)
    for name in ("PROMPTED_EVERY", "RENEWED_EVERY"):
        monkeypatch.setattr(sam, name, 3)
    monkeypatch.setattr(sam, "REMEMBERED", 2)
    by_colour = embedded({"a": RED, "b": BLUE})
    segmenter = Weights(str(tmp_path / "sam2_t.pt"), "cpu", size=256).segmenter(by_colour, {"a": "mug", "b": "cube"})
    assert isinstance(segmenter, SamSegmenter)
    told: list[Mapping[str, Any]] = []
    prompt: Callable[..., Any] = sam._View.prompt
    monkeypatch.setattr(sam._View, "prompt", lambda self, *given: told.append(given[1]) or prompt(self, *given))
    shape = (240, 320)
    one, other = oval(shape, 110, 100, (25, 18)), oval(shape, 220, 150, (20, 28))
    hidden, seen = np.zeros(shape, bool), 0
    hidden[:, :60] = True
    shown = frames(cam=picture(shape, (one, RED), (other, BLUE)))
    for tick in range(8):
        shown = replace(shown)
        by_colour.backgrounds["cam"].look(shown.frames["cam"].image)
        regions = {"a": around(one, (6, 4)), "b": around(other, (-5, 3))}
        masks = segmenter.segment(shown, {"cam": regions}, {"cam": hidden}).views["cam"]
        seen += len(masks)
        assert np.sum([np.zeros(shape), *(mask.pixels for mask in masks.values())], axis=0).max() <= 1
        assert all(mask.pixels.shape == shape and not (mask.pixels & hidden).any() for mask in masks.values())
        memory = segmenter._views["cam"]._predictor.memory_bank
        assert len(memory) == min(len(told), 2)
        assert len(told) == 1 + tick // 3
    first = told[0]
    assert seen > 0
    for name, true in (("a", one), ("b", other)):
        x, y, width, height = cv2.boundingRect(true.astype(np.uint8))
        assert np.abs(np.array(first[name]) - (x, y, x + width, y + height)).max() <= 2
    assert isinstance(segmenter.find(shown, ["a"], {})["cam"]["a"][0], Mask)
    segmenter.learn(shown, Masks({"cam": {"a": Mask(one, 1.0)}}, 0.0))
