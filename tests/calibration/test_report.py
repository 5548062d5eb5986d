"""The report of a calibration: well-formed, complete, escaped, and with the calibration's own numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.calibration.layout import Layout, Unused
from dynacollect.calibration.lens import LENS_NAMES
from dynacollect.calibration.report import report_html, verdict
from dynacollect.calibration.report.coverage import coverage
from dynacollect.calibration.report.numbers import short, sure
from dynacollect.calibration.report.residual_field import field
from dynacollect.calibration.report.view_bars import bars
from dynacollect.calibration.report.workspace_map import error_grid
from dynacollect.calibration.result import Calibration, HeldOut, ViewReport, Workspace
from dynacollect.calibration.sightings import CalibrationData
from dynacollect.calibration.solve import solve
from dynacollect.rig.nouns import Vector

from .drawn_set import BOARD
from .projector import Scene, scene

SVG = "{http://www.w3.org/2000/svg}"
VOID = {"br", "img", "meta"}
UNUSED = (
    Unused("held/front/091.png", "blurred: edges are 7.1 pixels wide, 5 at most"),
    Unused("table/wrist/092.png", "no marker of the board is seen"),
)


@cache
def solved() -> tuple[Scene, Calibration]:
    made = scene(5, spoil=0.08)
    return made, solve(made.data)


def layout_of(data: CalibrationData) -> Layout:
    return Layout(BOARD, data, UNUSED)


def page(calibration: Calibration, data: CalibrationData, title: str = "A rig") -> str:
    return report_html(calibration, layout_of(data), Path("/nowhere"), title, "2026-01-31T12:00:00Z")


@cache
def plain_page() -> str:
    made, calibration = solved()
    return page(calibration, made.data)


class Reader(HTMLParser):
    """Holds every element to its end, and keeps the words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 # because html.parser fixes the signature
        assert tag not in VOID, f"{tag} is not closed in itself"
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 # because html.parser fixes it
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def figures(text: str, title: str) -> list[ElementTree.Element]:
    """All whose title begins so; each parses as XML by itself."""
    every = [ElementTree.fromstring(part) for part in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]
    return [one for one in every if (one.findtext(f"{SVG}title") or "").startswith(title)]


def words_of(text: str) -> str:
    return " ".join(Reader(text).words)


@pytest.mark.slow
def test_the_page_is_well_formed_and_complete() -> None:
    _, calibration = solved()
    words = words_of(plain_page())
    for camera in calibration.cameras:
        assert camera in words
    assert calibration.rejected()
    for view in calibration.rejected():
        assert f"{view.mounting}/{view.camera}/{view.frame:03d}" in words
        assert view.rejected is not None and view.rejected in words
    for one in UNUSED:
        assert one.picture in words
        assert one.reason in words
    assert BOARD.describe() in words


@pytest.mark.slow
def test_the_page_needs_nothing_else() -> None:
    text = plain_page().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "://" not in text
    assert not re.search(r"<(script|link|iframe)|@import|url\(", text)
    assert "prefers-color-scheme:dark" in text
    assert "@media print" in text


def renamed(calibration: Calibration, old: str, new: str) -> Calibration:
    def name(of: str) -> str:
        return new if of == old else of

    return replace(
        calibration,
        cameras={name(key): replace(camera, name=name(key)) for key, camera in calibration.cameras.items()},
        views=tuple(replace(view, camera=name(view.camera)) for view in calibration.views),
        quality=replace(
            calibration.quality, held_out={name(key): held for key, held in calibration.quality.held_out.items()}
        ),
    )


@pytest.mark.slow
def test_text_is_escaped() -> None:
    made, calibration = solved()
    name = "<b>&"
    text = page(renamed(calibration, "front", name), made.data, "<script>\"alert('x')\"</script>")
    assert "<b>&<" not in text
    assert "<script>" not in text
    assert name in Reader(text).words
    assert "<script>\"alert('x')\"</script>" in Reader(text).words
    assert figures(text, "The workspace")


