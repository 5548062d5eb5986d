"""Networks as segmenters: masks on the right pixels, whose they are, and what is wrong said in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.tracking.from_sequence import track_sequence
from dynacollect.tracking.seeing.appearance import Appearance
from dynacollect.tracking.seeing.background import Background
from dynacollect.tracking.seeing.segment import AppearanceSegmenter
from dynacollect.tracking.seeing.ultralytics import network as networks
from dynacollect.tracking.seeing.ultralytics.naming import all_called, called, words_of
from dynacollect.tracking.seeing.ultralytics.network import Network
from dynacollect.tracking.seeing.ultralytics.segmenter import BoxSegmenter, MaskSegmenter
from dynacollect.tracking.seeing.ultralytics.sharing import assigned, disjoint
from dynacollect.tracking.seeing.ultralytics.weights import Weights
from dynacollect.tracking.sequences.read import read_sequence

from .made_sequences import write_data_set
from .painted_head import (
    BLUE,
    CLASSES,
    COLOURS,
    RED,
    Head,
    around,
    embedded,
    frames,
    iou,
    oval,
    picture,
    save_network,
)

VIEW = {"cam": (360, 480)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("weights")


@pytest.fixture(scope="module")
def weights(folder: Path) -> Path:
    return save_network(folder / "painted.pt", CLASSES)


def seeing(
    weights: Path, names: Mapping[str, str], size: int = 320, colours: Mapping[int, Any] = COLOURS,
    views: Mapping[str, tuple[int, int]] = VIEW, known: Mapping[str, Appearance] | None = None,
) -> tuple[MaskSegmenter, Head]:  # fmt: skip
    """A segmenter whose network knows the true answer; of colours it knows only those of the empty scene."""
    network, head = Network(weights, "cpu", 0.05, size), Head(colours)
    head.put_on(network.model)
    objects = all_called(network.labels, {key: words_of(name) for key, name in names.items()}, weights)
    empty = {camera: Background(picture(shape)) for camera, shape in views.items()}
    return MaskSegmenter(
        network, objects, 0.25, AppearanceSegmenter(empty, known or dict.fromkeys(names, Appearance()))
    ), head


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((360, 480), 320),
        ((720, 1280), 640),
        ((251, 333), 480),
        pytest.param((360, 480), 480, marks=pytest.mark.long),
        pytest.param((251, 333), 320, marks=pytest.mark.long),
    ],
)
def test_masks_lie_where_the_objects_are(weights: Path, shape: tuple[int, int], size: int) -> None:
    """Through scaling to the network's size and its borders, and back; sides need not be whole multiples."""
    scale = shape[1] / 480
    ball = oval(shape, 120.3 * scale, 100.6 * scale, (52 * scale, 33 * scale))
    mug = oval(shape, 330 * scale, 180 * scale, (40 * scale, 60 * scale), -30)
    segmenter, _ = seeing(weights, {"a": "tennis_ball", "b": "mug"}, size)
    shown = frames(cam=picture(shape, (ball, RED), (mug, BLUE)))
    masks = segmenter.segment(shown, {"cam": {"a": around(ball), "b": around(mug)}}, {}).views["cam"]
    coarse = max(1.0, shape[1] / size)
    for name, true in (("a", ball), ("b", mug)):
        found = masks[name].pixels
        assert found.shape == shape
        assert iou(found, true) > 0.95
        off = np.argwhere(found).mean(axis=0) - np.argwhere(true).mean(axis=0)
        assert np.abs(off).max() < 0.25 * coarse
    assert masks["a"].score == pytest.approx(0.8)


@pytest.mark.slow
def test_all_views_of_all_sizes_are_one_inference(weights: Path) -> None:
    segmenter, head = seeing(weights, {"a": "tennis_ball"}, views={"one": (360, 480), "two": (240, 320)})
    near, far = oval((360, 480), 200, 150, (40, 40)), oval((240, 320), 80, 90, (20, 20))
    shown = frames(one=picture((360, 480), (near, RED)), two=picture((240, 320), (far, RED)))
    masks = segmenter.segment(shown, {"one": {"a": around(near)}, "two": {"a": around(far)}}, {})
    pieces = segmenter.find(shown, ["a"], {})
    assert head.asked == 1
    for camera, true in (("one", near), ("two", far)):
        assert iou(masks.views[camera]["a"].pixels, true) > 0.95
        assert iou(pieces[camera]["a"][0].pixels, true) > 0.95
    segmenter.find(frames(**{name: frame.image for name, frame in shown.frames.items()}), ["a"], {})
    assert head.asked == 2


