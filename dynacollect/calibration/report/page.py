"""The page: first whether to trust the calibration, then why."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...rig.nouns import Vector
from ..layout import Layout
from ..result import Calibration, SolvedCamera
from . import coverage, residual_field
from .camera_table import board_table, camera_table
from .left_out import left_out
from .markup import Markup, joined, tag
from .numbers import short, sure
from .pictures import MOST_LEFT_OUT, left_out_pictures, worst_views
from .style import CSS
from .verdict import verdict
from .view_bars import bars
from .workspace_map import maps

MISFIT = 2.0
"""Mean errors so many times what noise leaves have another cause."""
CLASSES = {"good": "good", "usable": "usable", "not good enough": "bad"}


def report_html(calibration: Calibration, layout: Layout, folder: Path, title: str, created: str) -> str:
    """One HTML file that needs nothing else; `folder` has the pictures, `created` is the date that it shows."""
    head = joined(
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("style", Markup(CSS)),
    )
    body = joined(
        tag("h1", title),
        tag("p", f"Calibration of {', '.join(calibration.cameras)}, {created}", class_="soft"),
        _trust(calibration),
        _cameras(calibration, layout),
        _workspace(calibration),
        _coverage(calibration, layout),
        _residuals(calibration),
        _views(calibration, layout),
        _pictures(calibration, layout, folder),
        _method(calibration, layout),
    )
    return "<!DOCTYPE html>\n" + tag("html", tag("head", head), tag("body", body), lang="en") + "\n"


def _section(heading: str, words: str, *parts: object) -> Markup:
    return tag("section", tag("h2", heading), tag("p", words), *parts)


def _trust(calibration: Calibration) -> Markup:
    answer, quality = verdict(calibration), calibration.quality
    tiles = []
    if (space := quality.workspace) is not None:
        about = f"expected error of an object's position; {short(space.worst_mm)} mm at the worst point"
        tiles.append(_tile(f"{short(space.rms_mm)} mm", about))
    for name, held in quality.held_out.items():
        about = f"held-out error of {name}: {short(held.rms_px)} px over {held.views} views left out and predicted"
        tiles.append(_tile(f"{short(held.rms_mm)} mm", about))
    box = tag("div", tag("b", answer.grade.capitalize()), answer.sentence, class_=f"verdict {CLASSES[answer.grade]}")
    return tag("section", box, tag("div", tiles, class_="tiles"), _sentences(calibration))


def _tile(figure: str, about: str) -> Markup:
    return tag("div", tag("b", figure), about, class_="tile")


def _sentences(calibration: Calibration) -> Markup:
    advice, findings = calibration.quality.advice, calibration.findings
    parts = []
    if findings:
        parts += [tag("h3", "What happened meanwhile"), tag("ul", [tag("li", one) for one in findings])]
    parts.append(tag("h3", "What to do"))
    todo = [tag("li", one) for one in advice]
    parts.append(tag("ul", todo) if todo else tag("p", "Nothing: every number is sure enough."))
    return joined(parts)


def _cameras(calibration: Calibration, layout: Layout) -> Markup:
    words = "Each figure with its one sigma. Rotations' sigmas are about the camera's own axes. Axes are OpenCV's."
    return _section("Cameras", words, tag("div", camera_table(calibration, layout), class_="scroll"))


def _workspace(calibration: Calibration) -> Markup:
    words = (
        "How far off an object's position is expected to be because of the calibration alone, all directions together,"
        " where two fixed cameras see the same point. First from above and from the side, with the worst of what lies"
        " behind each other, then slices from above."
    )
    if (space := calibration.quality.workspace) is None:
        words = "No two fixed cameras see the same space, so there is no error to map."
    else:
        words += (
            f" The box reaches from {_place(space.low)} to {_place(space.high)} m in the robot's base; beyond where the"
            " board was held, errors grow quickly."
        )
    return _section("Error over the workspace", words, maps(calibration))


def _each(calibration: Calibration) -> list[SolvedCamera]:
    return list(calibration.cameras.values())


def _place(point: Vector) -> str:
    return "(" + ", ".join(f"{step:.2f}" for step in point) + ")"


def _coverage(calibration: Calibration, layout: Layout) -> Markup:
    words = (
        "What the views that counted have shown each camera. Good: corners out to the picture's edges, tilts up to 30"
        " deg and more, near and far, and turns of the gripper about at least two axes by 20 deg and more. Axes of"
        " turns are in the flange's frame."
    )
    points = layout.data.points
    parts = [
        joined(tag("h3", one.name), tag("div", coverage.figures(calibration, one, points), class_="figures"))
        for one in _each(calibration)
    ]
    return _section("Coverage", words, parts)


def _residuals(calibration: Calibration) -> Markup:
    words = (
        "Predicted less seen. Where the lens fits, mean arrows are short and point anywhere; red ones are longer than"
        " noise makes them, and many of them in a pattern mean that the lens does not fit there."
    )
    return _section("Where predictions are off", words, [_residual(calibration, one) for one in _each(calibration)])


def _residual(calibration: Calibration, camera: SolvedCamera) -> Markup:
    corners, sigma = calibration.corners, calibration.quality.corner_sigma_px
    mine = np.array([view.camera == camera.name for view in calibration.views])[corners.view.astype(int)]
    used, out = mine & corners.used.astype(bool), mine & ~corners.used.astype(bool)
    found = residual_field.field(corners.pixels[used], corners.errors[used], camera.size)
    drawn = residual_field.arrows(found, camera.size, sigma)
    single = residual_field.scatter(corners.errors[used], corners.errors[out], sigma)
    ratio = found.against_noise(sigma)
    words = (
        f"Mean errors are {ratio:.1f} times what noise alone leaves of them"
        f" ({used.sum()} corners used; {out.sum()} left out, in red)."
    )
    if ratio > MISFIT:
        words += " The lens does not fit: look for a bent board, a lens that is not tight, or a wider lens than usual."
    return joined(tag("h3", camera.name), tag("p", words), tag("div", drawn, single, class_="figures"))


def _views(calibration: Calibration, layout: Layout) -> Markup:
    words = "The error of each picture's corners after the solve. Rejected ones are dashed, with their figure above."
    parts = []
    for camera in _each(calibration):
        views = [view for view in calibration.views if view.camera == camera.name]
        parts += [tag("h3", camera.name), bars(views)]
    rows = [
        tag("tr", tag("td", one.picture), tag("td", one.reason, class_="why")) for one in left_out(calibration, layout)
    ]
    table = tag("table", tag("tbody", rows)) if rows else tag("p", "Every picture counted.")
    return _section("Views", words, parts, tag("h3", "Left out, and why"), table)


def _pictures(calibration: Calibration, layout: Layout, folder: Path) -> Markup:
    words = (
        "Rings: corners as seen. Crosses: as predicted. Lines: from one to the other, drawn longer as stated in each"
        " picture. Red: left out."
    )
    out = left_out(calibration, layout)
    more = f", the first {MOST_LEFT_OUT} of {len(out)}" if len(out) > MOST_LEFT_OUT else ""
    parts = [tag("h3", "Used, and worst"), worst_views(calibration, folder)]
    if out:
        parts += [tag("h3", f"Left out{more}"), left_out_pictures(calibration, layout, folder)]
    return _section("Pictures", words, parts)


def _method(calibration: Calibration, layout: Layout) -> Markup:
    quality = calibration.quality
    noise = (
        f"A corner is measured to {quality.corner_sigma_px:.3f} px by direction, a robot pose to"
        f" {short(quality.robot_sigma_deg)} deg and {short(quality.robot_sigma_mm)} mm by axis (one sigma each)."
    )
    scale = ""
    if calibration.board_scale_std > 0:
        scale = f" Its true size is {sure(calibration.board_scale, calibration.board_scale_std)} times the size stated."
    meaning = (
        "All lenses, cameras, boards and robot poses were solved in one adjustment; what is off by far more than the"
        " noise was left out. One sigma means: two times out of three the truth is nearer than this. It comes from the"
        " noise that the data show, and knows nothing of mistakes that all views share, such as a bent board or a robot"
        " that is wrong everywhere in the same way. Held-out errors are measured: those views were left out of a second"
        " solve and predicted from the robot's poses as told, so they hold the robot's own error too."
    )
    board = f"{layout.board.describe()}.{scale}"
    return _section("Board, noise, and what the figures mean", board, tag("p", noise), board_table(calibration),
                    tag("p", meaning))  # fmt: skip