def test_the_headline_and_the_table_have_the_calibrations_numbers() -> None:
    _, calibration = solved()
    words = words_of(plain_page())
    space = calibration.quality.workspace
    assert space is not None
    assert f"{space.rms_mm:.3f} mm" in words
    assert f"{space.worst_mm:.3f} mm" in words
    for name, held in calibration.quality.held_out.items():
        assert f"{held.rms_mm:.3g} mm" in words
        assert f"held-out error of {name}: {held.rms_px:.3f} px" in words
    for camera in calibration.cameras.values():
        figures_of = [*camera.K[[0, 1, 0, 1], [0, 1, 2, 2]], *camera.distortion]
        for name, value in zip(LENS_NAMES, figures_of, strict=True):
            assert f"{name} {sure(value, camera.lens_std[name])}" in words
        for axis, at, sigma in zip("xyz", camera.pose.translation, camera.pose_std.shift_mm, strict=True):
            assert f"{axis} {sure(1e3 * at, sigma)}" in words


def test_numbers_have_the_digits_that_are_sure() -> None:
    assert sure(402.12345, 0.0213) == "402.123 ± 0.021"
    assert sure(-1349.8, 12.0) == "-1350 ± 12"
    assert [short(value) for value in (0.0917, 0.2107, 17.53, 402.1, 0.0)] == ["0.0917", "0.211", "17.5", "402", "0"]


def test_the_map_has_every_sampled_point() -> None:
    _, calibration = solved()
    space = calibration.quality.workspace
    assert space is not None
    slices = figures(plain_page(), "Expected error")
    shown = [cell.text for one in slices for cell in one.iter(f"{SVG}text") if "on-" in cell.get("class", "")]
    assert sorted(shown, key=str) == sorted(f"{error:.2f}" for error in space.error_mm)
    assert len(figures(plain_page(), "The workspace and the fixed cameras")) == 2


def test_points_that_no_two_cameras_see_stay_empty() -> None:
    _, calibration = solved()
    space = calibration.quality.workspace
    assert space is not None
    few = replace(space, points=space.points[3:], error_mm=space.error_mm[3:])
    grid = error_grid(few)
    assert np.isnan(grid).sum() == 3 + 6**3 - len(space.points)
    assert np.nanmax(grid) == few.worst_mm


def test_bars_are_as_high_as_errors() -> None:
    views = [
        ViewReport("front", "held", 4, 24, 24, 0.2),
        ViewReport("front", "held", 2, 24, 20, 0.1),
        ViewReport("front", "held", 7, 24, 0, 17.5, "it does not fit"),
    ]
    figure = ElementTree.fromstring(bars(views))
    rects = figure.findall(f"{SVG}rect")
    heights = [float(rect.get("height", "")) for rect in rects]
    titles = [rect.findtext(f"{SVG}title") for rect in rects]
    assert heights[1] == pytest.approx(2 * heights[0], abs=0.05)
    assert titles[0] is not None and titles[0].startswith("frame 2: 0.100 px, 20 of 24")
    assert titles[2] == "frame 7: rejected, it does not fit"
    assert "rejected" in rects[2].get("class", "")


def test_every_view_has_a_bar() -> None:
    _, calibration = solved()
    found = figures(plain_page(), "Error of each picture")
    assert sum(len(one.findall(f"{SVG}rect")) for one in found) == len(calibration.views)


def test_coverage_is_that_of_the_views() -> None:
    made, calibration = solved()
    middle = made.data.points.mean(axis=0)
    for camera in calibration.cameras.values():
        seen = coverage(calibration, camera, made.data.points)
        used = [view for view in calibration.views if view.camera == camera.name and not view.rejected]
        assert len(seen.tilt_deg) == len(seen.distance_m) == len(seen.turns_deg) == len(used)
        for view, distance, tilt in zip(used, seen.distance_m, seen.tilt_deg, strict=True):
            flange, board = calibration.robot_poses[view.mounting, view.frame], calibration.boards[view.mounting].pose
            motion = flange if view.mounting == "held" else flange.inv()
            local = camera.pose.inv() * motion * board
            away = local.apply(middle)
            slant = np.rad2deg(np.arccos(abs(local.rotation.as_matrix()[:, 2] @ away) / np.linalg.norm(away)))
            assert distance == pytest.approx(np.linalg.norm(away), rel=0.01)
            assert tilt == pytest.approx(slant, abs=3)