@pytest.mark.slow
def test_what_the_arm_covers_is_in_no_mask(weights: Path) -> None:
    segmenter, _ = seeing(weights, {"a": "tennis_ball"})
    ball = oval((360, 480), 200, 150, (50, 40))
    arm = np.zeros(ball.shape, bool)
    arm[:, 200:] = True
    shown = frames(cam=picture(ball.shape, (ball, RED)))
    found = segmenter.segment(shown, {"cam": {"a": around(ball)}}, {"cam": arm}).views["cam"]["a"].pixels
    (piece,) = segmenter.find(shown, ["a"], {"cam": arm})["cam"]["a"]
    for mask in (found, piece.pixels):
        assert not (mask & arm).any()
        assert iou(mask, ball & ~arm) > 0.93
    assert segmenter.segment(shown, {"cam": {"a": around(ball)}}, {"cam": ~arm | arm}).views == {"cam": {}}


@pytest.mark.slow
@pytest.mark.parametrize("swapped", [False, True])
def test_alike_ones_are_told_by_where_they_are_expected(weights: Path, swapped: bool) -> None:
    segmenter, _ = seeing(weights, {"first": "tennis_ball", "second": "tennis_ball"})
    balls = [oval((360, 480), x, 180, (30, 30)) for x in (150, 230)]
    names = ["second", "first"] if swapped else ["first", "second"]
    regions = {name: around(ball, (14, 5)) for name, ball in zip(names, balls, strict=True)}
    masks = segmenter.segment(
        frames(cam=picture((360, 480), *((ball, RED) for ball in balls))), {"cam": regions}, {}
    ).views["cam"]
    for name, ball in zip(names, balls, strict=True):
        assert iou(masks[name].pixels, ball) > 0.95


@pytest.mark.slow
def test_an_object_is_not_taken_for_one_of_another_class(weights: Path) -> None:
    segmenter, _ = seeing(weights, {"a": "tennis_ball", "b": "mug"})
    ball = oval((360, 480), 200, 150, (50, 40))
    shown = frames(cam=picture(ball.shape, (ball, RED)))
    assert set(segmenter.segment(shown, {"cam": {"b": around(ball)}}, {}).views["cam"]) == set()
    assert segmenter.find(shown, ["a", "b"], {})["cam"]["b"] == ()


@pytest.mark.slow
def test_an_object_that_is_elsewhere_is_not_the_expected_one(weights: Path) -> None:
    segmenter, _ = seeing(weights, {"a": "tennis_ball"})
    ball = oval((360, 480), 100, 100, (30, 30))
    shown = frames(cam=picture(ball.shape, (ball, RED)))
    assert segmenter.segment(shown, {"cam": {"a": around(ball, (200, 100))}}, {}).views == {"cam": {}}


@pytest.mark.slow
def test_what_is_faintly_seen_counts_only_where_it_is_expected(weights: Path) -> None:
    segmenter, _ = seeing(weights, {"a": "tennis_ball"}, colours={0: (RED, 0.1), 1: (BLUE, 0.9)})
    ball = oval((360, 480), 100, 100, (30, 30))
    shown = frames(cam=picture(ball.shape, (ball, RED)))
    assert iou(segmenter.segment(shown, {"cam": {"a": around(ball)}}, {}).views["cam"]["a"].pixels, ball) > 0.95
    assert segmenter.find(shown, ["a"], {}) == {"cam": {"a": ()}}


