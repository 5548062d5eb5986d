"""Boards shown to the cell's cameras are where truth says, to a few hundredths of a pixel, and disturb nothing."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.calibration.boards import Charuco
from dynacollect.calibration.detect import detect
from dynacollect.calibration.panel import MARGIN_M, panel_of
from dynacollect.rig.arms import ARMS, arm, kinematics
from dynacollect.rig.cell.cell import Cell
from dynacollect.rig.cell.plates import HANDLE, THICKNESS, held_box, hold, lay
from dynacollect.rig.cell.table import on_table
from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame, Vector
from dynacollect.rig.rig import Rig
from dynacollect.rig.stage import Panel, Request

Open = Callable[..., Rig]
Exercise = Callable[..., Iterator[float]]

BOARD = Charuco(squares_x=5, squares_y=4, square_m=0.05, marker_m=0.0375, dictionary="DICT_4X4_50")
"""Fewer and larger squares than A4 has room for: the fixed cameras see little of 480x360 pixels of them."""
PANEL = panel_of(BOARD)
CORNERS = BOARD.points + np.array([MARGIN_M, MARGIN_M, 0.0])
"""In the panel's frame."""
A4 = Panel(np.full((210, 297), 255, np.uint8), 0.297, 0.210)


def true_pixels(rig: Rig, camera: str, mounting: str, points: Vector, joints: Vector) -> tuple[Vector, float]:
    """Where points of a shown panel are in the picture, and the cosine between its back and the line of sight."""
    truth, model = Truth(rig), rig.arm.model
    flange = kinematics.forward(model, joints) * model.T_flange_tool.inv()
    panel = truth.panels()[mounting]
    T_base_panel = flange * panel if mounting == "held" else panel
    lens = truth.camera_models[camera]
    seat, places = lens.T_base_camera(flange), T_base_panel.apply(points)
    sight = places.mean(axis=0) - seat.translation
    facing = float(T_base_panel.rotation.apply([0.0, 0.0, 1.0]) @ sight / np.linalg.norm(sight))
    return lens.project(places, seat), facing


def poses(rig: Rig, camera: str, mounting: str, count: int) -> list[Vector]:
    """Joints from which a camera sees most of the board, large enough and not too slanted, clear of the table."""
    model, rng, found = rig.arm.model, np.random.default_rng(0), []
    size = np.array([rig.config.cameras[camera].width, rig.config.cameras[camera].height])
    for _ in range(20_000):
        turn = rng.normal(0.0, 0.4, model.joints)
        turn[-1] = rng.uniform(-1.8, 1.8) if mounting == "held" else turn[-1]
        joints = np.clip(model.home + turn, model.lower, model.upper)
        flange = kinematics.forward(model, joints) * model.T_flange_tool.inv()
        box = flange.apply(held_box(PANEL, model).corners)
        pixels, facing = true_pixels(rig, camera, mounting, CORNERS, joints)
        inside = ((pixels > 8) & (pixels < size - 9)).all(axis=1)
        large = np.median(np.hypot(*(pixels[1:] - pixels[:-1]).T)) > 14
        low = box[:, 2].min() if mounting == "held" else flange.translation[2] - 0.25
        if low > 0 and facing > 0.6 and large and inside.mean() > 0.8:
            found.append(joints)
            if len(found) == count:
                return found
    raise AssertionError(f"{camera} hardly sees the {mounting} board")


def put(rig: Rig, joints: Vector) -> None:
    """Have the arm stand there, as if it had gone there slowly."""
    assert isinstance(rig.stage, Cell)
    world = rig.stage.world
    world.follower.halt()
    world.follower.position, world.follower.velocity = joints.copy(), np.zeros_like(joints)
    world.data.qpos[world.joint_addresses] = joints
    world.data.qvel[world.joint_dofs] = 0.0


def shot(rig: Rig, camera: str) -> Frame:
    """A picture taken from now on."""
    start = rig.clock.now()
    while True:
        rig.clock.wait_until(rig.clock.now() + 0.02)
        frame = rig.cameras[camera].latest()
        if frame is not None and Truth(rig).captured_at(frame) > start:
            return frame


def misses(rig: Rig, camera: str, mounting: str, count: int) -> tuple[Vector, Vector]:
    """Detected less true corners (n, 2), and how far they are off outward from the middle of the picture (n,)."""
    off, outward = [], []
    middle = Truth(rig).camera_models[camera].K[:2, 2]
    for joints in poses(rig, camera, mounting, count):
        put(rig, joints)
        found = detect(BOARD, shot(rig, camera).image)
        points = CORNERS[found.ids]
        if not len(points):
            continue
        true, _ = true_pixels(rig, camera, mounting, points, Truth(rig).joints())
        off.append(found.pixels - true)
        ways = true - middle
        outward.append((off[-1] * ways).sum(axis=1) / np.hypot(*ways.T))
    return np.concatenate(off), np.concatenate(outward)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cell", pytest.param("cell-piper", marks=pytest.mark.long)])
