"""Errors over time and how they are spread, as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence as Several
from pathlib import Path

import numpy as np

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.style import CSS
from ...calibration.report.svg import Axis, axes, round_up, svg
from ...rig.errors import DynacollectError
from ...tracking.measures.figures import Measured
from ...tracking.measures.samples import Sample

WIDTH, HEIGHT = 520, 170
CURVES = {
    "position_mm": "position error [mm]",
    "rotation_deg": "rotation error [deg]",
    "velocity_mm_s": "velocity error [mm/s]",
    "predict_mm": "error of the place 230 ms ahead [mm]",
}
SHOWN = 0.98
"""The axis holds this share of the errors."""


def write_plots(path: Path, parts: Mapping[str, Measured]) -> None:
    """A page with every sequence; nothing is overwritten."""
    if path.exists():
        raise DynacollectError(f"{path} exists already; name another file")
    everything = [sample for part in parts.values() for sample in part.samples]
    sections = [_section("all sequences", [_shares(everything, name, words) for name, words in CURVES.items()])]
    for name, part in parts.items():
        sections.append(_section(name, [_curve(part.samples, key, words) for key, words in CURVES.items()]))
    head = tag("head", tag("meta", charset="utf-8"), tag("title", "Tracking errors"), tag("style", Markup(CSS)))
    page = tag("html", head, tag("body", tag("h1", "Tracking errors"), sections), lang="en")
    try:
        path.write_text(f"<!DOCTYPE html>\n{page}\n", encoding="utf-8")
    except OSError as error:
        raise DynacollectError(f"cannot write {path} ({error}); name a file in a folder that exists") from error


def _section(name: str, figures: list[Markup]) -> Markup:
    return joined(tag("h2", name), tag("div", figures, class_="figures"))


def _curve(samples: Several[Sample], key: str, words: str) -> Markup:
    """One line for each object, broken where it is lost."""
    found = [sample for sample in samples if np.isfinite(getattr(sample, key))]
    if not found:
        return Markup("")
    times = [sample.time for sample in samples]
    x, y = Axis(min(times), max(*times, min(times) + 0.1), 46, WIDTH - 10), _upright(found, key)
    lines = []
    for name in dict.fromkeys(sample.object for sample in samples):
        path, pen = "", "M"
        for sample in (one for one in samples if one.object == name):
            value = getattr(sample, key)
            if not sample.healthy or not np.isfinite(value):
                pen = "M"
                continue
            path += f"{pen}{x.at(sample.time):.1f} {y.at(min(value, y.high)):.1f}"
            pen = "L"
        lines.append(tag("path", tag("title", name), d=path or "M0 0", class_="mean"))
    return tag("figure", svg(WIDTH, HEIGHT, words, axes(x, y, "time [s]", words), lines))


def _shares(samples: Several[Sample], key: str, words: str) -> Markup:
    """What share of the takes is within each error."""
    values = np.sort([v for sample in samples if sample.healthy and np.isfinite(v := getattr(sample, key))])
    if not len(values):
        return Markup("")
    top = round_up(float(np.quantile(values, SHOWN)))
    x, y = Axis(0, top, 46, WIDTH - 10), Axis(0, 100, HEIGHT - 40, 22)
    places = np.linspace(0, top, 120)
    shares = 100 * np.searchsorted(values, places) / len(values)
    path = "M" + "L".join(f"{x.at(a):.1f} {y.at(b):.1f}" for a, b in zip(places, shares, strict=True))
    return tag(
        "figure", svg(WIDTH, HEIGHT, words, axes(x, y, words, "takes within [%]"), tag("path", d=path, class_="mean"))
    )


def _upright(samples: list[Sample], key: str) -> Axis:
    high = round_up(float(np.quantile([getattr(sample, key) for sample in samples], SHOWN)))
    return Axis(0, high, HEIGHT - 40, 22)
