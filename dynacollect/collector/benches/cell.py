"""How fast the cell is, beside bare MuJoCo renderer calls on the same scene in the same run."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from statistics import median

import mujoco
import numpy as np

from ...rig.arms import kinematics
from ...rig.cell.cell import Cell
from ...rig.cell.eye import MUJOCO_FROM_CV
from ...rig.cell.scene import EYE
from ...rig.clock import HostClock
from ...rig.config import RigConfig
from ...rig.nouns import SetPoints
from ...rig.rig import Rig, open_rig

TICK_S = 0.04
BLOCK = 5


@dataclass(frozen=True, slots=True)
class CellFigures:
    """`ticks_per_s` counts physics, rendering and sensor of all cameras."""

    ticks_per_s: float
    overhead_ratio: float
    """Time of a tick over the same number of bare renderer calls: 1 is no overhead."""
    tick_ms: float
    bare_ms: float
    physics_realtime: float
    peak_rss_mb: float
    cameras: int
    renders_per_tick: float


def bench_cell(config: RigConfig, ticks: int, seed: int) -> CellFigures:
    """Ticks and bare calls in turn, block by block, so that a busy machine slows both alike."""
    rig = open_rig(config, seed=seed)
    cell = rig.stage
    if not isinstance(cell, Cell):
        raise TypeError("only a cell can be measured against its renderer")
    with rig:
        _settle(rig)
        bare = _Bare(cell)
        own: list[float] = []
        plain: list[float] = []
        cell.launch()
        before = cell.eye.rendered
        for _ in range(max(1, ticks // BLOCK)):
            own.append(_time_ticks(rig, BLOCK))
            plain.append(bare.time(BLOCK * len(rig.cameras)))
        renders = (cell.eye.rendered - before) / (BLOCK * len(own))
        physics = _time_physics(config, seed)
    tick, base = median(own) / BLOCK, median(plain) / BLOCK
    ratio = median(a / b for a, b in zip(own, plain, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return CellFigures(1 / tick, ratio, 1e3 * tick, 1e3 * base, physics, peak, len(rig.cameras), renders)


class _Bare:
    """Plain `mujoco.Renderer` calls on the cell's model, at the cameras' nominal size."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        camera = next(iter(cell.models.values()))
        self.data = mujoco.MjData(cell.world.model)
        self.data.qpos[:] = cell.world.data.qpos
        self.renderer = mujoco.Renderer(cell.world.model, camera.height, camera.width)
        mujoco.mj_forward(cell.world.model, self.data)
        arm = cell.world.arm
        flange = kinematics.forward(arm, arm.home) * arm.T_flange_tool.inv()
        poses = [model.T_base_camera(flange) for model in cell.models.values()]
        self.poses = [(pose.translation, (pose.rotation.as_matrix() @ MUJOCO_FROM_CV).ravel()) for pose in poses]

    def time(self, calls: int) -> float:
        clock = HostClock()
        eye = self.cell.world.model.camera(EYE).id
        begin = clock.now()
        for call in range(calls):
            self.data.cam_xpos[eye], self.data.cam_xmat[eye] = self.poses[call % len(self.poses)]
            self.renderer.update_scene(self.data, EYE)
            self.renderer.render()
        return clock.now() - begin


def _settle(rig: Rig) -> None:
    """Streams running, and the loop in phase with them, so that each tick has a picture of every camera."""
    rig.clock.wait_until(rig.clock.now() + 0.4)
    for _ in range(25):
        _tick(rig)
    rig.clock.wait_until(rig.next_start(TICK_S))


def _tick(rig: Rig) -> None:
    """One control step: move the arm a little, let time pass, read everything."""
    now = rig.clock.now()
    home = rig.arm.model.home
    swing = 0.15 * np.sin(2.0 * now)
    goal = home + np.eye(len(home))[0] * swing
    rig.arm.command(SetPoints(np.array([now, now + TICK_S]), np.array([rig.arm.read().joints, goal])))
    rig.clock.wait_until(now + TICK_S)
    rig.see()
    rig.feel()


def _time_ticks(rig: Rig, ticks: int) -> float:
    clock = HostClock()
    begin = clock.now()
    for _ in range(ticks):
        _tick(rig)
    return clock.now() - begin


def _time_physics(config: RigConfig, seed: int, seconds: float = 4.0) -> float:
    """Simulated over real seconds with a launched object and nobody looking."""
    rig = open_rig(config, seed=seed)
    clock = HostClock()
    with rig:
        rig.stage.launch()
        rates = []
        for _ in range(5):
            begin = clock.now()
            rig.clock.wait_until(rig.clock.now() + seconds / 5)
            rates.append(seconds / 5 / (clock.now() - begin))
    return median(rates)
