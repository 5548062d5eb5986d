"""The calibration that was used, how far cameras wandered from it, and what was checked before the start."""

from __future__ import annotations

from pathlib import Path

from ...calibration.file import CalibrationFile
from ...calibration.report.markup import Markup, joined, tag
from .calibrated import calibration_of
from .curves import Point, wanderings
from .parts import NOTHING, key, section, table, wide
from .story import Story
from .wording import size

CAMERAS = 12
"""At most so many are drawn."""


def stability(story: Story, session: Path) -> Markup:
    """Cameras now, and over the session."""
    found = calibration_of(session)
    cameras = tag("p", "No calibration is kept with this session.") if found is None else _cameras(found)
    return section("calibration", "Calibration and drift", "", cameras, _drift(story))


def _cameras(found: CalibrationFile) -> Markup:
    rows = [
        (
            tag("b", name),
            camera.role,
            f"{camera.size[0]}x{camera.size[1]}",
            "-" if camera.rms_px is None else f"{camera.rms_px:.3g} px",
        )
        for name, camera in found.cameras.items()
    ]
    return joined(
        tag("p", f"Calibration {found.id} of {found.created}."), table(("camera", "role", "size", "rms error"), rows)
    )


def _drift(story: Story) -> Markup:
    cameras: dict[str, list[Point]] = {}
    for attempt, drift in story.drifts:
        for name, shift in (drift.cameras or {}).items():
            if shift is not None:
                cameras.setdefault(name, []).append((attempt, abs(shift)))
    if not cameras:
        return tag("p", "No drift was measured.")
    shown = dict(sorted(cameras.items())[:CAMERAS])
    rows = [
        (key(place, name), len(points), f"{points[-1][1]:.2f} px", f"{max(shift for _, shift in points):.2f} px")
        for place, (name, points) in enumerate(shown.items())
    ]
    words = "How far each camera's background is from where it was at the session's start, after each episode."
    return joined(
        tag("h3", "Drift"), tag("p", words), wide(wanderings(shown)),
        table(("camera", "measured", "last", "largest"), rows),
    )  # fmt: skip


def checks(story: Story) -> Markup:
    """Before the last run."""
    if not story.checks:
        return NOTHING
    words = {True: ("ok", "yes"), False: ("not ok", "no"), None: ("-", "soft")}
    rows = [
        (one.name or "-", tag("span", words[one.ok][0], class_=words[one.ok][1]), one.detail or "", one.remedy or "")
        for one in story.checks[:60]
    ]
    return section(
        "checks", "Checked before the last run", "", table(("check", "", "what was found", "remedy"), rows, why=2)
    )


def disk(story: Story) -> Markup:
    """What the episodes take."""
    used = story.disk
    if not used.episodes:
        return section("disk", "Disk", "No episode is on the disk.")
    rows = [(kind, size(count), size(round(count / used.episodes))) for kind, count in sorted(used.bytes.items())]
    total = used.bytes.total()
    rows.append(("all", size(total), size(round(total / used.episodes))))
    return section("disk", "Disk", "", table(("what", "all episodes", "each"), rows))
