"""What a capture has seen so far: the pictures that serve, and the calibration that they give."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import RigidTransform

from ...calibration.boards import Board
from ...calibration.capture.album import Album, Taken
from ...calibration.capture.candidates import Reach, candidates
from ...calibration.capture.coverage import Coverage, coverage
from ...calibration.capture.first_poses import Allowed
from ...calibration.capture.gate import Gate, Refused, Shot
from ...calibration.capture.next_view import NextView, belief_of, next_view
from ...calibration.capture.stakes import Uncertainty
from ...calibration.capture.stop import Enough, why_stop
from ...calibration.result import Calibration
from ...calibration.sightings import CalibrationData, Mounting, RobotPose, Sighting
from ...calibration.solve import solve
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from .progress import Progress, Watch
from .shooting import Stand

CANDIDATES = 200
"""Poses that are compared for the next one."""
HELD_BOX_M = 0.16
"""The middle of a held board stays so high over the bottom of the safety box."""
LATEST = 4
"""Refusals that are shown."""


class Kept:
    """Of one board, by the cameras of one rig; solved for one mounting at a time."""

    def __init__(self, config: RigConfig, board: Board, watch: Watch) -> None:
        self.board, self.refused = board, list[str]()
        self.sizes = {name: (camera.width, camera.height) for name, camera in config.cameras.items()}
        self.sightings: list[Sighting] = []
        self.poses: list[RobotPose] = []
        self.tried: list[RigidTransform] = []
        self.calibration: Calibration | None = None
        self.uncertainty: Uncertainty | None = None
        self._config, self._watch, self._gate = config, watch, Gate(board)

    def go_on_from(self, data: CalibrationData) -> None:
        """With what the folder holds already."""
        self.sightings, self.poses = list(data.sightings), list(data.poses)

    def begin(self, mounting: Mounting) -> None:
        """Nothing is solved yet."""
        self.tried = [pose.T_base_flange for pose in self.poses if pose.mounting == mounting]
        self.calibration = self.uncertainty = None

    def cameras(self, mounting: Mounting) -> list[str]:
        """Those that look at the board."""
        mount = "fixed" if mounting == "held" else "wrist"
        return [name for name, camera in self._config.cameras.items() if camera.mount == mount]

    def counts(self) -> dict[str, int]:
        """Pictures by camera."""
        names = sorted({one.camera for one in self.sightings})
        return {name: sum(one.camera == name for one in self.sightings) for name in names}

    def views(self, mounting: Mounting) -> dict[str, int]:
        """Pictures of the mounting by camera, none left out."""
        mine = [one.camera for one in self.sightings if one.mounting == mounting]
        return {name: mine.count(name) for name in self.cameras(mounting)}

    def fewest(self, mounting: Mounting) -> int:
        """Pictures of the camera that has the fewest."""
        return min(self.views(mounting).values())

    def judged(self, mounting: Mounting, stand: Stand, camera: str, frame: int | None = None) -> Sighting | Refused:
        """What a camera sees; with a frame's number only if it is new."""
        before, picture = stand.pictures[camera]
        shot = Shot(
            camera,
            mounting,
            -1 if frame is None else frame,
            picture.image,
            [before.image],
            stand.T_base_flange,
            stand.arm.joint_velocity,
            picture.captured_at,
        )
        return self._gate.judged(shot, [] if frame is None else self.sightings, self.calibration)

    def keep(self, album: Album, mounting: Mounting, stand: Stand) -> bool:
        """Put what serves into the album; False where nothing does."""
        frame, good = album.next_frame(mounting), list[Sighting]()
        for name in stand.pictures:
            seen = self.judged(mounting, stand, name, frame)
            if isinstance(seen, Refused):
                self.refused.append(f"{name}: {seen.reason}")
            else:
                good.append(seen)
        if not good:
            return False
        frames = {one.camera: stand.pictures[one.camera][1] for one in good}
        pictures = {name: Taken(picture.image, picture.captured_at) for name, picture in frames.items()}
        arm = stand.arm
        album.append(mounting, pictures, stand.T_base_flange, arm.joints, arm.measured_at)
        self.sightings += good
        self.poses.append(RobotPose(mounting, frame, stand.T_base_flange, arm.joints, arm.measured_at))
        return True

    def data(self, mounting: Mounting) -> CalibrationData:
        """The mounting alone: what it lacks does not hide behind the other."""
        return CalibrationData(
            self.board.points,
            tuple(one for one in self.sightings if one.mounting == mounting),
            tuple(one for one in self.poses if one.mounting == mounting),
            self.sizes,
        )

    def solve(self, mounting: Mounting) -> None:
        """With all there is; why that is not possible goes to the refusals."""
        self.say(mounting, "solving")
        try:
            self.calibration = solve(self.data(mounting))
        except DynacollectError as error:
            self.refused.append(str(error))
            return
        if set(self.calibration.cameras) == set(self.cameras(mounting)):
            self.uncertainty = belief_of(self.calibration, self.board.points, mounting).uncertainty
        else:
            self.calibration = None

    def best(self, mounting: Mounting, allowed: Allowed, rng: np.random.Generator) -> NextView | None:
        """The most telling view of those that the arm may take, once something is solved."""
        if self.calibration is None:
            return None
        box = self._config.safety.box
        reach = Reach((np.add(box.lower, [0, 0, HELD_BOX_M]), np.array(box.upper)))
        points = self.board.points
        found = candidates(self.calibration, points, mounting, reach, allowed, CANDIDATES, rng, self.tried)
        belief = belief_of(self.calibration, points, mounting)
        return next_view(belief, RigidTransform.concatenate(found)) if found else None

    def why_stop(self, mounting: Mounting, best: NextView | None, rule: Enough) -> str | None:
        """One sentence; None to go on."""
        return why_stop(self.uncertainty or Uncertainty(None, None, None), self.fewest(mounting), best, rule)

    def coverage(self, mounting: Mounting) -> Coverage | None:
        """None while there is no picture."""
        return coverage(self.data(mounting), self.calibration) if any(self.views(mounting).values()) else None

    def say(self, mounting: Mounting, doing: str) -> None:
        """Tell whoever watches."""
        latest = tuple(self.refused[-LATEST:])
        views, seen = self.views(mounting), self.coverage(mounting)
        self._watch(Progress(mounting, doing, views, seen, self.uncertainty, latest))
