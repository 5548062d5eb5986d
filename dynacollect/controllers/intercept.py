"""The default profile: meet the object where it will be, move along with it, and close when the fingers are around it.

Each tick plans anew from the newest state, smoothed by a filter over the last ones that is weighted by their own
covariance (`track`). There are two ways to an object. Over it: the hand aims for the place over the object's path that
it can reach soonest, given the arm's limits and the space that it may work in, arrives there with the object's own
velocity, and goes down while moving along (`meeting`, `going`). Ahead of it, where it is fast: the hand waits low on
its way, sets off before it comes, slower than it, and lets it run in between the open fingers (`ahead`). Either way
nothing moves between hand and object when the fingers close, and the grip command leaves early by the gripper's delay,
so that closing costs way on the table, not accuracy (`taking`). `lag`, the measured time from a set-point to the
motion, is in every prediction.

What is held goes to the goal, or into the container: onto a free spot of it, with the hand turned as it is over the
pick, seen from the base (`bringing`). An object that stays out of reach is left for another one, and one that is lost
is gone for again, with more force.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..rig.nouns import Command
from .attempt import Attempt
from .bringing import Bringing
from .going import Going
from .intercept_state import InterceptState
from .machine import Observation, Phase, Scene, Step
from .meeting import MeetingPlanner
from .surroundings import Workspace
from .taking import Taking


class Intercept:
    """A `Profile`; pure: what it returns follows from its arguments alone."""

    name = "intercept"
    state_type = InterceptState

    def __init__(self, scene: Scene, lag: float, workspace: Workspace) -> None:
        self.scene, self.lag, self.workspace = scene, lag, workspace
        attempt = Attempt(MeetingPlanner(scene, lag, workspace))
        taking, bringing = Taking(attempt), Bringing(attempt)
        going = Going(attempt, taking)
        self._phases: dict[Phase, Callable[[InterceptState, Observation], Step]] = {
            Phase.INIT: going.begin,
            Phase.HOVER: going.above,
            Phase.APPROACH_ABOVE: going.above,
            Phase.AHEAD: going.ahead,
            Phase.MEET: taking.meet,
            Phase.CLOSE: taking.close,
            Phase.LIFT: taking.lift,
            Phase.RESET: taking.reset,
            Phase.TO_GOAL: bringing.to_goal,
            Phase.APPROACH_ABOVE_TARGET: bringing.above_container,
            Phase.APPROACH_TARGET: bringing.lower,
            Phase.PLACE: bringing.place,
        }

    def start(self, observation: Observation) -> InterceptState:
        opening = self.scene.arm.gripper.max_width
        return InterceptState(Phase.INIT, observation.time, observation.target, opening=opening)

    def step(self, state: InterceptState, observation: Observation) -> Step:
        if state.phase.ended:
            return Step(state, Command(), ())
        target = observation.objects.get(state.target)
        if target is not None:
            state = replace(state, track=state.track.seen(target))
            known = {**observation.objects, state.target: state.track.refined(target)}
            observation = replace(observation, objects=known)
        step = self._phases[state.phase](state, observation)
        return replace(step, state=replace(step.state, width=observation.arm.gripper_width))
