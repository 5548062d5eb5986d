"""How well each picture of a camera fits."""

from __future__ import annotations

from collections.abc import Sequence

from ..result import ViewReport
from .markup import Markup, joined, tag
from .numbers import short
from .svg import Axis, axes, svg, text

WIDTH, HEIGHT = 1100, 190
ROOM = 1.25


def bars(views: Sequence[ViewReport]) -> Markup:
    """One bar for each picture, by frame; rejected ones reach the top and have their figure above."""
    ordered = sorted(views, key=lambda view: view.frame)
    used = [view.rms_px for view in ordered if not view.rejected]
    x = Axis(0, max(len(ordered), 1), 46, WIDTH - 10)
    y = Axis(0, ROOM * max(used, default=1.0) or 1.0, HEIGHT - 40, 26)
    step = max(1, len(ordered) // 40)
    parts = [axes(x, y, "", "rms error [px]", most_x=0, most_y=4)]
    for index, view in enumerate(ordered):
        parts.append(_bar(view, x, y, index))
        if index % step == 0:
            parts.append(text(x.at(index + 0.5), HEIGHT - 26, view.frame))
    parts.append(text((46 + WIDTH) / 2, HEIGHT - 8, "frame"))
    return svg(WIDTH, HEIGHT, "Error of each picture", parts)


def _bar(view: ViewReport, x: Axis, y: Axis, index: int) -> Markup:
    top = y.at(y.high) if view.rejected else y.at(view.rms_px)
    said = f"frame {view.frame}: {short(view.rms_px)} px, {view.used} of {view.corners} corners used"
    if view.rejected:
        said = f"frame {view.frame}: rejected, {view.rejected}"
    wide = x.at(1) - x.at(0)
    place = {"x": x.at(index) + 0.1 * wide, "y": top, "width": 0.8 * wide, "height": y.at(0) - top}
    bar = tag("rect", tag("title", said), **place, class_="bar rejected" if view.rejected else "bar")
    if not view.rejected:
        return bar
    return joined(bar, text(x.at(index + 0.5), 20, short(view.rms_px) if view.rms_px else "-", class_="off"))
