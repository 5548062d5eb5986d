"""The stage of a real rig: commands of the lab where rig.yaml names them, else a person at the terminal."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import numpy as np
from scipy.spatial.transform import RigidTransform

from .arm import Arm
from .asking import Asks
from .clock import Clock
from .config_stage import StageConfig
from .errors import DynacollectError
from .nouns import Grip, SetPoints
from .stage import HeldBox, Panel, Request, Staged

PUSH_S = 60.0
"""For a person to push the object."""
THICKNESS_M, HANDLE_M, SLACK_M = 0.003, 0.02, 0.015
"""Of a board in the hand: how thick it is, how far its edge is from the tool, and how far off it may be clamped."""


class AttendedStage:
    """Follows the `Stage` protocol."""

    def __init__(self, config: StageConfig, arm: Arm, clock: Clock, asks: Asks, objects: tuple[str, ...] = ()) -> None:
        self._config, self._arm, self._clock, self._asks, self._objects = config, arm, clock, asks, objects
        self._lies: tuple[str, ...] | None = None
        """What is on the table and should still be; None where nobody knows."""
        self._laid: tuple[str, ...] = ()
        self._request = Request()
        self._holds_board = False

    def prepare(self, seed: int, request: Request | None = None) -> Staged:  # noqa: ARG002
        request = request or Request()
        targets = self._targets(request)
        others = _others(request)
        things = (*targets, *others, *((request.container,) if request.container else ()))
        if things != self._lies:
            where = f", {request.side} as the robot sees it" if request.side else ""
            self._do(self._config.lay, f"Put on the table {_listed(things)}{where}, and nothing else", request, "lay")
        # Where the same is asked for again before it was launched, it was not found there.
        self._lies, self._laid, self._request = None, things, request
        launcher = "push" if request.speed or self._config.launch else None
        return Staged(targets, others, request.container, launcher, 0, PUSH_S)

    def launch(self) -> None:
        request, self._lies = self._request, self._laid
        if not request.speed:
            return
        if self._config.launch is not None:
            self._run(self._config.launch, request, "launch")
            return
        beside = f", and the other one beside it at {request.rival:.2f} m/s" if request.rival else ""
        self._asks.tell(f"Push the {_said(self._laid[0])} now, at about {request.speed:.2f} m/s{beside}.")

    def clear(self) -> None:
        self._do(self._config.lay, "Clear the table", Request(), "clear")
        self._lies = ()

    def show(self, name: str, number: int) -> None:
        self._lies = None
        if number == 0:
            self._asks.ask(f"Put the {_said(name)} alone on the table, where all cameras see it")
        else:
            self._asks.ask(f"Put the {_said(name)} elsewhere, another side up or turned")

    def call(self, reason: str) -> None:
        self._asks.tell(f"Somebody has to see to this: {reason}. Press Enter when all is well.")

    def attended(self) -> bool:
        return self._asks.answered()

    def present(self, *, held: Panel | None = None, table: Panel | None = None) -> HeldBox | None:
        self._lies = None
        if self._holds_board and held is None:
            self._asks.ask("Hold the board, as the hand will open")
            self._grip(self._arm.model.gripper.max_width)
        if held is not None:
            self._grip(self._arm.model.gripper.max_width)
            self._asks.ask("Hold the board's handle between the fingers, as the hand will close")
            self._grip(0.0)
        self._holds_board = held is not None
        if table is not None:
            self._asks.ask("Lay the board on the table before the arm, face up, where the wrist camera sees it")
        elif held is None:
            self.clear()
        return _box(held, self._arm.model.T_flange_tool) if held else None

    def _targets(self, request: Request) -> tuple[str, ...]:
        if request.target is None:
            return ()
        names = [request.target, *(name for name in self._objects if name != request.target)]
        if len(names) < request.several:
            raise DynacollectError(
                f"the task needs {request.several} objects and {len(names)} are named; name more with --objects"
            )
        return tuple(names[: request.several])

    def _do(self, command: tuple[str, ...] | None, sentence: str, request: Request, what: str) -> None:
        if command is None:
            self._asks.ask(sentence)
        else:
            self._run(command, request, what)

    def _run(self, command: tuple[str, ...], request: Request, what: str) -> None:
        told = json.dumps(_told(request, self._targets(request), what))
        named = f"the stage's command {command[0]}"
        try:
            ran = subprocess.run(
                command, input=told, capture_output=True, text=True, timeout=self._config.timeout_s, check=False
            )
        except OSError as error:
            raise DynacollectError(f"{named} cannot be started ({error.strerror}); mend stage: in rig.yaml") from error
        except subprocess.TimeoutExpired as error:
            raise DynacollectError(f"{named} took more than {self._config.timeout_s:g} s; look at it") from error
        if ran.returncode:
            said = (ran.stderr or ran.stdout).strip().splitlines()
            raise DynacollectError(f"{named} failed ({said[-1] if said else f'exit {ran.returncode}'}); look at it")

    def _grip(self, width: float) -> None:
        gripper, here = self._arm.model.gripper, self._arm.read().joints
        now = self._clock.now()
        self._arm.command(SetPoints(np.array([now]), here[None], Grip(width, gripper.min_force)))
        end = now + gripper.delay + gripper.closing_time(gripper.max_width, 0.0)
        while self._clock.now() < end:
            self._clock.wait_until(self._clock.now() + 0.04)
            self._arm.read()


def _told(request: Request, targets: tuple[str, ...], what: str) -> dict[str, Any]:
    return {
        "do": what, "targets": targets, "distractors": _others(request), "container": request.container,
        "speed": request.speed, "rival_speed": request.rival, "side": request.side,
        "heading_deg": None if request.heading is None else float(np.degrees(request.heading)),
    }  # fmt: skip


def _others(request: Request) -> tuple[str, ...]:
    """What there shall be beside targets and container; a rival is the first."""
    rival = () if request.rival is None or request.target is None else (request.target,)
    return (*rival, *(request.distractors or ()))


def _box(panel: Panel, T_flange_tool: RigidTransform) -> HeldBox:
    """Where a board that hangs from the tool is, with room for how it was clamped; its handle is left out."""
    half = np.array([panel.width_m, THICKNESS_M, panel.height_m]) / 2 + SLACK_M
    middle = RigidTransform.from_translation([0.0, 0.0, HANDLE_M + panel.height_m / 2])
    return HeldBox(T_flange_tool * middle, half)


def _said(name: str) -> str:
    return name.replace("_", " ")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(_said(name) for name in names) or "nothing"
