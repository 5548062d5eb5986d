"""The simulated rig put together: world, devices on their own schedules, and the drivers that see them."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arm import Arm
from ..arms import arm as arm_model
from ..arms import kinematics
from ..arms.model import ArmModel
from ..camera_model import CameraModel, look_at
from ..clock import SimClock
from ..config import RigConfig
from ..errors import DynacollectError
from ..nouns import Grip, SetPoints
from ..objects import catalogue
from ..rig import Rig
from ..stage import HeldBox, Panel, Request, Staged
from .arm import CellArm
from .arm_device import ArmDevice
from .camera import CellCamera
from .camera_device import CameraDevice
from .episode_plan import EpisodePlan
from .eye import Eye
from .faults import FaultPlan, parse
from .outside import OutsideArm
from .plan import draw
from .plates import THICKNESS, held_box, hold, lay
from .scene import WRIST_CAMERA
from .self_launch import sweep
from .showing import alone, swapped, take_away
from .world import Snapshot, World

FIXED = {
    "CELL-OPST": (np.array([1.0, 0.0, 0.60]), np.array([0.40, 0.0, 0.0])),
    "CELL-SIDE": (np.array([0.45, 1.0, 0.35]), np.array([0.45, 0.0, 0.03])),
}
"""The paper's cameras: where they stand and what they look at, base frame, m."""

BENEATH_M, WRIST_DEPTH_M = 0.15, 0.32
"""What the wrist camera looks at: this far ahead of the tool, and this far from its lens."""


