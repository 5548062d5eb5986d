"""One mounting after the other: first views around where the board is shown, then the most telling ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ...calibration.boards import Board
from ...calibration.capture.album import Album, Taken
from ...calibration.capture.aspect import aspect_of, lens_of
from ...calibration.capture.candidates import Reach, candidates
from ...calibration.capture.coverage import Coverage, coverage
from ...calibration.capture.first_poses import Around, first_poses
from ...calibration.capture.gate import Gate, Refused, Shot
from ...calibration.capture.next_view import NextView, belief_of, next_view
from ...calibration.capture.stakes import Uncertainty
from ...calibration.capture.stop import Enough, why_stop
from ...calibration.detect import detect
from ...calibration.result import Calibration
from ...calibration.sightings import CalibrationData, Mounting, RobotPose, Sighting
from ...calibration.solve import solve
from ...controllers.carried import Carried, middle
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.nouns import ArmState, Vector
from ...rig.rig import Rig
from ...rig.stage import HeldBox, Panel
from .moving import Recorder, stations
from .shooting import Stand, seen_standing

HEADINGS = (0.0, 45.0, -45.0, 90.0, -90.0, 135.0, -135.0)
"""How the board is turned about the vertical in search of cameras that see it, deg."""
SHIFTS = ((0.0, 0.0, 0.08), (0.15, 0.0, 0.08), (0.0, 0.2, 0.08), (0.0, -0.2, 0.08))
"""And where it is taken meanwhile, m."""
ENOUGH_SEEN = 0.7
"""Of the corners, for a camera to need no better start."""
FIRST, CANDIDATES, EVERY = 9, 200, 4
"""First views per camera; poses that are compared for the next one; kept views between two solves."""
HELD_BOX_M = 0.16
"""The middle of a held board stays so high over the bottom of the safety box."""
RETURNS = 6
"""Views that are tried as a middle for pictures in motion."""
MOST_FAILURES = 60
"""Views in a row that came to nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is captured, and when that is enough."""

    mountings: tuple[Mounting, ...] = ("held", "table")
    rule: Enough = field(default_factory=Enough)
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """What the terminal shows."""

    mounting: Mounting
    doing: str
    views: dict[str, int]
    coverage: Coverage | None
    uncertainty: Uncertainty | None
    refused: tuple[str, ...]
    """The latest pictures and poses that did not serve, and why."""


Watch = Callable[[Progress], None]


class Session:
    """A rig that is connected, a board, and the folder that is being filled."""

    def __init__(self, rig: Rig, board: Board, panel: Panel, album: Album, wish: Wish, watch: Watch) -> None:
        self._rig, self._board, self._panel, self._album, self._wish, self._watch = (
            rig,
            board,
            panel,
            album,
            wish,
            watch,
        )
        self._gate, self._rng = Gate(board), np.random.default_rng([wish.seed, 0xCA9])
        self._visitor = Visitor(rig)
        self._sightings: list[Sighting] = []
        self._poses: list[RobotPose] = []
        self._sizes = {name: (camera.width, camera.height) for name, camera in rig.config.cameras.items()}
        self._tried: list[RigidTransform] = []
        self._refused: list[str] = []
        self._calibration: Calibration | None = None
        self._uncertainty: Uncertainty | None = None
        self._pivot = np.zeros(3)

    def go_on_from(self, data: CalibrationData) -> None:
        """With what the folder holds already."""
        self._sightings, self._poses = list(data.sightings), list(data.poses)

    @property
    def refused(self) -> list[str]:
        """Pictures and poses that did not serve, and why."""
        return list(self._refused)

    def counts(self) -> dict[str, int]:
        """Kept pictures by camera."""
        names = sorted({one.camera for one in self._sightings})
        return {name: sum(one.camera == name for one in self._sightings) for name in names}

    def run(self) -> list[str]:
        """Capture every mounting; one sentence each on why it ended."""
        home = self._rig.feel().joints
        said = []
        for mounting in self._wish.mountings:
            if cameras := self._cameras(mounting):
                said.append(self._mounting(mounting, cameras))
                said += self._swing(mounting, cameras)
                self._rig.stage.present()
                self._back_to(home)
        return said

    def _back_to(self, home: Vector) -> None:
        """With an empty hand, which has more room."""
        self._visitor = Visitor(self._rig)
        if why := self._visitor.return_to(home):
            raise DynacollectError(
                f"The arm does not come back to where it started ({why}); move it there, and go on with the same line."
            )

    def _cameras(self, mounting: Mounting) -> list[str]:
        mount = "fixed" if mounting == "held" else "wrist"
        return [name for name, camera in self._rig.config.cameras.items() if camera.mount == mount]

    def _mounting(self, mounting: Mounting, cameras: list[str]) -> str:
        box = self._rig.stage.present(**{mounting: self._panel})
        carried = Carried(box, self._rig.arm.model, self._rig.config.safety.table_z) if box else None
        self._visitor = Visitor(self._rig, carried=carried)
        self._tried = [pose.T_base_flange for pose in self._poses if pose.mounting == mounting]
        self._calibration = self._uncertainty = None
        first = self._first(mounting, cameras, box)
        if min(self._count(mounting, name) for name in cameras) < FIRST:
            for pose in first:
                self._view(mounting, cameras, pose, "looking around")
        failures = 0
        while True:
            self._solve(mounting, cameras)
            if self._calibration is None:
                missing = self._few(mounting, cameras)
                raise DynacollectError(f"The {mounting} views so far cannot be solved: {missing}")
            for _ in range(EVERY):
                best = self._best(self._calibration, mounting)
                views = min(self._count(mounting, name) for name in cameras)
                if reason := why_stop(self._uncertainty or Uncertainty(None, None, None), views, best, self._wish.rule):
                    return f"{mounting}: {reason}"
                if best is None or failures >= MOST_FAILURES:
                    return (
                        f"{mounting}: stopped, since {MOST_FAILURES} views in a row came to nothing; see the reasons."
                    )
                words = f"{', '.join(best.cameras)}: lowers the error by {100 * best.gain:.0f} %"
                failures = 0 if self._view(mounting, cameras, best.T_base_flange, words) else failures + 1

    def _swing(self, mounting: Mounting, cameras: list[str]) -> list[str]:
        """Pictures in motion, around the view that most cameras share, for their clocks."""
        best = next((pose for pose, joints in self._most_seen(mounting) if not self._visitor.return_to(joints)), None)
        if best is None:
            return [f"{mounting}: no pictures in motion, since the arm cannot go back to a view."]
        recorder = Recorder(self._rig, cameras)
        self._say(mounting, "taking pictures in motion, for the clocks")
        ways = [*stations(best, self._pivot), best]
        for pose in ways:
            if self._visitor.allowed(pose) and (why := self._visitor.pass_by(pose, recorder.watch)):
                self._refused.append(f"pose in motion: {why}")
        count = 0
        for passing in recorder.passed:
            good = {
                name: taken for name, taken in passing.pictures.items() if not detect(self._board, taken.image).reason
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
        for one in self._sightings:
            if one.mounting == mounting:
                corners[one.frame] = corners.get(one.frame, 0) + len(one.ids)
        poses = {
            pose.frame: (pose.T_base_flange, pose.joints)
            for pose in self._poses
            if pose.mounting == mounting and pose.joints is not None
        }
        return [poses[frame] for frame in sorted(corners, key=lambda frame: -corners[frame])[:RETURNS]]

    def _few(self, mounting: Mounting, cameras: list[str]) -> str:
        counts = ", ".join(f"{name} {self._count(mounting, name)}" for name in cameras)
        last = f" The last refusal: {self._refused[-1]}." if self._refused else ""
        return f"views by camera: {counts}.{last} Start with the arm where every camera sees the board."

    def _count(self, mounting: Mounting, camera: str) -> int:
        return sum(one.camera == camera and one.mounting == mounting for one in self._sightings)

    def _first(self, mounting: Mounting, cameras: list[str], box: HeldBox | None) -> list[RigidTransform]:
        """Views around the poses from which cameras see the board best."""
        start = seen_standing(self._rig, cameras)
        if mounting == "table":
            pivot = self._pivot = np.array([0.0, 0.0, self._distance(start, cameras[0])])
            return first_poses(start.T_base_flange, Around(pivot), self._visitor.allowed, FIRST, self._rng)
        pivot = self._pivot = middle(box) if box else np.zeros(3)
        shown = self._starts(start, cameras, pivot)
        out: list[RigidTransform] = []
        for pose in {id(pose): pose for pose in shown.values()}.values():
            out += first_poses(pose, Around(pivot), self._visitor.allowed, FIRST, self._rng)
        return out

    def _distance(self, start: Stand, camera: str) -> float:
        """From the wrist camera to the board, by a guessed lens."""
        seen = self._judged("table", start, camera, -1)
        lens = lens_of(camera, self._sizes[camera], None)
        aspect = None if isinstance(seen, Refused) else aspect_of(self._board.points, seen, self._sizes[camera], lens)
        if aspect is None:
            why = seen.reason if isinstance(seen, Refused) else "it is too small"
            raise DynacollectError(f"{camera} does not see the board on the table ({why}): move arm or board.")
        return float(aspect.distance)

    def _starts(self, start: Stand, cameras: list[str], pivot: Vector) -> dict[str, RigidTransform]:
        """For every camera the heading of the board at which it sees the most corners."""
        best: dict[str, tuple[int, RigidTransform]] = {}
        enough = ENOUGH_SEEN * len(self._board.points)
        for pose in _around(start.T_base_flange, pivot):
            if not self._visitor.allowed(pose) or self._visitor.visit(pose):
                continue
            self._say("held", f"searching for cameras that see the board: {', '.join(best) or 'none yet'}")
            stand = seen_standing(self._rig, cameras)
            for name in stand.pictures:
                seen = self._judged("held", stand, name, -1)
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
        return {name: pose for name, (_, pose) in best.items()}

    def _view(self, mounting: Mounting, cameras: list[str], pose: RigidTransform, words: str) -> bool:
        """Go there, look, and keep what serves."""
        self._say(mounting, words)
        self._tried.append(pose)
        if why := self._visitor.visit(pose):
            self._refused.append(f"pose: {why}")
            return False
        stand, frame = seen_standing(self._rig, cameras), self._album.next_frame(mounting)
        good = list[Sighting]()
        for name in stand.pictures:
            seen = self._judged(mounting, stand, name, frame)
            if isinstance(seen, Refused):
                self._refused.append(f"{name}: {seen.reason}")
            else:
                good.append(seen)
        if not good:
            return False
        pictures = {
            one.camera: Taken(stand.pictures[one.camera][1].image, stand.pictures[one.camera][1].captured_at)
            for one in good
        }
        arm = stand.arm
        self._album.append(mounting, pictures, stand.T_base_flange, arm.joints, arm.measured_at)
        self._sightings += good
        self._poses.append(RobotPose(mounting, frame, stand.T_base_flange, arm.joints, arm.measured_at))
        return True

    def _judged(self, mounting: Mounting, stand: Stand, camera: str, frame: int) -> Sighting | Refused:
        before, picture = stand.pictures[camera]
        shot = Shot(
            camera,
            mounting,
            frame,
            picture.image,
            [before.image],
            stand.T_base_flange,
            stand.arm.joint_velocity,
            picture.captured_at,
        )
        kept = self._sightings if frame >= 0 else []
        return self._gate.judged(shot, kept, self._calibration)

    def _data(self, mounting: Mounting) -> CalibrationData:
        return CalibrationData(
            self._board.points,
            tuple(one for one in self._sightings if one.mounting == mounting),
            tuple(one for one in self._poses if one.mounting == mounting),
            self._sizes,
        )

    def _solve(self, mounting: Mounting, cameras: Sequence[str]) -> None:
        """The mounting alone: what it lacks does not hide behind the other."""
        self._say(mounting, "solving")
        try:
            self._calibration = solve(self._data(mounting))
        except DynacollectError as error:
            self._refused.append(str(error))
            return
        if set(self._calibration.cameras) == set(cameras):
            self._uncertainty = belief_of(self._calibration, self._board.points, mounting).uncertainty
        else:
            self._calibration = None

    def _best(self, calibration: Calibration, mounting: Mounting) -> NextView | None:
        belief = belief_of(calibration, self._board.points, mounting)
        found = candidates(
            calibration, self._board.points, mounting, self._reach(), self._visitor.allowed, CANDIDATES,
            self._rng, self._tried,
        )  # fmt: skip
        return next_view(belief, RigidTransform.concatenate(found)) if found else None

    def _reach(self) -> Reach:
        box = self._rig.config.safety.box
        return Reach((np.add(box.lower, [0, 0, HELD_BOX_M]), np.array(box.upper)))

    def _say(self, mounting: Mounting, doing: str) -> None:
        views = {name: self._count(mounting, name) for name in self._cameras(mounting)}
        seen = coverage(self._data(mounting), self._calibration) if any(views.values()) else None
        self._watch(Progress(mounting, doing, views, seen, self._uncertainty, tuple(self._refused[-4:])))


def _around(start: RigidTransform, pivot: Vector) -> Iterator[RigidTransform]:
    """The held board turned to all sides, here and a little away."""
    for shift, heading in product(SHIFTS, HEADINGS):
        turn = Rotation.from_euler("z", heading, degrees=True) * start.rotation
        yield RigidTransform.from_components(start.apply(pivot) + shift - turn.apply(pivot), turn)
