"""Pictures with their corners drawn in: the ones that fit worst, and those that were left out."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ...rig.nouns import Vector
from ..layout import SUFFIXES, Layout
from ..result import Calibration
from .left_out import left_out
from .markup import Markup, joined, tag
from .numbers import short
from .svg import round_up, svg

WIDEST = 480
"""Pixels of a picture in the page."""
QUALITY = 60
WORST, MOST_LEFT_OUT = 6, 18
SHOWN = 360
"""Pixels that it is about as wide as on the screen."""
ROOM, LEAST_SHARE = 1.5, 0.25
"""How much larger than the board the part shown is, and at least which share of the picture."""
DRAWN = 0.03
"""Share of the width that the usual error is drawn at, if it is smaller."""


class Area(NamedTuple):
    """A part of a picture."""

    x: int
    y: int
    width: int
    height: int


def worst_views(calibration: Calibration, folder: Path) -> Markup:
    """The views that counted and fit worst."""
    used = [number for number, view in enumerate(calibration.views) if not view.rejected]
    used.sort(key=lambda number: -calibration.views[number].rms_px)
    return tag("div", [_view(calibration, number, folder) for number in used[:WORST]], class_="three")


def left_out_pictures(calibration: Calibration, layout: Layout, folder: Path) -> Markup:
    """The first ones as pictures; the page lists all of them beside."""
    cards = []
    for one in left_out(calibration, layout)[:MOST_LEFT_OUT]:
        if one.view is not None:
            cards.append(_view(calibration, one.view, folder))
        else:
            cards.append(_card(_plain(folder / one.picture, one.picture), one.picture, one.reason))
    return tag("div", cards, class_="three")


def _view(calibration: Calibration, number: int, folder: Path) -> Markup:
    view, camera = calibration.views[number], calibration.cameras[calibration.views[number].camera]
    mine = calibration.corners.view == number
    corners = calibration.corners
    pixels, errors, used = corners.pixels[mine], corners.errors[mine], corners.used[mine].astype(bool)
    found = find_picture(folder / view.mounting / view.camera, view.frame)
    area = around(pixels, camera.size)
    words = view.rejected or f"{short(view.rms_px)} px rms, {view.used} of {view.corners} corners used"
    if view.rejected and mine.any():
        words = f"{words} ({short(view.rms_px)} px rms)"
    drawn = marked(None if found is None else _jpeg(found, area), area, pixels, errors, used)
    return _card(drawn, f"{view.mounting}/{view.camera}/{view.frame:03d}", words)


def around(pixels: Vector, size: tuple[int, int]) -> Area:
    """The part of the picture with the corners and some room, as wide to its height as the picture."""
    if not len(pixels):
        return Area(0, 0, *size)
    low, high = pixels.min(axis=0), pixels.max(axis=0)
    share = min(1.0, max(ROOM * float(((high - low) / size).max()), LEAST_SHARE))
    whole = np.array(size)
    part = np.rint(share * whole).astype(int)
    corner = np.clip(np.rint((low + high - part) / 2), 0, whole - part).astype(int)
    return Area(*corner.tolist(), *part.tolist())


def marked(jpeg: str | None, area: Area, pixels: Vector, errors: Vector, used: NDArray[np.bool_]) -> Markup:
    """Seen corners as rings, predicted ones as crosses, and between them a line that is drawn longer if it is short."""
    unit = area.width / SHOWN
    counted = errors[used] if used.any() else errors
    usual = float(np.sqrt((counted**2).sum(axis=1).mean())) if len(errors) else 0.0
    zoom = max(1.0, round_up(DRAWN * area.width / usual)) if usual else 1.0
    parts: list[Markup] = [tag("rect", width=area.width, height=area.height, class_="unseen")]
    if jpeg:
        parts.append(tag("image", href=jpeg, width=area.width, height=area.height))
    for seen, error, kept in zip(pixels - (area.x, area.y) + 0.5, errors, used, strict=True):
        parts.append(_corner(seen, error, zoom, unit, "kept" if kept else "off"))
    if len(errors):
        words = f"errors drawn {zoom:g} times as long" if zoom > 1 else "errors drawn as they are"
        spot = {"x": 6 * unit, "y": area.height - 7 * unit}
        parts.append(
            tag(
                "text",
                words,
                **spot,
                class_="on-picture",
                style=f"font-size:{12 * unit:.2f}px;stroke-width:{3 * unit:.2f}px",
            )
        )
    return svg(area.width, area.height, "Seen and predicted corners", parts)


def _corner(seen: Vector, error: Vector, zoom: float, unit: float, kind: str) -> Markup:
    (x, y), (a, b), end = seen, seen + error, seen + zoom * error
    arm = 3 * unit
    cross = f"M{a - arm:.2f} {b:.2f}h{2 * arm:.2f}M{a:.2f} {b - arm:.2f}v{2 * arm:.2f}"
    return joined(
        tag("circle", cx=float(x), cy=float(y), r=5 * unit, class_=f"ring {kind}", stroke_width=1.2 * unit),
        tag("path", d=f"M{x:.2f} {y:.2f}L{end[0]:.2f} {end[1]:.2f}", class_=f"error {kind}", stroke_width=1.6 * unit),
        tag("path", d=cross, class_="cross", stroke_width=0.9 * unit),
    )


def _plain(path: Path, name: str) -> Markup:
    jpeg = _jpeg(path)
    return tag("img", src=jpeg, alt=name) if jpeg else tag("p", "The picture is not there any more.")


def _card(picture: Markup, name: str, words: str) -> Markup:
    return tag("figure", picture, tag("figcaption", tag("b", name), " ", words))


def find_picture(home: Path, frame: int) -> Path | None:
    """A camera's picture of a frame, however many noughts its name has."""
    files = sorted(home.iterdir()) if home.is_dir() else []
    named = (path for path in files if path.suffix.lower() in SUFFIXES and path.stem.isascii() and path.stem.isdigit())
    return next((path for path in named if int(path.stem) == frame), None)


def _jpeg(path: Path, area: Area | None = None) -> str | None:
    """A small copy for the page; None where there is nothing to read."""
    if not path.is_file():
        return None
    flags = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    data = np.frombuffer(path.read_bytes(), np.uint8)
    read = cv2.imdecode(data, flags) if data.size else None
    if read is None:
        return None
    image: NDArray[np.generic] = read
    if image.dtype == np.uint16:
        values = image.astype(np.float32)
        image = np.clip(values * (255.0 / max(float(np.percentile(values, 99.5)), 1.0)), 0, 255).astype(np.uint8)
    if area is not None:
        image = image[area.y : area.y + area.height, area.x : area.x + area.width]
    share = min(1.0, WIDEST / image.shape[1])
    small = cv2.resize(np.asarray(image, np.uint8), None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")
