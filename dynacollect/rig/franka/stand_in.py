"""A stand-in of a Franka in a process of its own: franky-sim's physics behind the real wire protocol, and its failings.

It ends when its standard input does, so it never outlives the process that started it. Orders come in there, one a
line: `wall 0.041` (the fingers meet something that wide; 0 is nothing), `fail joint_reflex` (or another of ERRORS,
`user_stop`, `rejects`), `heal` (what a person does), `mute 1` (feedback stays away), `go 0.005` (the
time of a led one passes by that much).
"""

from __future__ import annotations

import argparse
import os
import select
import struct
import sys
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from socket import socket

import numpy as np
from franky_sim import BaseRobot, FrankaRobotServer, FrankaServer, SimulationServer
from franky_sim.franka_gripper_protocol import GripperCommandStatus
from franky_sim.franka_gripper_server import FrankaGripperServer
from franky_sim.franka_robot_protocol import (
    AutomaticErrorRecoveryCommand,
    AutomaticErrorRecoveryStatus,
    MoveCommandControllerMode,
    MoveCommandMotionGeneratorMode,
    MoveStatus,
    RobotCommand,
    RobotMode,
)
from franky_sim.franka_robot_state import FrankaRobotState
from franky_sim.franka_server import BaseCommand
from franky_sim.mujoco_simulator import FrankaMujocoRobot, MujocoSimulator

from ..clock import HostClock
from .stretched_clock import StandInTime

PERIOD_S = 0.001
LOOK_S, BUSY_S = 0.001, 0.1
"""A led stand-in whose time stands still speaks so often: idle, and while a controller is at work."""
LISTEN_EVERY = 5
"""Periods between two looks at the orders."""
BEHIND_S = 0.05
"""A stand-in that lags further than this behind the host's clock lets the time go."""
ANSWER_S, LED_ANSWER_S = 0.02, 0.5
"""How long it waits for the answer to a state; on a busy host, time stretches instead of answers being lost."""
HOME = (0.0, -0.28344646, 0.0, -2.23487447, 0.0, 1.95142801, 0.78539816)
ERRORS = {
    "joint_position_limits_violation": 0, "self_collision_avoidance_violation": 2, "joint_velocity_violation": 3,
    "joint_reflex": 6, "cartesian_reflex": 7, "communication_constraints_violation": 25, "power_limit_violation": 26,
}  # fmt: skip
"""Place of each error in the flags that a robot sends."""


class _Recovery(AutomaticErrorRecoveryCommand):
    def handle(self, server: FrankaServer) -> None:
        done = isinstance(server, Robot) and server.recover()
        status = AutomaticErrorRecoveryStatus
        self.reply(status.kSuccess if done else status.kManualErrorRecoveryRequiredRejected)


class _Recovering(FrankaServer):
    """Puts our recovery in the place of the one that always succeeds."""

    def __init__(self, hosts: Iterable[str], port: int, commands: dict[IntEnum, type[BaseCommand]], version: int):
        super().__init__(hosts, port, {**commands, RobotCommand.kAutomaticErrorRecovery: _Recovery}, version)


