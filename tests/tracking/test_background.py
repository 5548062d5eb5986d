"""The empty scene in today's light, on painted pictures whose light and noise are known."""

from __future__ import annotations

import numpy as np
import pytest

from dynacollect.rig.errors import DynacollectError
from dynacollect.tracking.seeing.background import Background

from .still_life import BALL, HEIGHT, WIDTH, Lamp, Scene, Table

WHOLE = (0, 0, WIDTH, HEIGHT)
CLOUDS = Table("clouds", (0.40, 0.25, 0.12), (0.22, 0.13, 0.06))
EVENING = Lamp(cast=(0.9, 0.6, 0.4), slope=(0.3, -0.15), vignetting=0.3)


def ideal(scene: Scene) -> np.ndarray:
    """The picture without noise, before rounding: the mean of several."""
    return np.mean([scene.picture(100 + seed).astype(float) for seed in range(6)], axis=0)


@pytest.mark.parametrize("lamp", [Lamp(), EVENING, Lamp(cast=(1.4, 1.4, 1.5), slope=(0.1, 0.2))])
def test_another_light_is_told_from_one_picture(lamp: Lamp) -> None:
    background = Background(Scene(CLOUDS).picture(1))
    background.look(Scene(CLOUDS, lamp=lamp).picture(2))
    expected, _ = background.within(WHOLE)
    wrong = np.abs(expected - ideal(Scene(CLOUDS, lamp=lamp)))
    # The plate's own noise is in what is expected.
    assert np.quantile(wrong, 0.9) < 6.0
    assert np.abs(np.mean(expected - ideal(Scene(CLOUDS, lamp=lamp)))) < 0.7


def test_a_third_of_the_picture_may_show_something_else() -> None:
    background = Background(Scene(CLOUDS).picture(1))
    scene = Scene(CLOUDS, lamp=EVENING)
    picture = scene.picture(2)
    rng = np.random.default_rng(0)
    picture[60:200, 120:290] = np.repeat(np.repeat(rng.integers(0, 255, (14, 17, 3)), 10, 0), 10, 1)
    background.look(picture)
    expected, _ = background.within(WHOLE)
    wrong = (expected - ideal(scene)).reshape(-1, 3)
    assert np.abs(wrong.mean(axis=0)).max() < 2.0
    assert np.quantile(np.abs(wrong), 0.9) < 8.0


@pytest.mark.parametrize(("read", "shot"), [(0.8, 0.01), (2.5, 0.0), (2.0, 0.08)])
def test_sigma_is_what_the_difference_really_varies_by(read: float, shot: float) -> None:
    lamp = Lamp(read=read, shot=shot)
    background = Background(Scene(CLOUDS, lamp=lamp).picture(1))
    picture = Scene(CLOUDS, lamp=lamp).picture(2)
    for _ in range(3):
        background.look(picture)
    expected, sigma = background.within(WHOLE)
    assert 0.85 < np.std((picture - expected) / sigma) < 1.12


def test_edges_of_the_plate_are_trusted_less_when_the_camera_shakes() -> None:
    checks = Table("checks", (0.5, 0.1, 0.1), (0.6, 0.55, 0.5))
    plate = Scene(checks).picture(1)
    still, shaken = Background(plate), Background(plate)
    picture = Scene(checks).picture(2)
    moved = (0.7 * picture + 0.3 * np.roll(picture, 1, axis=1)).astype(np.uint8)
    still.look(picture)
    shaken.look(moved)
    assert still.light.noise.shake < 0.1 < shaken.light.noise.shake


def test_an_object_does_not_vanish_in_the_light() -> None:
    background = Background(Scene(CLOUDS).picture(1))
    scene = Scene(CLOUDS, (BALL,), EVENING)
    picture, mask = scene.picture(2), scene.mask()
    background.look(picture)
    expected, sigma = background.within(WHOLE)
    away = np.abs(picture - expected) / sigma
    assert np.median(away[mask].max(axis=1)) > 10
    assert np.abs(np.mean((expected - ideal(scene.empty()))[mask])) < 2.0


def test_what_the_arm_covers_in_the_plate_is_not_known() -> None:
    covered = np.zeros((HEIGHT, WIDTH), bool)
    covered[50:90, 100:140] = True
    plate = Scene(CLOUDS).picture(1)
    plate[covered] = 230
    background = Background(plate, covered=covered)
    background.look(Scene(CLOUDS).picture(2))
    _, sigma = background.tones_within(WHOLE)
    assert sigma[covered].min() > 1.0 > sigma[~covered].max()


def test_several_plates_have_less_noise_than_one() -> None:
    scene = Scene(CLOUDS)
    one = Background(scene.picture(1))
    many = Background(*(scene.picture(seed) for seed in range(1, 7)))
    picture = scene.picture(20)
    for background in (one, many):
        background.look(picture)
    assert many.light.noise.sigma(many.tones_within(WHOLE)[0], np.zeros((HEIGHT, WIDTH), np.float32)).mean() < (
        0.9 * one.light.noise.sigma(one.tones_within(WHOLE)[0], np.zeros((HEIGHT, WIDTH), np.float32)).mean()
    )


def test_a_picture_of_another_size_is_refused() -> None:
    background = Background(Scene(CLOUDS).picture(1))
    with pytest.raises(DynacollectError, match="does not fit a plate of 320x240"):
        background.look(np.zeros((120, 160, 3), np.uint8))