def test_corners_are_found_where_they_are(name: str, opened: Open) -> None:
    """With noise, lens and shadows; what a shadow's edge crosses is put off and left out."""
    with opened(seed=0, name=name, size=480) as rig:
        rig.stage.present(held=PANEL)
        seen = [misses(rig, camera, "held", 5) for camera in ("opst_cam", "side_cam")]
        rig.stage.present(table=PANEL)
        seen.append(misses(rig, "wrist_cam", "table", 5))
    off, outward = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    good = np.abs(off).max(axis=1) < 0.3
    assert len(off) > 0.7 * 15 * len(CORNERS)
    assert good.mean() > 0.9
    assert np.abs(off[good].mean(axis=0)).max() < 0.02
    assert abs(outward[good].mean()) < 0.02
    assert np.sqrt((off[good] ** 2).mean()) < 0.062
    assert np.median(np.abs(off)) < 0.04


@pytest.mark.slow
@pytest.mark.parametrize("camera", ["wrist_cam"])
def test_more_pixels_find_them_better(camera: str, opened: Open) -> None:
    mounting = "table" if camera == "wrist_cam" else "held"
    with opened(seed=0, cameras=(camera,), size=1280) as rig:
        rig.stage.present(**{mounting: PANEL})
        off, outward = misses(rig, camera, mounting, 5)
    good = np.abs(off).max(axis=1) < 0.3
    assert good.mean() > 0.9
    assert np.abs(off[good].mean(axis=0)).max() < 0.01
    assert abs(outward[good].mean()) < 0.02
    assert np.sqrt((off[good] ** 2).mean()) < 0.05
    assert np.median(np.abs(off)) < 0.035


@pytest.mark.slow
def test_a_picture_in_colour_is_neither_turned_nor_mirrored(opened: Open) -> None:
    colours = np.array([[[220, 30, 30], [30, 200, 30]], [[30, 30, 220], [230, 230, 230]]], np.uint8)
    panel = Panel(np.repeat(np.repeat(colours, 70, axis=0), 100, axis=1), 0.2, 0.14)
    middles = np.array([[0.05, 0.035, 0.0], [0.15, 0.035, 0.0], [0.05, 0.105, 0.0]])
    with opened(seed=1, size=320) as rig:
        for camera, mounting in (("side_cam", "held"), ("wrist_cam", "table")):
            rig.stage.present(**{mounting: panel})
            image = shot(rig, camera).image
            pixels, _ = true_pixels(rig, camera, mounting, middles, Truth(rig).joints())
            for channel, (column, row) in enumerate(np.rint(pixels).astype(int)):
                assert int(np.argmax(image[row, column])) == channel, (camera, channel)


@pytest.mark.slow
def test_one_seed_shows_the_same_pixels(opened: Open) -> None:
    def picture(seed: int) -> np.ndarray:
        with opened(seed=seed, cameras=("side_cam",)) as rig:
            rig.stage.present(held=PANEL, table=PANEL)
            return shot(rig, "side_cam").image

    first = picture(3)
    assert np.array_equal(first, picture(3))
    assert not np.array_equal(first, picture(4))


def test_seeds_clamp_and_lay_differently_within_their_slack() -> None:
    model = arm("franka-panda")
    for place in (hold, lay):
        drawn = [place(PANEL, model, seed).T_parent_panel for seed in range(20)]
        middles = np.array([T.apply([PANEL.width_m / 2, PANEL.height_m / 2, 0.0]) for T in drawn])
        turns = [np.rad2deg((drawn[0].rotation.inv() * T.rotation).magnitude()) for T in drawn]
        assert 0.002 < middles.std(axis=0).max() < 0.04
        assert 2.0 < max(turns) < 45.0


@pytest.mark.parametrize("name", sorted(ARMS))
def test_the_box_holds_every_held_plate_and_is_clear_of_the_fingers(name: str) -> None:
    model = arm(name)
    box = held_box(A4, model)
    plate = np.array([[x, y, z] for x in (0, A4.width_m) for y in (0, A4.height_m) for z in (0, THICKNESS)])
    for seed in range(50):
        local = box.T_flange_box.inv().apply(hold(A4, model, seed).T_parent_panel.apply(plate))
        assert np.all(np.abs(local) <= box.half)
    tips = model.gripper.pad_offset + model.gripper.pad[2]
    assert (model.T_flange_tool.inv().apply(box.corners))[:, 2].min() > -0.002
    middle_top = hold(A4, model, 0).T_parent_panel.apply([A4.width_m / 2, 0.0, 0.0])
    assert tips + 0.005 < model.T_flange_tool.inv().apply(middle_top)[2] < HANDLE + 0.005


def test_an_a4_plate_straight_down_clears_the_table() -> None:
    """With the tool a quarter of a metre and two centimetres over the table."""
    model = arm("franka-panda")
    tool = kinematics.forward(model, model.home)
    above = RigidTransform.from_components([*tool.translation[:2], 0.27], tool.rotation)
    corners = (above * model.T_flange_tool.inv()).apply(held_box(A4, model).corners)
    assert corners[:, 2].min() > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cell", "cell-fr3", "cell-piper"])
