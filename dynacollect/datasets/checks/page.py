"""What the check found, as one page that needs nothing else, with the pictures that findings point to."""

from __future__ import annotations

import base64
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import cv2

from ...calibration.report.markup import Markup, joined, tag
from ...calibration.report.style import CSS
from ...rig.errors import DynacollectError
from ...rig.nouns import Image
from ..raw import RawEpisode
from .report import Report
from .rule import Finding
from .table import EVERY

PICTURES, OF_EACH = 24, 4
"""Most pictures in a page, and of one rule."""
WIDE, QUALITY = 320, 70
AROUND = 1
"""Pictures before and after the one that a finding points to."""


def write_page(path: Path, report: Report) -> None:
    """The whole report."""
    refuse_page(path)
    head = tag(
        "head", tag("meta", charset="utf-8"), tag("title", f"Check of {report.folder}"), tag("style", Markup(CSS))
    )
    title = joined(tag("h1", "Check of a session"), tag("p", str(report.folder), class_="soft"))
    body = tag("body", title, _answer(report), _rules(report), _pictures(report), _findings(report))
    page = tag("html", head, body, lang="en")
    try:
        path.write_text(f"<!DOCTYPE html>\n{page}\n", encoding="utf-8")
    except OSError as error:
        raise DynacollectError(f"cannot write {path} ({error}); name a file in a folder that exists") from error


def refuse_page(path: Path | None) -> None:
    """Before anything is checked: nothing is overwritten."""
    if path is not None and path.exists():
        raise DynacollectError(f"{path} exists already; name another file")


def _answer(report: Report) -> Markup:
    counts = Counter(finding.severity for finding in report.findings)
    grade = "good" if not report.findings else "usable" if report.ok else "bad"
    words = {
        "good": "Nothing was found.",
        "usable": "No errors; look at the warnings before you train.",
        "bad": "There are errors: mend them, or set those episodes aside with --fix.",
    }[grade]
    tiles = [
        tag("div", tag("b", str(value)), about, class_="tile")
        for value, about in (
            (report.episodes, "episodes"), (f"{report.seconds:.0f} s", "recorded"), (counts["error"], "errors"),
            (counts["warning"], "warnings"),
        )
    ]  # fmt: skip
    return joined(tag("div", tag("b", words), class_=f"verdict {grade}"), tag("div", tiles, class_="tiles"))


def _rules(report: Report) -> Markup:
    counts = Counter(finding.rule for finding in report.findings)
    rows = [
        tag("tr", tag("td", rule.name), tag("td", rule.severity), tag("td", counts[rule.name]),
            tag("td", rule.because, class_="why"))
        for rule in EVERY
        if counts[rule.name]
    ]  # fmt: skip
    return _table("Rules", ("rule", "kind", "findings", "why it matters"), rows)


def _findings(report: Report) -> Markup:
    rows = [
        tag("tr", tag("td", "all" if each.episode is None else each.episode), tag("td", each.severity),
            tag("td", each.rule), tag("td", each.camera or ""), tag("td", "" if each.tick is None else each.tick),
            tag("td", each.detail, class_="why"))
        for each in report.findings
    ]  # fmt: skip
    return _table("Findings", ("episode", "kind", "rule", "camera", "tick", "what"), rows)


def _table(heading: str, columns: Sequence[str], rows: Sequence[Markup]) -> Markup:
    if not rows:
        return Markup("")
    head = tag("thead", tag("tr", [tag("th", column) for column in columns]))
    return joined(tag("h2", heading), tag("div", tag("table", head, tag("tbody", list(rows))), class_="scroll"))


def _pictures(report: Report) -> Markup:
    cards = [card for finding in _worth_showing(report.findings) if (card := _card(report.folder, finding)) is not None]
    return joined(tag("h2", "Pictures"), tag("div", cards, class_="three")) if cards else Markup("")


def _worth_showing(findings: Sequence[Finding]) -> list[Finding]:
    shown: dict[str, list[Finding]] = defaultdict(list)
    for each in findings:
        if each.tick is not None and each.episode is not None and len(shown[each.rule]) < OF_EACH:
            shown[each.rule].append(each)
    return [each for group in shown.values() for each in group][:PICTURES]


def _card(session: Path, finding: Finding) -> Markup | None:
    """The picture with those before and after it, side by side."""
    folder = session / "episodes" / f"{finding.episode:06d}"
    try:
        episode = RawEpisode.open(folder)
        camera = finding.camera or next(iter(episode.record.videos))
        first = max((finding.tick or 0) - AROUND, 0)
        images = list(islice(episode.pictures(camera), first, (finding.tick or 0) + AROUND + 1))
    except (DynacollectError, StopIteration, KeyError):
        return None
    if not images:
        return None
    words = f"episode {finding.episode}, {camera}, tick {finding.tick}: {finding.detail}"
    return tag(
        "figure", tag("img", src=_jpeg(images), alt=words), tag("figcaption", tag("b", finding.rule), " ", words)
    )


def _jpeg(images: Sequence[Image]) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(b"".join(_encoded(images))).decode("ascii")


def _encoded(images: Sequence[Image]) -> Iterator[bytes]:
    wide = cv2.hconcat([image[..., ::-1].copy() for image in images])
    share = min(1.0, WIDE * len(images) / wide.shape[1])
    small = cv2.resize(wide, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    yield cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