class Robot(FrankaRobotServer, _Recovering):  # pyright: ignore[reportIncompatibleMethodOverride]
    """The robot's side of the protocol, which can fail as a robot does."""

    def __init__(self, robot: BaseRobot, hosts: Iterable[str]) -> None:
        self._errors = (False,) * 41
        self._stopped = self._rejects = False
        self.muted = False
        self.patience_s = ANSWER_S
        self._clock = HostClock()
        self._sent = self._answered = 0
        super().__init__(robot, hosts)

    def fail(self, name: str) -> None:
        """As a robot: the motion is aborted, the arm holds, errors are told until they are recovered from."""
        if name == "rejects":
            self._rejects = True
            return
        self._stopped = self._stopped or name == "user_stop"
        if name in ERRORS:
            self._errors = tuple(was or place == ERRORS[name] for place, was in enumerate(self._errors))
        motion = self.current_motion_id
        self.reset_current_motion_id()
        self.stop_motion(send_preemption_signal=False)
        if motion and self._tcp_socket is not None:
            status = MoveStatus.kPreemptedDueToActivatedSafetyFunctions if self._stopped else MoveStatus.kReflexAborted
            BaseCommand.send_response(self._tcp_socket, RobotCommand.kMove, motion, status)

    def heal(self) -> None:
        """A person releases the user stop."""
        self._stopped = self._rejects = False

    def recover(self) -> bool:
        if self._stopped or self._rejects:
            return False
        self._errors = (False,) * 41
        return True

    def start_motion(
        self, controller_mode: MoveCommandControllerMode, motion_generator_mode: MoveCommandMotionGeneratorMode,
        motion_id: int,
    ) -> None:  # fmt: skip
        if self._stopped or any(self._errors):
            raise RuntimeError("errors stand")
        super().start_motion(controller_mode, motion_generator_mode, motion_id)

    def send_state(self) -> None:
        if self.udp_connected and not self.muted:
            super().send_state()
            self._sent += 1

    def _setup_udp_connection(self, network_udp_port: int) -> None:
        self._sent = self._answered = 0
        super()._setup_udp_connection(network_udp_port)

    @property
    def robot_state(self) -> FrankaRobotState:
        state = super().robot_state
        if self._stopped:
            state = state.replace(robot_mode=RobotMode.kUserStopped)
        elif any(self._errors):
            state = state.replace(robot_mode=RobotMode.kReflex)
        return state.replace(errors=self._errors, reflex_reason=self._errors)

    def await_answer(self) -> None:
        """Let the controller at the other end answer the state it was sent: a real one is never slower than this."""
        until = self._clock.now() + self.patience_s
        while self.current_motion_id and self._answered < self._sent - 1 and self._clock.now() < until:
            self._process_udp_commands()
            os.sched_yield()

    def _handle_udp_command(self, command_data: bytes) -> None:
        (self._answered,) = struct.unpack_from("<Q", command_data)
        super()._handle_udp_command(command_data)


class Hand:
    """What franky-sim's hand lacks: something between its fingers, and an answer to a command that is cut short."""

    def __init__(self, robot: FrankaMujocoRobot, server: FrankaGripperServer) -> None:
        self._wall = 0.0
        self._wanted: tuple[float, float, float] | None = None
        self._server = server
        self._set, robot.set_hand_goal = robot.set_hand_goal, self._goal
        self._stop, server.stop = server.stop, self._cut_short

    def meet(self, wall: float) -> None:
        self._wall = wall
        if self._wanted is not None:
            self._goal(*self._wanted)

    def _goal(self, width: float, max_velocity: float, max_force: float) -> None:
        self._wanted = (width, max_velocity, max_force)
        self._set(max(width, self._wall), max_velocity, max_force)

    def _cut_short(self, command_id: int, tcp_socket: socket) -> None:
        server = self._server
        if server._pending_command_id is not None and server._pending_command_type is not None:
            BaseCommand.send_response(
                tcp_socket, server._pending_command_type, server._pending_command_id,
                GripperCommandStatus.kAborted, command_type_struct="H", status_type_struct="H",
            )  # fmt: skip
        self._stop(command_id, tcp_socket)


class Bench(SimulationServer):
    """One robot, in the host's time."""

    def init(self) -> None:
        self.robot_servers.extend(Robot(robot, self._remaining_hostname_candidates) for robot in self.sim.robots)
        for server in self.robot_servers:
            server.init()
        self.sim.start()

    @property
    def robot(self) -> Robot:
        server = self.robot_servers[0]
        if not isinstance(server, Robot):
            raise TypeError("the first robot is ours")
        return server

    @property
    def hand(self) -> FrankaGripperServer:
        if self.robot.gripper_server is None:
            raise TypeError("the robot has a hand")
        return self.robot.gripper_server

    def keep_alive(self) -> None:
        """Speak while time stands still, so that nobody takes the line for lost."""
        self.robot.process_commands()
        self.robot.send_state()
        self.robot.await_answer()

    def step(self) -> None:
        """One millisecond."""
        self.robot.process_commands()
        self.sim.step()
        self.robot.send_state()
        self.robot.await_answer()