def test_from_home_the_wrist_camera_sees_the_board_on_the_table(name: str, opened: Open) -> None:
    for seed in range(2):
        with opened(seed=seed, name=name, cameras=("wrist_cam",), size=480) as rig:
            rig.stage.present(table=PANEL)
            pixels, _ = true_pixels(rig, "wrist_cam", "table", CORNERS, rig.arm.model.home)
            assert ((pixels > 0) & (pixels < [479, 359])).all(axis=1).mean() > 0.6
            if seed == 0:
                assert len(detect(BOARD, shot(rig, "wrist_cam").image).ids) > 6


@pytest.mark.parametrize("name", sorted(ARMS))
def test_a_plate_on_the_table_lies_flat_and_whole_on_it(name: str) -> None:
    edges = np.array([[x, y, 0.0] for x in (0, A4.width_m) for y in (0, A4.height_m)])
    for seed in range(50):
        corners = lay(A4, arm(name), seed).T_parent_panel.apply(edges)
        assert corners[:, 2] == pytest.approx(THICKNESS)
        assert all(on_table(np.append(corner[:2], 0.0), 0.0) for corner in corners)


@pytest.mark.slow
def test_presenting_leaves_the_arm_and_the_clocks_alone(opened: Open) -> None:
    with opened(seed=2, size=96) as rig:
        rig.stage.prepare(2, Request(target="cube", speed=0.0))
        before = shot(rig, "opst_cam")
        joints, now = rig.feel().joints.copy(), rig.clock.now()
        assert rig.stage.present(held=PANEL) is not None
        assert rig.clock.now() == now
        assert Truth(rig).objects() == {}
        rig.clock.wait_until(now + 2.0)
        rig.see()
        assert rig.feel().joints == pytest.approx(joints, abs=1e-9)
        assert rig.feel().gripper_width == pytest.approx(THICKNESS, abs=5e-4)
        after = shot(rig, "opst_cam")
        assert after.sequence > before.sequence
        assert after.captured_at == pytest.approx(Truth(rig).captured_at(after), abs=0.005)
        assert rig.stage.present() is None
        rig.clock.wait_until(rig.clock.now() + 2.0)
        assert rig.feel().gripper_width == pytest.approx(rig.arm.model.gripper.max_width, abs=5e-4)
        assert rig.arm.health().faults == ()


@pytest.mark.slow
def test_taking_all_away_leaves_a_bare_table(opened: Open) -> None:
    with opened(seed=2, cameras=("opst_cam",)) as rig:
        bare = rig.stage.present()
        empty = shot(rig, "opst_cam").image.astype(int)
        rig.stage.present(held=PANEL, table=PANEL)
        shown = shot(rig, "opst_cam").image.astype(int)
        rig.stage.present()
        again = shot(rig, "opst_cam").image.astype(int)
        assert bare is None
        assert Truth(rig).panels() == {}
        assert np.abs(shown - empty).max() > 60
        assert np.mean(np.abs(again - empty) > 25) < 0.002
        with pytest.raises(DynacollectError, match="nothing is on the table"):
            rig.stage.launch()


@pytest.mark.slow
def test_a_held_plate_does_not_disturb_the_arm(opened: Open, exercise: Exercise) -> None:
    """Joints and torques with it are those without it, bit for bit, whatever the arm does."""

    def feedback(**panels: Panel) -> Vector:
        with opened(seed=5, cameras=("opst_cam",), size=96) as rig:
            rig.stage.present(**panels)
            felt = [rig.feel() for _ in exercise(rig, 1.5, see=False)]
            return np.array([np.concatenate([state.joints, state.joint_torque]) for state in felt])

    assert np.array_equal(feedback(held=PANEL, table=PANEL), feedback())


@pytest.mark.slow
def test_an_episode_after_boards_is_the_episode_without(opened: Open, exercise: Exercise) -> None:
    """But for rounding: servos come to rest to within 1e-14 rad, never to the last bit."""

    def run(shows: bool) -> tuple[Vector, np.ndarray]:
        with opened(seed=6, cameras=("opst_cam",)) as rig:
            rig.clock.wait_until(0.2)
            if shows:
                rig.stage.present(held=PANEL)
                rig.clock.wait_until(1.0)
                rig.stage.present(table=PANEL)
            rig.clock.wait_until(3.0)
            rig.stage.prepare(9, Request(target="tennis_ball", speed=0.5, launcher="push"))
            rig.stage.launch()
            states = []
            for _ in exercise(rig, 1.0, see=False):
                ball, felt = Truth(rig).objects()["target0"], rig.feel()
                states.append(np.concatenate([ball.position, ball.velocity, felt.joints, [felt.gripper_width]]))
            return np.array(states), shot(rig, "opst_cam").image

    (states, image), (others, picture) = run(shows=True), run(shows=False)
    assert states == pytest.approx(others, abs=1e-9)
    assert np.mean(image != picture) < 0.001
