"""Boards in the cell: a printed plate that the hand holds by its handle, and one that lies on the table.

Neither touches anything. How exactly a person put them there is drawn from the cell's seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import mujoco
import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ..arms.mjcf import ArmHandle
from ..arms.model import ArmModel
from ..nouns import Image
from ..stage import HeldBox, Panel

THICKNESS = 0.003
HANDLE = 0.02
"""From the tool to the upper edge of a held plate, m; the plate is in the plane of the fingers."""
HANDLE_HALF = (0.010, THICKNESS / 2)
"""Half width and half thickness of the handle."""
PAPER = 0.0002
"""How far the printed face stands before the white plate."""
SLACK_M, SLACK_RAD = 0.003, float(np.deg2rad(3.0))
"""How far off a held plate is clamped, to either side, along and about each axis."""
AROUND_M, TURN_RAD = 0.04, float(np.deg2rad(20.0))
"""How far off its place, and how far turned, a plate lies on the table."""
AHEAD = 0.75
"""Where a plate on the table lies before the arm, as a share of its reach; the wrist camera sees it from home."""
WHITE = (0.86, 0.86, 0.85, 1.0)
TEXTURE_PX = 2048
"""Side of the picture that is rendered. A power of two: only then is every coarser copy of it centred on it."""
FACING = Rotation.from_matrix(np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]))
"""From the panel's axes to the tool's: at home a held plate hangs down and faces the side camera."""


@dataclass(frozen=True, slots=True, eq=False)
class Plate:
    """A panel and where it is."""

    panel: Panel
    mounting: Literal["held", "table"]
    T_parent_panel: RigidTransform
    """From the flange for one that is held, from the base for one on the table."""

    @property
    def beyond_tool(self) -> float:
        """How far a held plate reaches from the tool, m."""
        return float(np.hypot(self.panel.width_m / 2, HANDLE + self.panel.height_m))


def hold(panel: Panel, arm: ArmModel, seed: int) -> Plate:
    """Clamped by its handle."""
    rng = np.random.default_rng([seed, 0xB0A2, 0])
    shift, turn = rng.uniform(-1, 1, 3) * SLACK_M, rng.uniform(-1, 1, 3) * SLACK_RAD
    slack = RigidTransform.from_components(shift, Rotation.from_rotvec(turn))
    hangs = RigidTransform.from_components([panel.width_m / 2, -THICKNESS / 2, HANDLE], FACING)
    return Plate(panel, "held", arm.T_flange_tool * slack * hangs)


def lay(panel: Panel, arm: ArmModel, seed: int) -> Plate:
    """Face up before the arm, the picture upright for a camera whose own top points away from the base."""
    rng = np.random.default_rng([seed, 0xB0A2, 1])
    middle = np.array([AHEAD * arm.reach, 0.0, THICKNESS]) + np.append(rng.uniform(-1, 1, 2) * AROUND_M, 0.0)
    upright = Rotation.from_euler("z", rng.uniform(-1, 1) * TURN_RAD) * Rotation.from_matrix(
        np.array([[0.0, -1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])
    )
    corner = RigidTransform.from_translation([-panel.width_m / 2, -panel.height_m / 2, 0.0])
    return Plate(panel, "table", RigidTransform.from_components(middle, upright) * corner)


def held_box(panel: Panel, arm: ArmModel) -> HeldBox:
    """Where a held plate is for certain, however it was clamped; its handle is left out."""
    w, h = panel.width_m, panel.height_m
    slack = SLACK_M + SLACK_RAD * np.array([HANDLE + h, HANDLE + h + w / 2, w / 2])
    middle = RigidTransform.from_translation([0.0, 0.0, HANDLE + h / 2])
    return HeldBox(arm.T_flange_tool * middle, np.array([w / 2, THICKNESS / 2, h / 2]) + slack)


def add_plate(spec: mujoco.MjSpec, plate: Plate, arm: ArmModel, handle: ArmHandle) -> None:
    """Draw a plate: white, with the picture as a sheet on its front, and the handle that the fingers hold."""
    panel = plate.panel
    half = np.array([panel.width_m, panel.height_m, THICKNESS]) / 2
    held = plate.mounting == "held"
    body = spec.body(handle.hand) if held else spec.worldbody
    T_body_panel = arm.T_flange_hand.inv() * plate.T_parent_panel if held else plate.T_parent_panel
    _box(body, T_body_panel, [*half[:2], half[2] + PAPER / 2], (*half[:2], half[2] - PAPER / 2), rgba=WHITE)
    # A box's texture is upright for whoever looks along its -z, and so against the panel's.
    front = T_body_panel * RigidTransform.from_rotation(Rotation.from_euler("x", np.pi))
    _box(body, front, [half[0], -half[1], -PAPER / 2], (*half[:2], PAPER / 2), material=_print(spec, plate))
    if held:
        wide, thick = HANDLE_HALF
        up = (HANDLE + arm.gripper.pad[2]) / 2
        _box(body, T_body_panel, [half[0], -up, half[2]], (wide, up, thick), rgba=WHITE)


def _box(body: mujoco.MjsBody, T: RigidTransform, middle: list[float], half: tuple[float, ...], **look: object) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=half, pos=T.apply(middle), quat=T.rotation.as_quat(scalar_first=True),
        contype=0, conaffinity=0, mass=0.0, **look,
    )  # fmt: skip


def _print(spec: mujoco.MjSpec, plate: Plate) -> str:
    """A matt material with the panel's picture; white paper keeps short of what the sensor saturates at."""
    name, picture = f"plate_{plate.mounting}", _texture(plate.panel.image)
    kind = mujoco.mjtTexture.mjTEXTURE_2D
    spec.add_texture(name=name, type=kind, width=TEXTURE_PX, height=TEXTURE_PX, nchannel=3).data = picture.tobytes()
    material = spec.add_material(name=name, rgba=WHITE, specular=0.0, shininess=0.0, texuniform=False)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name


def _texture(image: Image) -> Image:
    """The picture as a square of TEXTURE_PX, RGB; edges stay on edges."""
    rows, columns = image.shape[:2]
    fine = cv2.resize(image, (min(columns, TEXTURE_PX), min(rows, TEXTURE_PX)), interpolation=cv2.INTER_AREA)
    square = cv2.resize(fine, (TEXTURE_PX, TEXTURE_PX), interpolation=cv2.INTER_LINEAR)
    colour = square if square.ndim == 3 else np.repeat(square[..., None], 3, axis=2)
    return np.ascontiguousarray(colour, np.uint8)