class Diary:
    """What the joints truly did, by the stand-in's own time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._rows: list[tuple[float, ...]] = []

    def note(self, now: float, robot: FrankaMujocoRobot) -> None:
        if self._path:
            state = robot.inner_state
            self._rows.append((now, *state.q, *state.dq, *state.tau_j))

    def close(self) -> None:
        if self._path:
            np.save(self._path, np.array(self._rows))


class Orders:
    """What comes in on standard input; its end is an order to end."""

    def __init__(self, server: Robot, hand: Hand) -> None:
        self._server, self._hand = server, hand
        self.over = False
        self.goal_s = 0.0
        """Until when a led stand-in may let time pass."""

    def listen(self, patience_s: float = 0.0) -> None:
        if select.select([0], [], [], patience_s)[0]:
            data = os.read(0, 65536)
            self.over = not data
            for line in data.decode().splitlines():
                self._obey(*line.split(" ", 1))

    def _obey(self, word: str, value: str = "") -> None:
        server = self._server
        if word == "go":
            self.goal_s += float(value)
        elif word == "wall":
            self._hand.meet(float(value))
        elif word == "fail":
            server.fail(value)
        elif word == "heal":
            server.heal()
        elif word == "mute":
            server.muted = value == "1"


class Session:
    """A stand-in at work."""

    def __init__(self, bench: Bench, robot: FrankaMujocoRobot, time: StandInTime, diary: Diary) -> None:
        self._bench, self._robot, self._time, self._diary = bench, robot, time, diary
        self._clock = HostClock()
        self._orders = Orders(bench.robot, Hand(robot, bench.hand))
        self._count = 0

    def run(self) -> None:
        """In the host's time."""
        due = self._clock.now()
        while not self._orders.over:
            self._step()
            if self._count % LISTEN_EVERY == 0:
                self._orders.listen()
            due = max(due + PERIOD_S, self._clock.now() - BEHIND_S)
            self._clock.wait_until(due)

    def follow(self) -> None:
        """In the time of whoever leads: as far as told, and a report of joints and width each time."""
        self._bench.robot.patience_s = LED_ANSWER_S
        self._bench.step()  # there is no state to speak of before
        spoken = self._clock.now()
        while not self._orders.over:
            self._orders.listen(LOOK_S)
            if self._now < self._orders.goal_s - 0.5 * PERIOD_S:
                while self._now < self._orders.goal_s - 0.5 * PERIOD_S:
                    self._step()
                self._report()
                spoken = self._clock.now()
            elif self._clock.now() - spoken > (BUSY_S if self._bench.robot.current_motion_id else LOOK_S):
                self._bench.keep_alive()
                spoken = self._clock.now()

    @property
    def _now(self) -> float:
        return self._count * PERIOD_S

    def _step(self) -> None:
        self._bench.step()
        self._count += 1
        self._time.write(self._now)
        self._diary.note(self._now, self._robot)

    def _report(self) -> None:
        state = self._robot.inner_state
        sys.stdout.write(" ".join(map(repr, (*state.q, self._robot.hand_width))) + "\n")
        sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("host", help="Address to listen on.")
    parser.add_argument("time", help="File that its time is written to.")
    parser.add_argument("--diary", default="", help="File for what the joints truly did.")
    parser.add_argument("--led", action="store_true", help="Time passes only as far as it is told to.")
    parser.add_argument("--joints", type=float, nargs=7, default=HOME, help="Where it stands at first.")
    parser.add_argument("--width", type=float, default=0.08, help="How far its hand is open at first.")
    arguments = parser.parse_args()
    diary = Diary(arguments.diary)
    with MujocoSimulator() as simulator:
        robot = simulator.add_robot(initial_q=arguments.joints, initial_hand_width=arguments.width)
        with Bench(simulator, [arguments.host]) as bench:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            session = Session(bench, robot, StandInTime(Path(arguments.time)), diary)
            session.follow() if arguments.led else session.run()
    diary.close()


if __name__ == "__main__":
    main()