class Cell:
    """Lets simulated time pass for the world and for every device in it, in order."""

    def __init__(self, config: RigConfig, *, seed: int, faults: FaultPlan, realtime: bool) -> None:
        self.config, self.seed, self.faults = config, seed, faults
        arm = arm_model(config.arm.model)
        knobs = config.cell.arm
        self.world = World(
            draw(seed, arm, config.cell.episodes),
            arm,
            config.cell.timestep_s,
            arm.command_delay if knobs.command_delay_s is None else knobs.command_delay_s,
            arm.gripper.delay if knobs.gripper_delay_s is None else knobs.gripper_delay_s,
        )
        self.eye = Eye(self.world)
        self.arm_device = ArmDevice(self.world, faults)
        self._leader: OutsideArm = self.arm_device
        self.models = {name: self._model(name, index) for index, name in enumerate(config.cameras)}
        self.devices = {
            name: CameraDevice(
                config.cameras[name], config.sensor_of(name), model, self.eye, faults, seed + 7919 * index
            )
            for index, (name, model) in enumerate(self.models.items())
        }
        self.clock = SimClock(self.advance, realtime=realtime)
        self.command: Callable[[SetPoints], None] = self.arm_device.take
        """How the stage moves the arm where the arm is the launcher; the driver's, so that its monitor knows."""
        self._retreat: SetPoints | None = None
        self._attended_at: float | None = None
        self._attended = False

    def led_by(self, outside: OutsideArm) -> None:
        """From now on the arm goes where a controller outside of the cell leads it, in the arm device's place."""
        self._leader = outside

    def advance(self, to: float) -> None:
        """Let time pass: physics, arm samples and exposures, each at its own instant."""
        while True:
            device = min(self.devices.values(), key=lambda camera: camera.next_exposure)
            due = min(self._leader.next_sample, device.next_exposure)
            if due > to:
                break
            self.world.step_until(due)
            self.world.light = self.faults.light(due)
            self._retreat_at(due)
            self._attend(due)
            if due == self._leader.next_sample:
                self._leader.sample()
            else:
                device.expose(self.world.snapshot, self._smear)
        self.world.step_until(to)

    def prepare(self, seed: int, request: Request | None = None) -> Staged:
        """Set the table anew; the arm and the clocks go on."""
        plan = draw(seed, self.world.arm, self.config.cell.episodes, request)
        wrong = self.faults.active("stage", self.clock.now())
        self.lay_out(swapped(plan) if "swapped" in wrong else plan)
        if "missing" in wrong:
            take_away(self.world, ("target0",))
        return Staged(
            tuple(placed.object for placed in plan.targets),
            tuple(placed.object for placed in plan.distractors),
            plan.container.object if plan.container else None,
            plan.launch.launcher,
            self._surroundings(plan),
        )

    def _surroundings(self, plan: EpisodePlan) -> int:
        fixture = plan.launch.launcher in ("ramp", "conveyor") and (*plan.launch.way, *self.world.launcher.start_pose)
        return zlib.crc32(repr((plan.scenery, fixture)).encode())

    def clear(self) -> None:
        take_away(self.world)

    def show(self, name: str, number: int) -> None:
        self.lay_out(alone(self.world, name, number))

    def call(self, reason: str) -> None:  # noqa: ARG002
        if self.config.cell.attendant_s is not None and self._attended_at is None:
            self._attended_at = self.clock.now() + self.config.cell.attendant_s

    def _attend(self, now: float) -> None:
        """A person has come: whatever is broken is mended."""
        if self._attended_at is not None and now >= self._attended_at:
            self._attended_at = None
            self.faults.mend(now)
            self._leader.put_right()
            self._attended = True

    def attended(self) -> bool:
        attended, self._attended = self._attended, False
        return attended

    def present(self, *, held: Panel | None = None, table: Panel | None = None) -> HeldBox | None:
        """As `Stage.present`; the fingers are told to close on the handle, or to open once it is gone."""
        arm = self.world.arm
        clamped = hold(held, arm, self.seed) if held else None
        laid = lay(table, arm, self.seed) if table else None
        self.lay_out(self.world.plan.cleared(tuple(plate for plate in (clamped, laid) if plate)))
        return held_box(held, arm) if held else None

    def lay_out(self, plan: EpisodePlan) -> None:
        """Another table in the same room; a plate is clamped or let go as a person would have the gripper do it."""
        for device in self.devices.values():
            device.develop_all()
        before = self.world.plan.held
        self.world.restage(plan)
        self._retreat = None
        if (plan.held is None) != (before is None):
            gripper, here = self.world.arm.gripper, self.world.follower.position.copy()
            grip = Grip(gripper.max_width if plan.held is None else THICKNESS, gripper.min_force)
            self.command(SetPoints(np.array([self.clock.now()]), here[None], grip))

    def launch(self) -> None:
        plan = self.world.plan
        if not plan.targets:
            raise DynacollectError("nothing is on the table that could be launched; prepare the table first")
        if "stuck" in self.faults.active("stage", self.clock.now()):
            return
        if plan.launch.launcher != "self":
            self.world.launch()
        elif self.world.launcher.ordered_at is None:
            self._sweep(plan)

    def _sweep(self, plan: EpisodePlan) -> None:
        """Let the arm shove the target with its closed hand."""
        now, target = self.clock.now(), plan.targets[0]
        footprint = catalogue.load(target.object).footprint(target.T_base_object.rotation)
        near_side = float(np.max(footprint @ -plan.launch.way[:2]))
        start, joints = np.asarray(target.T_base_object.translation), self._leader.feedback.joints
        found = sweep(self.world.arm, joints, start, plan.launch.way, near_side, plan.speed, now)
        self.command(found.shove)
        self._retreat = found.retreat
        self.world.launch(found.meets_at - now)

    def _retreat_at(self, now: float) -> None:
        if self._retreat is not None and now >= self._retreat.times[0]:
            self.command(self._retreat)
            self._retreat = None

    def _smear(self, shot: Snapshot, camera: CameraDevice) -> float:
        """How fast the fastest thing moves over this camera's chip, px/s."""
        world = self.world
        joints, velocity = shot.qpos[world.joint_addresses], shot.qvel[world.joint_dofs]
        tool = kinematics.jacobian(world.arm, joints) @ velocity
        focal = camera.sensor.render_focal
        if camera.config.mount == "wrist":
            ahead = kinematics.forward(world.arm, joints).rotation.apply([0.0, 0.0, 1.0])
            # The table beneath the hand passes by; a turn about the line of sight smears half as far from the middle.
            passing = np.linalg.norm(tool[:3] + np.cross(tool[3:], BENEATH_M * ahead)) / WRIST_DEPTH_M
            return float(focal * (passing + 0.5 * abs(tool[3:] @ ahead)))
        held = world.plan.held
        edge = 0.0 if held is None else held.beyond_tool * float(np.linalg.norm(tool[3:]))
        fastest = max([float(np.linalg.norm(tool[:3])) + edge, *world.object_speeds(shot)])
        return focal * fastest / 0.8

    def _model(self, name: str, index: int) -> CameraModel:
        """The camera as it really is: the paper's place, off by this seed's jitter."""
        camera, sensor = self.config.cameras[name], self.config.sensor_of(name)
        width, height = camera.width, camera.height
        focal = sensor.focal(width)
        K = np.array([[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1.0]])
        wrist = camera.mount == "wrist"
        pose = wrist_mount(self.world.arm) if wrist else look_at(*FIXED[camera.serial])
        episodes = self.config.cell.episodes
        jitter = _jitter([self.seed, 0xCA, index], episodes.camera_jitter_m, np.deg2rad(episodes.camera_jitter_deg))
        place = pose if wrist else pose * jitter
        return CameraModel(name, width, height, K, np.array(sensor.distortion), place, wrist)


def wrist_mount(arm: ArmModel) -> RigidTransform:
    """From the flange to the wrist camera: beside the hand, looking at what the fingers will hold."""
    return arm.T_flange_hand * look_at(WRIST_CAMERA, np.array([0.0, 0.0, 0.22]), up=np.array([1.0, 0.0, 0.0]))


def _jitter(seed: list[int], metres: float, radians: float) -> RigidTransform:
    rng = np.random.default_rng(seed)
    shift, turn = rng.uniform(-1, 1, 3) * metres, rng.uniform(-1, 1, 3) * radians
    return RigidTransform.from_components(shift, Rotation.from_rotvec(turn))


def build_cell(config: RigConfig, *, seed: int = 0, faults: tuple[str, ...] = (), realtime: bool = False) -> Rig:
    """The cell as a rig; `faults` are specs as in `cell.faults`."""
    cell = Cell(config, seed=seed, faults=parse(faults, config.cameras), realtime=realtime)
    return rig_of(cell, CellArm(cell.arm_device, cell.clock))


def rig_of(cell: Cell, arm: Arm) -> Rig:
    """The cell with its cameras' drivers, and with this driver of its arm."""
    cell.command = arm.command
    cameras = {name: CellCamera(device, cell.clock) for name, device in cell.devices.items()}
    return Rig(cell.config, cameras, arm, cell.clock, cell)
