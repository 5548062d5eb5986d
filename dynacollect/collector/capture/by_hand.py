"""A person moves the arm, and a picture is taken wherever it comes to rest; nothing is sent to the arm."""

from __future__ import annotations

import numpy as np

from ...calibration.capture.album import Album
from ...calibration.sightings import Mounting
from ...controllers.visiting import Visitor
from ...rig.errors import DynacollectError
from ...rig.nouns import Vector
from ...rig.rig import Rig
from ...rig.stage import HeldBox, Panel
from .kept import Kept
from .progress import Wish
from .session import EVERY
from .shooting import put_away, seen_standing
from .starting import FIRST, carried_in

STEP_S = 0.02
STILL_RAD_S, STILL_S = 0.004, 0.3
"""The arm rests whose joints were slower for so long."""
ELSEWHERE_RAD = 0.02
"""By which some joint must have turned for another picture."""


class ByHand:
    """A rig that is connected with its arm free to be moved, and the album that is being filled."""

    def __init__(self, rig: Rig, kept: Kept, album: Album, panel: Panel, wish: Wish) -> None:
        self._rig, self._kept, self._album, self._panel, self._wish = rig, kept, album, panel, wish

    def run(self) -> list[str]:
        """Watch every mounting until enough has been seen; one sentence each on why it ended."""
        said = []
        for mounting in self._wish.mountings:
            if self._kept.cameras(mounting):
                said.append(self._mounting(mounting, self._rig.stage.present(**{mounting: self._panel})))
                put_away(self._rig)
        return said

    def _mounting(self, mounting: Mounting, box: HeldBox | None) -> str:
        kept, rng = self._kept, self._wish.chance(mounting)
        allowed = Visitor(self._rig, carried=carried_in(box, self._rig)).allowed
        kept.begin(mounting)
        kept.say(mounting, "move the arm to where the cameras see the board, and let it rest there")
        seen_at: Vector | None = None
        new = 0
        while True:
            self._await_rest(seen_at)
            kept.say(mounting, "looking: leave it at rest")
            stand = seen_standing(self._rig, kept.cameras(mounting))
            seen_at, taken = stand.arm.joints, kept.keep(self._album, mounting, stand)
            new += taken
            if new >= EVERY and kept.fewest(mounting) >= FIRST:
                new = 0
                kept.solve(mounting)
                best = kept.best(mounting, allowed, rng)
                if kept.calibration and (reason := kept.why_stop(mounting, best, self._wish.rule)):
                    return f"{mounting}: {reason}"
            kept.say(mounting, f"{'taken' if taken else 'left out'}; move on: {self._missing(mounting)}")

    def _await_rest(self, seen_at: Vector | None) -> None:
        """Until the arm rests, and elsewhere than where it was last looked at."""
        clock = self._rig.clock
        since = clock.now()
        while True:
            clock.wait_until(clock.now() + STEP_S)
            state = self._rig.feel()
            if state.fault is not None:
                raise DynacollectError(
                    f"The arm reports {state.fault.name} ({state.fault.detail}); clear it and go on with the same line."
                )
            near = seen_at is not None and float(np.abs(state.joints - seen_at).max()) < ELSEWHERE_RAD
            if near or float(np.abs(state.joint_velocity).max()) > STILL_RAD_S:
                since = clock.now()
            elif clock.now() - since >= STILL_S:
                return

    def _missing(self, mounting: Mounting) -> str:
        """What the camera with the fewest views lacks most; else how the gripper should be turned."""
        views, seen = self._kept.views(mounting), self._kept.coverage(mounting)
        name = min(views, key=lambda name: views[name])
        if seen is None or name not in seen.cameras:
            return f"{name}: any picture of the board"
        wishes = [seen.cameras[name].missing, *(robot.missing for robot in seen.robots.values())]
        return next((wish for wish in wishes if wish and "nothing is missing" not in wish), "any other view").rstrip(
            "."
        )
