"""Records a scene of the cell as a sequence in BOP's layout, with exact truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import RigidTransform, Rotation

from ....rig.arms import arm as arm_model
from ....rig.camera_model import CameraModel
from ....rig.cell.cell import Cell
from ....rig.cell.episode_plan import EpisodePlan, Placed
from ....rig.cell.sensor import Flaws
from ....rig.cell.truth import Truth
from ....rig.cell.world import Snapshot
from ....rig.config import RigConfig, load_rig
from ....rig.nouns import Frame, Image, ObjectState
from ....rig.objects import catalogue
from ....rig.rig import Rig, open_rig
from ....tracking.sequences.write import SeenObject, SequenceWriter
from ....tracking.sequences.write_models import write_models
from .arm_pass import arm_pass
from .cover import Cover
from .scenes import EVENT_S, HIDDEN_S, Kind, Scene, draw_scene
from .silhouette import area

ORDER_S = 0.1
"""When the launch is ordered; the sequence begins then."""
CAMERAS = {"opst_cam": "cam1", "side_cam": "cam2"}
AWAY = np.array([-6.0, 0.0, 1.0])
"""Where things are put that a picture shall not show."""
LEARNT_PLACES = 4
LEARNT_TURNS = 5


@dataclass(frozen=True, slots=True)
class Recording:
    """What is recorded how."""

    kind: Kind
    target: str
    seed: int
    speed: float = 0.0
    seconds: float = 2.5
    size: tuple[int, int] = (480, 360)
    focal_px: float | None = None
    """`None` is half the width, as in the paper."""
    masks: bool = False
    drops: float = 0.0
    """Share of pictures that are lost."""


def rig_config(recording: Recording) -> RigConfig:
    """The cell with its two fixed cameras and straight lenses, each a little off its place."""
    config = load_rig("cell")
    width, height = recording.size
    fixed = {
        name: config.cameras[name].model_copy(update={"width": width, "height": height, "delay_s": 0.0})
        for name in CAMERAS
    }
    changes = {
        "distortion": (0.0,) * 5, "focal_px": recording.focal_px, "latency_s": 0.0, "latency_jitter_s": 0.0,
        "drop_rate": recording.drops, "repeat_rate": 0.0,
    }  # fmt: skip
    sensor = config.cell.sensor.model_copy(update=changes)
    episodes = config.cell.episodes.model_copy(update={"camera_jitter_m": 0.03, "camera_jitter_deg": 2.0})
    cell = config.cell.model_copy(update={"sensor": sensor, "episodes": episodes})
    return config.model_copy(update={"cameras": fixed, "cell": cell})


def record(recording: Recording, folder: Path) -> None:
    """Write a data set of one sequence: `models/` and `000000/`."""
    config = rig_config(recording)
    scene = draw_scene(recording.kind, recording.target, recording.seed, recording.speed, arm_model(config.arm.model))
    faults = () if scene.light == 1.0 else (f"light.change@{ORDER_S + EVENT_S}={scene.light}",)
    rig = open_rig(config, seed=recording.seed, faults=faults)
    with rig:
        _Recorder(rig, scene, recording, folder).run()


class _Recorder:
    """One sequence on its way to the disk."""

    def __init__(self, rig: Rig, scene: Scene, recording: Recording, folder: Path) -> None:
        if not isinstance(rig.stage, Cell):
            raise TypeError("only the cell is recorded")
        self.rig, self.cell, self.truth = rig, rig.stage, Truth(rig)
        self.scene, self.recording, self.folder = scene, recording, folder
        models = {CAMERAS[name]: model for name, model in self.truth.camera_models.items()}
        self.models: dict[str, CameraModel] = {name: replace(model, name=name) for name, model in models.items()}
        names = {placed.object for placed in scene.plan.placed}
        self.numbers = {name: 1 + catalogue.names().index(name) for name in sorted(names)}
        watched = None if scene.kind != "blocked" else list(self.models)[scene.camera or 0]
        self.cover = Cover(watched, EVENT_S, EVENT_S + HIDDEN_S)

    def run(self) -> None:
        sequence = self.folder / "000000"
        write_models(self.folder / "models", {number: catalogue.load(name) for name, number in self.numbers.items()})
        with SequenceWriter(sequence, self.models) as writer:
            with SequenceWriter(sequence / "register", self.models) as learning:
                self._learn(learning)
            self._plate(writer, replace(self.scene.plan, scenery=self.scene.learnt_in))
            self._sequence(writer)

    def _plate(self, writer: SequenceWriter, plan: EpisodePlan) -> None:
        """The scene with its launcher and without its objects."""
        self.cell.world.restage(plan)
        shot = self._placed({})
        for camera, image in self._pictures(shot, 0).items():
            writer.plate(camera, image)

    def _learn(self, writer: SequenceWriter) -> None:
        """Each object by itself, in a few places, turned as it can lie or stand."""
        index = 0
        bare = EpisodePlan(self.scene.plan.seed, (), scenery=self.scene.learnt_in)
        self.cell.world.restage(bare)
        for camera, image in self._pictures(self.cell.world.snapshot(self.cell.world.time), 0).items():
            writer.plate(camera, image)
        for name in self.numbers:
            plan = EpisodePlan(bare.seed, (Placed(name, RigidTransform.identity()),), scenery=bare.scenery)
            self.cell.world.restage(plan)
            for pose in _shown_poses(name, self.recording.seed):
                index += 1
                shot = self._placed({"target0": pose})
                for camera, image in self._pictures(shot, index).items():
                    seen = (SeenObject(self.numbers[name], pose),)
                    writer.add(camera, index - 1, image, round(0.04 * index, 6), seen)

    def _sequence(self, writer: SequenceWriter) -> None:
        world, clock = self.cell.world, self.rig.clock
        clock.wait_until(ORDER_S - 0.05)
        world.restage(self.scene.plan)
        for camera in self.rig.cameras.values():
            camera.latest()
        clock.wait_until(ORDER_S)
        begin = clock.now()
        self.rig.stage.launch()
        if self.scene.kind == "arm":
            place = self.scene.plan.launch.crossing
            camera = list(self.models.values())[self.scene.camera or 0]
            self.rig.arm.command(arm_pass(self.cell.world.arm, self.rig.feel().joints, place, camera, begin))
        period = 1.0 / 25.0
        while clock.now() < begin + self.recording.seconds:
            device = min(self.cell.devices.values(), key=lambda one: one.next_exposure)
            due = device.next_exposure
            self._roll(due - begin)
            clock.wait_until(due)
            states = {key: state.at(due) for key, state in self.truth.objects().items()}
            frame = self.rig.cameras[device.name].latest()
            number = int((due - begin) / period)
            if frame is not None and abs(self.truth.captured_at(frame) - due) < 1e-6:
                self._write(writer, frame, number, due - begin, states)
            writer.arm(number, world.arm.name, self.rig.feel(), round(due - begin, 6))

    def _write(
        self, writer: SequenceWriter, frame: Frame, number: int, time: float, states: dict[str, ObjectState]
    ) -> None:
        camera = CAMERAS[frame.camera]
        model, masks = self.models[camera], self.truth.masks(frame)
        image, hidden = self.cover.over(camera, frame.image, time, masks["target0"])
        seen = []
        for key, state in states.items():
            mask = masks[key] & ~hidden
            whole = area(catalogue.load(state.object), state.T_base_object, model)
            share = min(1.0, float(mask.sum()) / whole) if whole else 0.0
            kept = mask if self.recording.masks else None
            seen.append(SeenObject(self.numbers[state.object], state.T_base_object, kept, share))
        writer.add(camera, number, image, round(time, 6), tuple(seen))

    def _roll(self, time: float) -> None:
        """Set the roller in motion once its time has come."""
        roller, world = self.scene.roller, self.cell.world
        if roller is None or time < roller.after:
            return
        radius = catalogue.load(self.truth.names[roller.key]).rolling_radius
        dof = int(world.model.joint(f"{roller.key}/free").dofadr[0])
        address = int(world.model.joint(f"{roller.key}/free").qposadr[0])
        turn = Rotation.from_quat(world.data.qpos[address + 3 : address + 7], scalar_first=True)
        spin = np.cross([0.0, 0.0, 1.0], roller.velocity) / radius
        world.data.qvel[dof : dof + 6] = np.concatenate([roller.velocity, turn.inv().apply(spin)])
        self.scene = replace(self.scene, roller=None)

    def _placed(self, poses: dict[str, RigidTransform]) -> Snapshot:
        """The world now with its objects elsewhere: away unless a pose is given."""
        world = self.cell.world
        shot = world.snapshot(world.time)
        for key in world.scene.bodies:
            pose = poses.get(key, RigidTransform.from_translation(AWAY))
            address = int(world.model.joint(f"{key}/free").qposadr[0])
            shot.qpos[address : address + 3] = pose.translation
            shot.qpos[address + 3 : address + 7] = pose.rotation.as_quat(scalar_first=True)
        return shot

    def _pictures(self, shot: Snapshot, number: int) -> dict[str, Image]:
        """What the cameras see of it, with the noise of its number."""
        found = {}
        for name, device in self.cell.devices.items():
            sensor = device.sensor
            seen = self.cell.eye.see(shot, device.truth.T_parent_camera, sensor.render_size, sensor.render_focal)
            found[CAMERAS[name]] = sensor.expose([seen], 100_000 + number, Flaws())
        return found


def _shown_poses(name: str, seed: int) -> list[RigidTransform]:
    """Where a person puts an object down, and how turned."""
    model, rng = catalogue.load(name), np.random.default_rng([seed, 0x1EA])
    poses = []
    for number in range(LEARNT_PLACES):
        place = np.array([rng.uniform(0.35, 0.65), rng.uniform(-0.22, 0.22)])
        for _ in range(LEARNT_TURNS):
            rest = model.rests[number % len(model.rests)]
            if model.symmetry.kind == "sphere":
                rest = Rotation.random(rng=rng)
            turn = Rotation.from_euler("z", rng.uniform(-np.pi, np.pi)) * rest
            poses.append(RigidTransform.from_components([*place, model.rest_height_in(turn)], turn))
    return poses
