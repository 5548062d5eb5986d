"""How evenly the kept episodes are spread over objects and speeds, and where they go well."""

from __future__ import annotations

from ...calibration.report.markup import Markup, tag
from .attempts import bin_name, bins_of
from .heat_map import FEW, kept_map, success_map
from .parts import figure, section
from .rates import grouped
from .story import Story


def coverage(story: Story) -> Markup:
    """Two maps of the same cells."""
    objects = sorted({attempt.object for attempt in story.judged} | set(story.settings.objects or ()))
    speeds = [bin_name(bin_) for bin_ in bins_of(story.judged)]
    if not objects or not speeds:
        return section("coverage", "Coverage", "Nothing was tried yet.")
    rates = grouped(story.judged, lambda attempt: (attempt.object, bin_name(attempt.bin)))
    even = len(story.kept) / (len(objects) * len(speeds))
    words = (
        f"Kept episodes of each object at each speed: {even:.1f} in each cell would be even. A red rim: less than"
        f" {100 * FEW:.0f} % of that."
    )
    maps = [
        figure("Kept", kept_map(objects, speeds, rates)),
        figure("Success", success_map(objects, speeds, rates)),
    ]
    return section("coverage", "Coverage", words, tag("div", maps, class_="pair"))