@pytest.mark.parametrize("seed", range(20))
def test_a_pixel_is_one_object_s_at_most(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (40, 60)
    ovals = [
        oval(shape, x, y, (wide, high)) for x, y, wide, high in rng.uniform((5, 5, 3, 3), (40, 40, 15, 15), (5, 4))
    ]
    claims = [(str(index), pixels, float(rng.random())) for index, pixels in enumerate(ovals)]
    hidden = rng.random(shape) < 0.1
    masks = disjoint(claims, hidden)
    assert np.sum([mask.pixels for mask in masks.values()], axis=0).max() <= 1
    best = max(claims, key=lambda claim: claim[2] if (claim[1] & ~hidden).any() else -1)
    assert (masks[best[0]].pixels == (best[1] & ~hidden)).all()
    for name, pixels, _ in claims:
        if name in masks:
            assert not (masks[name].pixels & (~pixels | hidden)).any()
            assert np.count_nonzero(masks[name].pixels) > 0.5 * np.count_nonzero(pixels & ~hidden)


def test_objects_are_shared_out_so_that_all_fit_best() -> None:
    """The nearest for one alone would leave the other with nothing."""
    shape = (100, 200)
    left, right = (oval(shape, x, 50, (20, 20), 0) for x in (70, 100))
    found = [
        networks.Detection(0, 0.9, (50, 30, 90, 70), left),
        networks.Detection(0, 0.8, (80, 30, 120, 70), right),
    ]
    wanted = {"a": around(left, (10, 0)), "b": around(left, (-2, 0))}
    shared = assigned(found, wanted, {"a": frozenset({0}), "b": frozenset({0})})
    assert shared["a"] is found[1] and shared["b"] is found[0]


def test_an_object_is_called_as_in_the_catalogue_or_as_people_say() -> None:
    labels = {0: "Beer-Can", 1: "soda can", 2: "can", 3: "ping pong ball"}
    words = {name: words_of(name) for name in ("beer_can", "can", "ping_pong_ball", "mug")}
    assert called(labels, words) == {"beer_can": {0}, "can": {2}, "ping_pong_ball": {3}}
    assert called({0: "cola can"}, words) == {"can": {0}}
    assert words_of("thing_of_mine") == ("thing_of_mine",)


@pytest.mark.slow
def test_boxes_are_filled_by_colour(folder: Path) -> None:
    """What a network without masks is good for, as YOLO-World: two alike things, of which one is meant."""
    shape = (240, 320)
    by_colour = embedded({"a": RED, "b": RED})
    network = Network(save_network(folder / "boxes.pt", CLASSES, "yolo11n.yaml"), "cpu", 0.25, 320)
    assert not network.gives_pixels
    head = Head(COLOURS)
    network.model.model.register_forward_hook(lambda *given: head(*given)[0][:, : 4 + len(CLASSES)])
    segmenter = BoxSegmenter(network, {"a": frozenset({0}), "b": frozenset({0})}, 0.25, by_colour)
    one, other = oval(shape, 110, 100, (25, 18)), oval(shape, 220, 150, (20, 28))
    shown = frames(cam=picture(shape, (one, RED), (other, RED)))
    by_colour.backgrounds["cam"].look(shown.frames["cam"].image)
    masks = segmenter.segment(shown, {"cam": {"a": around(other, (5, -6)), "b": around(one)}}, {}).views["cam"]
    assert iou(masks["a"].pixels, other) > 0.85 and iou(masks["b"].pixels, one) > 0.85
    pieces = segmenter.find(shown, ["a"], {})["cam"]["a"]
    assert len(pieces) == 2 and max(iou(piece.pixels, one) for piece in pieces) > 0.85


@pytest.mark.slow
def test_the_tracker_follows_what_a_network_shows(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drawn ball from first sight to a healthy state, with no more than the file's name said."""
    file = save_network(folder / "green.pt", {0: "tennis_ball"})
    head, load = Head({0: (np.array([40.0, 200.0, 60.0]), 0.9)}, off=90.0), networks.load
    monkeypatch.setattr(networks, "load", lambda path: head.put_on(load(path)))
    sequence = read_sequence(write_data_set(tmp_path / "ball", frames=6) / "000000")
    steps = list(track_sequence(sequence, Weights(str(file), "cpu")))
    assert head.asked == len(steps)
    last = steps[-1].states["tennis_ball"]
    true = sequence.truth["tennis_ball"].at(last.valid_at)
    assert last.health > 0.5
    assert np.linalg.norm(last.position - true.translation) < 0.005


@pytest.mark.slow
@pytest.mark.parametrize("colour", [RED, BLUE])
def test_what_is_found_is_outlined_by_its_colours_if_they_agree(weights: Path, colour: np.ndarray) -> None:
    """A coarse network: six pixels to one of its masks'. What was learnt in blue says nothing of a red thing."""
    shape, by_colour = (240, 320), embedded({"a": colour})
    network, head = Network(weights, "cpu", 0.05, 224), Head(COLOURS)
    head.put_on(network.model)
    segmenter = MaskSegmenter(network, {"a": frozenset({0})}, 0.25, by_colour)
    ball = oval(shape, 150, 110, (9, 14))
    shown = frames(cam=picture(shape, (ball, RED)))
    by_colour.backgrounds["cam"].look(shown.frames["cam"].image)
    coarse = segmenter.segment(shown, {"cam": {"a": around(ball)}}, {}).views["cam"]["a"].pixels
    (found,) = segmenter.find(shown, ["a"], {})["cam"]["a"]
    if colour is RED:
        assert iou(found.pixels, ball) > max(0.9, iou(coarse, ball))
    else:
        assert (found.pixels == coarse).all()
