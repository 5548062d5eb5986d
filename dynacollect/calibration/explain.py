"""What happened while the pictures were taken: a board that slipped, a camera that was bumped, a board of another size.

Each is believed only where solving with it makes the data clearly likelier.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import RigidTransform

from ..rig.errors import DynacollectError
from ..rig.nouns import Vector
from .adjust import cost
from .handeye import middle
from .initial import same_clocks
from .lens_guess import View, placed
from .model import Problem, Unknowns
from .moved import proposals
from .problem import FAR_S, Story, tables
from .result import ViewReport
from .settle import Settled, settled
from .sightings import CalibrationData

WORTH_A_TRY = 30.0
"""Expected drop of the squared errors; where nothing happened it is hardly ever over 15."""
CLEARLY_LIKELIER = 18.0
"""In the logarithm of the likelihood; a move costs six unknowns."""
OUTLIER_PX = 30.0
"""A corner that is left out counts as spread over so much of the picture."""
TRIALS, ROUNDS = 3, 4
LEAST_SINCE = 8
"""Pictures since a camera was bumped."""
WRONG_SIZE = 0.1
SAME_PLACE = 0.05
"""Metres and, over 0.5, radians, that camera places agree to where two cameras changed names."""


@dataclass(frozen=True, slots=True, eq=False)
class Explained:
    """The best story, its tables and its solution."""

    story: Story
    problem: Problem
    done: Settled
    unused: tuple[ViewReport, ...]
    """Views that are not in the tables."""
    findings: tuple[str, ...] = ()


def explained(data: CalibrationData, plain: Explained) -> Explained:
    """The solution that explains the data best, from the plain one."""
    now, longer = plain, _has_longer_motions(data, plain)
    for _ in range(ROUNDS):
        likely = [trial for trial in proposals(now.problem, now.done, now.story) if trial.gain > WORTH_A_TRY]
        tries = [_tried(data, now, trial.story) for trial in likely[:TRIALS]]
        if longer:
            tries.append(_tried(data, now, replace(now.story, gap_s=FAR_S)))
            longer = _clearly_likelier(tries[-1], now)
        best = min(tries, key=_unlikely, default=now)
        if not _clearly_likelier(best, now):
            break
        now, longer = best, longer and best.story.gap_s < FAR_S
    findings = [*_size_words(now, plain.story), *_slip_words(now), *_bump_words(now)]
    if now.story.bumps:
        now = _without_earlier(data, now)
    return replace(now, findings=tuple(findings))


def _has_longer_motions(data: CalibrationData, plain: Explained) -> bool:
    """It makes a difference if the arm did not stop between poses that are some time apart."""
    problem, _ = tables(data, replace(plain.story, gap_s=FAR_S))
    return _moved_views(problem) > _moved_views(plain.problem)


def _moved_views(problem: Problem) -> int:
    return 0 if problem.way is None else sum(len(views) for views, *_ in problem.way.runs)


def _unlikely(of: Explained) -> float:
    """Less the logarithm of the likelihood, but for a constant."""
    noise, keep = of.done.weighing.noise, of.done.weighing.keep
    frames = len(np.unique(of.problem.views[of.problem.view[keep], 2]))
    widths = keep.sum() * 2 * np.log(noise.corner_px) + 3 * frames * (np.log(noise.turn_rad) + np.log(noise.shift_m))
    left_out = 2 * (~keep).sum() * np.log(OUTLIER_PX)
    return float(cost(of.problem, of.done.unknowns, of.done.weighing) + widths + left_out)


def _clearly_likelier(one: Explained, other: Explained) -> bool:
    return _unlikely(one) <= _unlikely(other) - CLEARLY_LIKELIER


def _tried(data: CalibrationData, now: Explained, story: Story) -> Explained:
    problem, unused = tables(data, story, split=True)
    return Explained(story, problem, settled(problem, _carried_over(now, problem)), unused)


def _carried_over(now: Explained, problem: Problem) -> Unknowns:
    """The solution as a start for other tables; what is new there is placed anew."""
    old, before = now.done.unknowns, now.problem
    cameras = [_last(before.cameras, name) for name in problem.cameras]
    boards = [_last(before.boards, name) for name in problem.boards]
    start = replace(
        old,
        lenses=old.lenses[cameras],
        cameras=old.cameras[cameras],
        boards=old.boards[boards],
        frames=problem.measured,
        clocks=_clocks(old, cameras, problem),
    )
    new_cameras = problem.cameras if len(problem.cameras) != len(before.cameras) else ()
    new_boards = problem.boards if len(problem.boards) != len(before.boards) else ()
    doubled_cameras = {row for row, name in enumerate(new_cameras) if new_cameras.count(name) > 1}
    doubled_boards = {row for row, name in enumerate(new_boards) if new_boards.count(name) > 1}
    return _placed_anew(problem, start, doubled_cameras, doubled_boards)


def _clocks(old: Unknowns, rows: list[int], problem: Problem) -> Vector:
    if problem.way is None:
        return np.zeros(0)
    return old.clocks[rows] if len(old.clocks) else same_clocks(problem)


def _last(names: tuple[str, ...], name: str) -> int:
    return len(names) - 1 - names[::-1].index(name)


def _placed_anew(problem: Problem, start: Unknowns, cameras: set[int], boards: set[int]) -> Unknowns:
    """With these cameras and boards where their own views say that they are."""
    camera_places, board_places = list(start.cameras), list(start.boards)
    votes: dict[tuple[str, int], list[RigidTransform]] = {}
    for view, (camera, board, frame) in enumerate(problem.views):
        if camera not in cameras and board not in boards:
            continue
        corners = problem.view == view
        seen = placed(
            View(start.scale * problem.points[problem.ids[corners]], problem.pixels[corners]), start.lenses[camera]
        )
        if seen is None:
            continue
        pose = problem.measured[int(frame)]
        motion = pose if problem.boards[board] == "held" else pose.inv()
        if camera in cameras:
            votes.setdefault(("camera", camera), []).append(motion * start.boards[int(board)] * seen.inv())
        if board in boards:
            votes.setdefault(("board", board), []).append(motion.inv() * start.cameras[int(camera)] * seen)
    for (kind, row), places in votes.items():
        (camera_places if kind == "camera" else board_places)[row] = middle(RigidTransform.concatenate(places))
    return replace(
        start, cameras=RigidTransform.concatenate(camera_places), boards=RigidTransform.concatenate(board_places)
    )


def _without_earlier(data: CalibrationData, now: Explained) -> Explained:
    """Solved again without what bumped cameras saw before."""
    problem, unused = tables(data, now.story)
    for name, frame in now.story.bumps.items():
        count = int((problem.views[:, 0] == problem.cameras.index(name)).sum())
        if count < LEAST_SINCE:
            raise DynacollectError(
                f"{name} was moved before frame {frame} and has {count} pictures since: take at least {LEAST_SINCE},"
                " better 20, with it where it is now."
            )
    rows = [_last(now.problem.cameras, name) for name in problem.cameras]
    old = now.done.unknowns
    start = replace(
        old,
        lenses=old.lenses[rows],
        cameras=old.cameras[rows],
        frames=problem.measured,
        clocks=_clocks(old, rows, problem),
    )
    return Explained(now.story, problem, settled(problem, start), unused)


def _size_words(now: Explained, asked: Story) -> list[str]:
    scale = now.done.unknowns.scale
    if abs(scale - 1) > WRONG_SIZE:
        raise DynacollectError(
            f"The board measures {scale:.3f} times what is stated: measure a square, correct board.json, and check that"
            " the robot's poses are in metres."
        )
    if asked.scale or not now.story.scale:
        return []
    kind = "larger" if scale > 1 else "smaller"
    off = f"{100 * abs(scale - 1):.2f} % {kind}"
    return [f"The board is {off} than stated, by the robot's measure; that size was used: correct board.json."]


def _slip_words(now: Explained) -> list[str]:
    out = []
    for mounting in sorted({mounting for mounting, _ in now.story.slips}):
        rows = [row for row, name in enumerate(now.problem.boards) if name == mounting]
        moves = sorted(frame for of, frame in now.story.slips if of == mounting)
        for frame, earlier, later in zip(moves, rows, rows[1:], strict=False):
            places = now.done.unknowns.boards
            how = _moved_by(places[earlier], places[later])
            where = "slipped in the gripper" if mounting == "held" else "was moved on the table"
            out.append(f"The {mounting} board {where} before frame {frame}, by {how}; it was solved as two boards.")
    return out


def _bump_words(now: Explained) -> list[str]:
    places, out = now.done.unknowns.cameras, []
    pairs = {name: (now.problem.cameras.index(name), _last(now.problem.cameras, name)) for name in now.story.bumps}
    for name, frame in now.story.bumps.items():
        for other, at in now.story.bumps.items():
            crossed = _near(places[pairs[name][0]], places[pairs[other][1]])
            if other > name and at == frame and crossed and _near(places[pairs[other][0]], places[pairs[name][1]]):
                raise DynacollectError(
                    f"{name} and {other} changed names before frame {frame}: give each picture to the camera that took"
                    " it."
                )
        how = _moved_by(places[pairs[name][0]], places[pairs[name][1]])
        out.append(f"{name} was moved before frame {frame}, by {how}; its pictures from before are left out.")
    return out


def _moved_by(before: RigidTransform, after: RigidTransform) -> str:
    shift = 1e3 * np.linalg.norm(after.translation - before.translation)
    turn = np.rad2deg((before.rotation.inv() * after.rotation).magnitude())
    return f"{shift:.1f} mm and {turn:.2f} deg"


def _near(one: RigidTransform, other: RigidTransform) -> bool:
    away = np.linalg.norm(one.translation - other.translation)
    return bool(away + 0.5 * (one.rotation.inv() * other.rotation).magnitude() < SAME_PLACE)