def test_a_gripper_that_turned_about_one_axis_shows_it() -> None:
    made, calibration = solved()
    axis = np.array([0.6, 0.0, 0.8])
    angles = np.random.default_rng(0).uniform(-0.5, 0.5, len(calibration.robot_poses))
    poses = {
        key: RigidTransform.from_rotation(Rotation.from_rotvec(angle * axis))
        for key, angle in zip(calibration.robot_poses, angles, strict=True)
    }
    seen = coverage(replace(calibration, robot_poses=poses), calibration.cameras["front"], made.data.points)
    assert abs(seen.turn_axes[0] @ axis) == pytest.approx(1)
    assert np.abs(seen.turns_deg[:, 1:]).max() < 1e-6 < 10 < np.abs(seen.turns_deg[:, 0]).max()


def test_means_of_noise_are_noise() -> None:
    rng = np.random.default_rng(1)
    pixels, errors = rng.uniform(0, 1, (4000, 2)) * (480, 360), 0.05 * rng.normal(size=(4000, 2))
    assert field(pixels, errors, (480, 360)).against_noise(0.05) == pytest.approx(1, abs=0.2)
    pushed = field(pixels, errors + np.array([0.3, 0.0]), (480, 360))
    assert pushed.mean.mean(axis=0) == pytest.approx([0.3, 0.0], abs=0.01)
    assert pushed.against_noise(0.05) > 5


def arrow_lengths(figure: ElementTree.Element) -> Vector:
    """Of the mean arrows, without the key at the end."""
    paths = [part.get("d", "") for part in figure.iter(f"{SVG}path") if "mean" in part.get("class", "")]
    ends = np.array([[float(number) for number in re.findall(r"-?[\d.]+", path)[:4]] for path in paths[:-1]])
    return np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])


@pytest.mark.slow
def test_a_lens_that_does_not_fit_shows() -> None:
    made = scene(0, frames=18)
    bent = [
        replace(one, pixels=one.pixels + 0.3 * np.sin(one.pixels[:, ::-1] / 25)) if one.camera == "front" else one
        for one in made.data.sightings
    ]
    data = replace(made.data, sightings=tuple(bent))
    text = page(solve(data), data)
    lengths = {
        name: np.sqrt((arrow_lengths(one) ** 2).mean())
        for name, one in zip(["front", "side", "wrist"], figures(text, "Mean errors"), strict=True)
    }
    assert lengths["front"] > 3 * lengths["side"]
    assert lengths["front"] > 3 * lengths["wrist"]
    assert words_of(text).count("The lens does not fit") == 1
    assert "The lens does not fit" not in words_of(plain_page())


@pytest.mark.parametrize(
    ("worst_mm", "held_mm", "grade"),
    [(0.3, 0.5, "good"), (2.0, 0.5, "usable"), (0.3, 4.0, "usable"), (6.0, 0.5, "not good enough"),
     (0.3, 9.0, "not good enough"), (None, 0.5, "good"), (0.3, None, "usable"), (None, 9.0, "not good enough")],
)  # fmt: skip
def test_the_verdict_is_the_worst_of_both(worst_mm: float | None, held_mm: float | None, grade: str) -> None:
    _, calibration = solved()
    corner = np.zeros(3)
    space = None if worst_mm is None else Workspace(corner, corner + 1, corner[None], np.array([worst_mm]))
    held = {} if held_mm is None else {"side": HeldOut(4, 0.5, held_mm)}
    changed = replace(calibration, quality=replace(calibration.quality, workspace=space, held_out=held))
    answer = verdict(changed)
    assert answer.grade == grade
    for figure in (worst_mm, held_mm):
        assert figure is None or f"{figure:.2f}" in answer.sentence


@pytest.mark.slow
def test_one_fixed_camera_has_no_map_but_a_page() -> None:
    made, _ = solved()
    data = replace(made.data, sightings=tuple(one for one in made.data.sightings if one.camera != "side"))
    calibration = solve(data)
    assert calibration.quality.workspace is None
    text = page(calibration, data)
    assert "no error to map" in words_of(text)
    assert figures(text, "Expected error") == []
