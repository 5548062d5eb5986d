"""Takes the arm to single poses, slowly, and waits there until it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation, Slerp

from ..rig.arms import kinematics
from ..rig.clock import Ticker
from ..rig.nouns import ArmState, Command, Grip, SetPoints, Vector
from ..rig.rig import Rig
from .carried import WOULD_TOUCH, Carried
from .envelope import Envelope
from .motion import Motion
from .safety import Intervention, Safety

PERIOD_S = 0.04
SHARE, TOOL_SPEED = 0.35, 0.35
"""Of the limits, and m/s: nobody waits for a calibration to be quick."""
LONGEST_S = 25.0
STILL_RAD_S, STILL_S = 0.004, 0.12
"""An arm stands whose joints were slower for so long."""
SETTLE_S = 3.0
NEAR_M, NEAR_RAD = 0.01, 0.1
"""A pose counts as reached if the arm can come so near to it."""
HIGHER_M = (0.12, 0.24)
"""A way over goes so far above both ends."""
EDGE_M = 0.01
Halt = Callable[[], str]
"""Asked in every tick: why the arm must not move now; empty while it may."""
OUT_OF_REACH = "the arm cannot reach that pose"
SAFETY = "safety: "
IN_THE_WAY = (WOULD_TOUCH, f"{SAFETY}box", f"{SAFETY}table", f"{SAFETY}keep_out", f"{SAFETY}stopping_distance")
"""How refusals begin that another way to the same place may not meet."""


class Visitor:
    """One arm, driven from pose to pose."""

    def __init__(
        self, rig: Rig, *, carried: Carried | None = None, grip: Grip | None = None, halt: Halt | None = None,
        heard: Callable[[SetPoints], None] | None = None,
    ) -> None:  # fmt: skip
        arm = rig.arm.model
        self._rig, self._carried, self._grip, self._halt, self._heard = rig, carried, grip, halt, heard
        self._motion = Motion(arm, table_z=rig.config.safety.table_z, share=SHARE, tool_speed=TOOL_SPEED)
        self._safety = Safety(rig.config.safety, arm)
        self._envelope = Envelope(rig.config.safety, arm)
        self._T_tool_flange = arm.T_flange_tool.inv()
        self._low, self._high = (np.array(side) for side in (rig.config.safety.box.lower, rig.config.safety.box.upper))

    def allowed(self, T_base_flange: RigidTransform) -> bool:
        """The arm reaches the pose and may stand there, with what it carries clear of everything."""
        joints = self._joints(T_base_flange * self._T_tool_flange.inv())
        return joints is not None and not self._barred(joints)

    def visit(self, T_base_flange: RigidTransform) -> str:
        """Go there and stand; says why where that is not possible, with the arm at rest in either case."""
        joints = self._joints(T_base_flange * self._T_tool_flange.inv())
        return OUT_OF_REACH if joints is None else self.return_to(joints)

    def return_to(self, joints: Vector) -> str:
        """The same as `visit` with joints for a goal."""
        if why := self._barred(joints):
            return why
        why = self._straight(joints)
        for way in self._over(joints) if why.startswith(IN_THE_WAY) else ():
            why = next(filter(None, map(self._straight, way)), "")
            if not why.startswith(IN_THE_WAY):
                break
        return why

    def _barred(self, joints: Vector) -> str:
        """Why the arm may not stand there; empty where it may."""
        depths = self._envelope.depths(joints[None])[0]
        worst = int(np.argmax(depths))
        if depths[worst] > 0:
            return f"{SAFETY}{self._envelope.names[worst]} by {depths[worst]:.3g}"
        return "" if self._carried is None else self._carried.breach(joints[None])

    def _over(self, joints: Vector) -> Iterator[list[Vector]]:
        """Ways around what the straight one would touch: by half-way and higher, or up, across and down."""
        here, there = self._rig.feel().T_base_tool, kinematics.forward(self._rig.arm.model, joints)
        turns = Slerp([0, 1], Rotation.concatenate([here.rotation, there.rotation]))
        for higher, shares in product(HIGHER_M, ((0.5,), (0.0, 1.0))):
            way = list[Vector]()
            for share in shares:
                middle = (1 - share) * here.translation + share * there.translation + [0.0, 0.0, higher]
                place = np.clip(middle, self._low + EDGE_M, self._high - EDGE_M)
                over = self._joints(RigidTransform.from_components(place, turns(share)))
                if over is not None and not self._barred(over):
                    way.append(over)
            if way:
                yield [*way, joints]

    def _joints(self, T_base_tool: RigidTransform) -> Vector | None:
        joints = self._motion.joints_for(T_base_tool)
        if joints is None:
            return None
        off = kinematics.forward(self._rig.arm.model, joints).inv() * T_base_tool
        near = np.linalg.norm(off.translation) < NEAR_M and off.rotation.magnitude() < NEAR_RAD
        return joints if near else None

    def pass_by(self, T_base_flange: RigidTransform, watch: Callable[[ArmState], None]) -> str:
        """Go there without waiting; `watch` is called in every tick on the way."""
        joints = self._joints(T_base_flange * self._T_tool_flange.inv())
        return OUT_OF_REACH if joints is None else self._straight(joints, watch)

    def swing_to(self, joints: Vector, watch: Callable[[ArmState], None]) -> str:
        """As `pass_by`, with joints for a goal; on the straight way between them or not at all."""
        return self._barred(joints) or self._straight(joints, watch)

    def _straight(self, joints: Vector, watch: Callable[[ArmState], None] | None = None) -> str:
        """Without a way over; without waiting where somebody watches."""
        command = Command(joints=joints, grip=self._grip)
        clock, state = self._rig.clock, self._rig.feel()
        begin = clock.now()
        self._motion.start(state.joints, begin)
        self._safety.start(state.joints, begin)
        ticker = Ticker(clock, PERIOD_S, start=begin)
        while clock.now() < begin + LONGEST_S:
            now = ticker.next().started
            state = self._rig.feel()
            if why := self._halted(state):
                return why
            setpoints = self._motion.towards(command, now)
            if reason := self._motion.refused or self._touches(setpoints):
                self._rig.arm.stop()
                return reason
            passed = self._safety.check(setpoints, state, now, state.measured_at)
            self._motion.adopt(passed.setpoints)
            if passed.send:
                self._rig.arm.command(passed.setpoints)
                if self._heard is not None:
                    self._heard(passed.setpoints)
            if passed.interventions:
                self._rig.arm.stop()
                return _said(passed.interventions[0])
            if watch is not None:
                watch(state)
            if self._motion.arrived(now):
                return "" if watch is not None else self._stood(state)
        self._rig.arm.stop()
        return f"the arm is not there after {LONGEST_S:g} s"

    def _halted(self, state: ArmState) -> str:
        """Why the arm must not go on, in which case it has been stopped."""
        fault = state.fault
        why = f"the arm reports {fault.name}: {fault.detail}" if fault else self._halt() if self._halt else ""
        if why:
            self._rig.arm.stop()
        return why

    def _touches(self, setpoints: SetPoints) -> str:
        return "" if self._carried is None else self._carried.breach(setpoints.joints, begun=True)

    def _stood(self, state: ArmState) -> str:
        """Wait until the joints stand."""
        clock = self._rig.clock
        since, end = clock.now(), clock.now() + SETTLE_S
        while clock.now() < end:
            clock.wait_until(clock.now() + PERIOD_S / 2)
            state = self._rig.feel()
            if why := self._halted(state):
                return why
            if np.abs(state.joint_velocity).max() > STILL_RAD_S:
                since = clock.now()
            elif clock.now() - since > STILL_S:
                return ""
        return f"the arm does not come to rest within {SETTLE_S:g} s"


def _said(intervention: Intervention) -> str:
    return f"{SAFETY}{intervention.reason} {intervention.detail}".strip()
