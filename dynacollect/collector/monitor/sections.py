"""What the live view shows of a reading, part by part."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from datetime import datetime

from rich.text import Text

from ...rig.clock import wall_time
from ...rig.nouns import ObjectState
from ...tracking.tracked import HEALTHY
from ..session.board import Share, Trouble
from .drawing import QUIET, STYLES, Section, bar, skyline, tone_of
from .reading import Reading
from .status import of_object
from .worded import clean, duration, size, told

DOING = {"running": "black on green", "waiting": "bold white on red", "recovering": "black on yellow"}
"""What stands out; the rest is black on cyan."""
SIDE_BY_SIDE = 66
"""From this width on, the two lists of successes stand side by side."""
JOURNAL = 60
"""Lines that are put in words; no terminal shows more."""


def header(reading: Reading, width: int) -> Section:
    """Who runs, what it does, how far it is."""
    summary = reading.summary
    doing = f" {summary.doing.upper()} "
    clock = datetime.fromtimestamp(wall_time()).strftime("%H:%M:%S")
    left = Text.assemble((" dynacollect  ", "bold"), clean(summary.session))
    left.append(f"  {clean(summary.rig)}, {clean(summary.robot)}", QUIET)
    left.truncate(max(0, width - len(doing) - len(clock) - 4), overflow="ellipsis", pad=True)
    first = Text.assemble(left, "  ", (doing, DOING.get(summary.doing, "black on cyan")), " ", (clock, QUIET))
    return Section("", [first, _progress(reading, width), _counts(reading)], rank=0, least=3, tells=False)


def waits(reading: Reading, width: int) -> Section:
    """What a person has to do, so that it is seen across the room; or that nothing moves."""
    summary, words = reading.summary, []
    if reading.silent:
        words.append((f"nothing new for {duration(reading.silent_s)}: the loop does not tick", "bold white on red"))
    if summary.waits_for:
        called = summary.doing == "waiting"
        style = "bold white on red" if called else "black on yellow"
        words.append((f"{'WAITS FOR YOU' if called else 'waits'}: {clean(summary.waits_for)}", style))
    lines: list[Text] = []
    for text, style in words:
        wrapped = _wrapped(text, max(10, width - 4), most=3)
        lines += [Text(f"  {part}".ljust(width), style) for part in wrapped]
    return Section("", lines, rank=1, least=len(lines), tells=False)


def attempt(reading: Reading) -> Section:
    """What the arm is doing, to what, and why."""
    now, number = reading.now, reading.summary.attempt
    what = Text.assemble(" ", (clean(now.task), "bold"), "  ", (clean(now.target), "bold cyan"))
    if now.instruction:
        what.append(f"  “{clean(now.instruction)}”", QUIET)
    phase = Text.assemble(" ", (f" {clean(now.phase) or '-'} ", "black on white"), "  ", clean(now.why))
    return Section(f"attempt {number}" if number else "attempt", [what, phase], rank=2, least=2)


def objects(reading: Reading) -> Section:
    """Where everything is, how fast, and how sure the tracker is."""
    states = reading.now.objects
    if not states:
        return Section("objects", [Text("  none in view", QUIET)], rank=5)
    name_width = min(18, max(7, *map(len, states)))
    title = f"{'objects':{name_width + 1}}    x mm   y mm   z mm    m/s  towards  health"
    target = reading.now.target
    first = sorted(states, key=lambda name: target not in (name, states[name].object))
    lines = [_object(name, states[name], name_width, target) for name in first]
    return Section(title, lines, rank=5, least=min(2, len(lines)))


def loop(reading: Reading, width: int) -> Section:
    """Whether it keeps its time."""
    timing = reading.timing
    late = timing.missed / timing.ticks if timing.ticks else 0.0
    over = timing.p99_ms > timing.period_ms
    numbers = Text.assemble(
        (" work ", QUIET), _ms(timing.median_ms), (" median ", QUIET),
        (_ms(timing.p99_ms), "bold red" if over else ""), (" p99 ", QUIET), _ms(timing.worst_ms), (" most  ", QUIET),
        ("slack ", QUIET), _ms(timing.slack_ms), (f" of {timing.period_ms:.0f} ms  ", QUIET),
        (f"{timing.missed:,}", "" if late <= 0.001 else "yellow"), (f" of {timing.ticks:,} missed", QUIET),
    )  # fmt: skip
    recent = reading.works[-max(1, width - 24) :]
    sky = Text.assemble(
        (" last ticks ", QUIET), (skyline(recent, timing.period_ms), "cyan"), (f" {timing.period_ms:.0f} ms", QUIET)
    )
    return Section("loop", [numbers, sky] if recent else [numbers], rank=4)


def disk(reading: Reading) -> Section:
    """Whether the night will fit."""
    summary = reading.summary
    short = summary.disk_free < summary.disk_needed
    line = Text.assemble(
        (" disk ", QUIET), (f"{size(summary.disk_free)} free", "bold red" if short else ""),
        (f", {size(summary.disk_needed)} needed", "bold red" if short else QUIET),
        ("   to encode ", QUIET), str(reading.now.waiting_to_encode),
        ("   calls ", QUIET), (str(summary.human_calls), "yellow" if summary.human_calls else ""),
        ("   over ", QUIET), duration(summary.seconds),
    )  # fmt: skip
    return Section("", [line], rank=7)


def success(reading: Reading, width: int) -> Section:
    """By speed and by object, with counts."""
    by_speed, by_object = reading.summary.by_speed, reading.summary.by_object
    if width < SIDE_BY_SIDE:
        lines = [*_shares(by_speed, width), *_shares(by_object, width)]
        return Section("success by speed (m/s), by object", lines, rank=6, least=min(5, len(lines)), tells=False)
    half = (width - 2) // 2
    left, right = _shares(by_speed, half), _shares(by_object, width - half - 2)
    lines = []
    for index in range(max(len(left), len(right))):
        line = left[index].copy() if index < len(left) else Text()
        line.truncate(half, pad=True)
        lines.append(Text.assemble(line, "  ", right[index] if index < len(right) else ""))
    return Section("success by speed (m/s), by object", lines, rank=6, least=min(5, len(lines)), tells=False)


def troubles(reading: Reading) -> Section:
    """Standing ones first, then the last ones that are over."""
    all_of_them = sorted(reading.summary.troubles, key=lambda each: not each.standing)
    lines = [_trouble(each) for each in all_of_them] or [Text("  none", QUIET)]
    standing = sum(each.standing for each in all_of_them)
    return Section(f"troubles, {standing} standing" if standing else "troubles", lines[:8], rank=3 if standing else 8)


def journal(reading: Reading) -> Section:
    """The last lines."""
    lines = [
        Text.assemble((f" {_local(said.at)} ", QUIET), (said.text, STYLES[said.tone]))
        for said in told(reading.lines, len(reading.lines) - JOURNAL)
    ]
    return Section("journal", lines, rank=9, least=2, keep="last")


def _progress(reading: Reading, width: int) -> Text:
    kept, wanted = reading.summary.kept, reading.summary.wanted
    share = kept / wanted if wanted else 0.0
    numbers = f" {kept:,} / {wanted:,}  {100 * share:.0f} %"
    room = max(4, width - len(numbers) - 3)
    return Text.assemble(" ", bar(share, room, "green"), " ", (numbers, "bold"))


def _counts(reading: Reading) -> Text:
    summary = reading.summary
    done = ""
    if 0.0 <= summary.eta_s < 1e8:
        done = datetime.fromtimestamp(wall_time() + summary.eta_s).strftime(", %a %H:%M")
    rate = f"{summary.per_hour:.0f}" if math.isfinite(summary.per_hour) else "-"
    return Text.assemble(
        (" failed ", QUIET), str(summary.failures),
        ("  doubtful ", QUIET), str(summary.doubtful), ("  discarded ", QUIET), str(summary.discarded),
        "   ", rate, (" /h   done in ", QUIET), duration(summary.eta_s), (done, QUIET),
    )  # fmt: skip


def _object(name: str, state: ObjectState, name_width: int, target: str) -> Text:
    mine = target in (name, state.object)
    told_of = of_object(name, state)
    x, y, z = (f"{1e3 * each:7.0f}" for each in told_of["position"])
    towards = f"{told_of['towards_deg']:4.0f} deg" if told_of["towards_deg"] is not None else "       -"
    health = told_of["health"]
    dots = round(5 * min(1.0, max(0.0, health))) if math.isfinite(health) else 0
    return Text.assemble(
        (" ▸ " if mine else "   "), (clean(name)[:name_width].ljust(name_width), "bold cyan" if mine else ""), " ",
        x, y, z, f"{told_of['speed']:7.2f}", " ", towards, "  ",
        ("●" * dots + "○" * (5 - dots), "green" if health >= HEALTHY else "yellow"), f" {health:.2f}",
    )  # fmt: skip


def _shares(shares: Sequence[Share], width: int) -> list[Text]:
    name_width = min(max((len(each.label) for each in shares), default=0), max(6, 2 * width // 5))
    room = max(4, width - name_width - 18)
    lines = []
    for each in shares:
        share = each.success / each.n if each.n else math.nan
        percent = f"{100 * share:4.0f} %" if each.n else "   -  "
        name = clean(each.label)[:name_width].ljust(name_width)
        counts = f"{each.success}/{each.n}"
        lines.append(Text.assemble(" ", name, " ", bar(share, room, tone_of(share)), percent, (f" {counts}", QUIET)))
    return lines


def _trouble(each: Trouble) -> Text:
    style = "bold red" if each.standing else QUIET
    what = f"{clean(each.name)} of {clean(each.device)}"
    line = Text.assemble((f" {_local(each.at)} ", QUIET), ("● " if each.standing else "○ ", style), (what, style))
    if each.detail:
        line.append(f": {clean(each.detail)}", "" if each.standing else QUIET)
    if each.deed:
        line.append(f" → {clean(each.deed)}", "yellow" if each.standing else QUIET)
    return line


def _local(at: str) -> str:
    """The time of day here."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return "        "


def _ms(value: float) -> str:
    return f"{value:.1f}" if math.isfinite(value) else "-"


def _wrapped(text: str, width: int, most: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=most, placeholder=" …") or [""]
