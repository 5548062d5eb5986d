"""One mounting after the other: first views around where the board is shown, then the most telling ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...calibration.capture.album import Album
from ...calibration.capture.first_poses import Around, first_poses
from ...calibration.capture.gate import Refused
from ...calibration.detect import detect
from ...calibration.sightings import Mounting, RobotPose
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Vector
from ...rig.rig import Rig
from ...rig.stage import HeldBox, Panel
from .kept import Kept
from .moving import Recorder, stations
from .progress import Wish
from .rehearsal import Rehearsed, rehearsed
from .shooting import put_away, seen_standing
from .starting import FIRST, carried_in, headings, held_pivot, table_pivot

ENOUGH_SEEN = 0.7
"""Of the corners, for a camera to need no better start."""
EVERY = 4
"""Kept views between two solves."""
RETURNS = 6
"""Views that are tried as a middle for pictures in motion."""
MOST_FAILURES = 60
"""Views in a row that came to nothing."""

Approve = Callable[[list[Rehearsed]], bool]
"""Whether the arm may go to these poses."""


class Session:
    """A rig that is connected, and the album that is being filled; `approve` is asked before the arm first moves."""

    def __init__(
        self, rig: Rig, kept: Kept, album: Album, panel: Panel, wish: Wish, approve: Approve | None = None
    ) -> None:
        self._rig, self._kept, self._album, self._panel, self._wish = rig, kept, album, panel, wish
        self._approve, self._visitor, self._pivot = approve, Visitor(rig), np.zeros(3)
        self._rng = np.random.default_rng(wish.seed)

    def run(self) -> list[str]:
        """Capture every mounting; one sentence each on why it ended."""
        home = self._rig.feel().joints
        said = []
        for mounting in self._wish.mountings:
            if not self._kept.cameras(mounting):
                continue
            box = self._rig.stage.present(**{mounting: self._panel})
            if self._approve and not self._approve(rehearsed(self._rig, self._kept, self._wish, mounting, box)):
                put_away(self._rig)
                return [*said, f"{mounting}: not begun, since nobody agreed to these poses."]
            said.append(self._mounting(mounting, box))
            said += self._swing(mounting)
            put_away(self._rig)
            self._back_to(home)
        return said

    def _back_to(self, home: Vector) -> None:
        """With an empty hand, which has more room; pictures of the way are let go."""
        self._visitor = Visitor(self._rig)
        if why := self._visitor.return_to(home):
            raise DynacollectError(
                f"The arm does not come back to where it started ({why}); move it there, and go on with the same line."
            )
        self._rig.see()

    def _mounting(self, mounting: Mounting, box: HeldBox | None) -> str:
        kept = self._kept
        self._visitor = Visitor(self._rig, carried=carried_in(box, self._rig))
        self._rng = self._wish.chance(mounting)
        kept.begin(mounting)
        first = self._first(mounting, box)
        if kept.fewest(mounting) < FIRST:
            for pose in first:
                self._view(mounting, pose, "looking around")
        failures = 0
        while True:
            kept.solve(mounting)
            if kept.calibration is None:
                raise DynacollectError(f"The {mounting} views so far cannot be solved: {self._few(mounting)}")
            for _ in range(EVERY):
                best = kept.best(mounting, self._visitor.allowed, self._rng)
                if reason := kept.why_stop(mounting, best, self._wish.rule):
                    return f"{mounting}: {reason}"
                if best is None or failures >= MOST_FAILURES:
                    return (
                        f"{mounting}: stopped, since {MOST_FAILURES} views in a row came to nothing; see the reasons."
                    )
                words = f"{', '.join(best.cameras)}: lowers the error by {100 * best.gain:.0f} %"
                failures = 0 if self._view(mounting, best.T_base_flange, words) else failures + 1

    def _swing(self, mounting: Mounting) -> list[str]:
        """Pictures in motion, around the view that most cameras share, for their clocks."""
        best = next((pose for pose, joints in self._most_seen(mounting) if not self._visitor.return_to(joints)), None)
        if best is None:
            return [f"{mounting}: no pictures in motion, since the arm cannot go back to a view."]
        recorder = Recorder(self._rig, self._kept.cameras(mounting))
        self._kept.say(mounting, "taking pictures in motion, for the clocks")
        ways = [*stations(best, self._pivot), best]
        for pose in ways:
            if self._visitor.allowed(pose) and (why := self._visitor.pass_by(pose, recorder.watch)):
                self._kept.refused.append(f"pose in motion: {why}")
        count = 0
        for passing in recorder.passed:
            good = {
                name: taken
                for name, taken in passing.pictures.items()
                if not detect(self._kept.board, taken.image).reason
            }
            if good:
                flange = passing.arm.T_base_tool * self._rig.arm.model.T_flange_tool.inv()
                self._album.append(mounting, good, flange, passing.arm.joints, passing.arm.measured_at)
                count += len(good)
        if count:
            self._album.note_poses(mounting, [self._robot_pose(mounting, -1, state) for state in recorder.way])
        return [f"{mounting}: {count} pictures in motion."]

    def _robot_pose(self, mounting: Mounting, frame: int, arm: ArmState) -> RobotPose:
        flange = arm.T_base_tool * self._rig.arm.model.T_flange_tool.inv()
        return RobotPose(mounting, frame, flange, arm.joints, arm.measured_at)

    def _most_seen(self, mounting: Mounting) -> list[tuple[RigidTransform, Vector]]:
        """The flange poses and joints of the views with the most corners in all cameras together, the best first."""
        corners: dict[int, int] = {}
        for one in self._kept.sightings:
            if one.mounting == mounting:
                corners[one.frame] = corners.get(one.frame, 0) + len(one.ids)
        poses = {
            pose.frame: (pose.T_base_flange, pose.joints)
            for pose in self._kept.poses
            if pose.mounting == mounting and pose.joints is not None
        }
        return [poses[frame] for frame in sorted(corners, key=lambda frame: -corners[frame])[:RETURNS]]

    def _few(self, mounting: Mounting) -> str:
        counts = ", ".join(f"{name} {views}" for name, views in self._kept.views(mounting).items())
        last = f" The last refusal: {self._kept.refused[-1]}." if self._kept.refused else ""
        return f"views by camera: {counts}.{last} Start with the arm where every camera sees the board."

    def _first(self, mounting: Mounting, box: HeldBox | None) -> list[RigidTransform]:
        """Views around the poses from which cameras see the board best."""
        cameras = self._kept.cameras(mounting)
        start = seen_standing(self._rig, cameras)
        if mounting == "table":
            self._pivot = table_pivot(self._kept, start, cameras[0])
            shown = [start.T_base_flange]
        else:
            self._pivot = held_pivot(box)
            shown = self._starts(start.T_base_flange, cameras)
        around, allowed = Around(self._pivot), self._visitor.allowed
        return [pose for middle in shown for pose in first_poses(middle, around, allowed, FIRST, self._rng)]

    def _starts(self, start: RigidTransform, cameras: list[str]) -> list[RigidTransform]:
        """The headings of the board at which cameras see the most corners; one may be the best of several."""
        best: dict[str, tuple[int, RigidTransform]] = {}
        enough = ENOUGH_SEEN * len(self._kept.board.points)
        for pose in headings(start, self._pivot):
            if not self._visitor.allowed(pose) or self._visitor.visit(pose):
                continue
            self._kept.say("held", f"searching for cameras that see the board: {', '.join(best) or 'none yet'}")
            stand = seen_standing(self._rig, cameras)
            for name in stand.pictures:
                seen = self._kept.judged("held", stand, name)
                count = 0 if isinstance(seen, Refused) else len(seen.ids)
                if count > best.get(name, (0, pose))[0]:
                    best[name] = count, pose
            if all(best.get(name, (0,))[0] >= enough for name in cameras):
                break
        missing = sorted(set(cameras) - set(best))
        if missing:
            raise DynacollectError(
                f"{missing[0]} does not see the held board at any heading around this pose: start with the arm where"
                " the board is in the middle of what the cameras see."
            )
        return list({id(pose): pose for _, pose in best.values()}.values())

    def _view(self, mounting: Mounting, pose: RigidTransform, words: str) -> bool:
        """Go there, look, and keep what serves."""
        self._kept.say(mounting, words)
        self._kept.tried.append(pose)
        if why := self._visitor.visit(pose):
            self._kept.refused.append(f"pose: {why}")
            return False
        return self._kept.keep(self._album, mounting, seen_standing(self._rig, self._kept.cameras(mounting)))
