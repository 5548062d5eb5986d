"""What depth says to a pose: yes where the thing is, no beside it, nothing where something stands before it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Frame
from dynacollect.rig.objects import catalogue
from dynacollect.rig.objects.model import Symmetry
from dynacollect.tracking.foundationpose.agreement import Surface, judge, total
from dynacollect.tracking.foundationpose.look import DepthLook
from dynacollect.tracking.foundationpose.tracker import FOUND, LOST
from dynacollect.tracking.shape import shape_of

from .depth_scene import CAMERAS, DepthScene

THINGS = ("toy_car", "can")
SURFACES = {name: Surface.of(shape_of(catalogue.load(name))) for name in THINGS}


@pytest.fixture(scope="module")
def scene() -> Iterator[DepthScene]:
    made = DepthScene(*THINGS)
    yield made
    made.close()


def standing(name: str, x: float = 0.45, y: float = 0.0, yaw: float = 0.5) -> RigidTransform:
    return RigidTransform.from_components([x, y, catalogue.load(name).rest_height], Rotation.from_euler("z", yaw))


def look(scene: DepthScene, camera: str, **poses: RigidTransform) -> DepthLook:
    seen = scene.view(camera, poses, 1)
    return DepthLook.of(Frame(seen.image, camera, 0, 0.0, 0.0, 0.0), seen.depth, CAMERAS[camera])


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize("name", THINGS)
def test_depth_agrees_with_the_true_pose_and_less_and_less_beside_it(scene: DepthScene, name: str, camera: str) -> None:
    pose = standing(name)
    seen = look(scene, camera, **{name: pose})
    there = judge(SURFACES[name], seen, pose)
    assert there.share > 0.95
    assert there.seen > 0.95
    assert there.like > 200
    assert there.misfit < 2.0 * there.like
    for way in np.eye(3):
        shares = [
            judge(SURFACES[name], seen, RigidTransform.from_translation(step * way) * pose).share
            for step in (0.0, 0.008, 0.016, 0.024)
        ]
        assert shares == sorted(shares, reverse=True)
        assert shares[3] < LOST < FOUND < shares[0]


def test_what_stands_before_it_hides_and_does_not_contradict(scene: DepthScene) -> None:
    pose = standing("toy_car")
    view = look(scene, "cam1", toy_car=pose)
    depth = view.shot.depth.copy()
    middle = round(CAMERAS["cam1"].project(np.asarray(pose.translation)[None])[0, 0])
    depth[:, middle:] = 0.4
    half = judge(SURFACES["toy_car"], replace(view, shot=replace(view.shot, depth=depth)), pose)
    assert half.share > 0.95
    assert 0.2 < half.seen < 0.8
    depth[:] = 0.4
    assert judge(SURFACES["toy_car"], replace(view, shot=replace(view.shot, depth=depth)), pose).seen == 0.0
    depth[:] = 0.0
    assert judge(SURFACES["toy_car"], replace(view, shot=replace(view.shot, depth=depth)), pose).seen == 0.0
    behind = RigidTransform.from_translation([3.0, 0.0, 0.0]) * pose
    assert judge(SURFACES["toy_car"], view, behind).like == 0


def test_two_views_know_more_than_one_and_none_the_turn_about_an_axis(scene: DepthScene) -> None:
    pose = standing("can")
    each = [judge(SURFACES["can"], look(scene, camera, can=pose), pose) for camera in CAMERAS]
    both = total(each)
    assert both.like == sum(one.like for one in each)
    single, joint = (one.estimate("can", pose, 0.0).covariance for one in (each[0], both))
    assert np.linalg.eigvalsh(single - joint).min() > -1e-9
    assert 1e3 * np.sqrt(np.trace(joint[:3, :3])) < 1.5
    assert joint[5, 5] == pytest.approx(1.0, rel=0.05)
    assert np.rad2deg(np.sqrt(joint[3, 3])) < 3.0


def test_a_ball_turned_about_its_middle_looks_the_same_and_its_depth_says_so() -> None:
    """Wherever its frame has its origin: that ties place, turn and their signs together."""
    scene, ball = DepthScene("tennis_ball"), shape_of(catalogue.load("tennis_ball"))
    middle = RigidTransform.from_translation([0.45, 0.02, 0.05])
    view = look(scene, "cam2", tennis_ball=middle)
    scene.close()
    aside = np.array([0.03, -0.02, 0.05])
    surface = Surface.of(replace(ball, vertices=ball.vertices + aside, symmetry=Symmetry()))
    turn = Rotation.from_rotvec([0.3, -0.5, 0.8])
    pose = RigidTransform.from_components(middle.translation - turn.apply(aside), turn)
    seen = judge(surface, view, pose)
    assert seen.share > 0.95
    for axis in np.eye(3):
        kept = np.concatenate([-np.cross(axis, turn.apply(aside)), axis])
        swung = np.concatenate([np.cross(axis, turn.apply(aside)), axis])
        assert kept @ seen.information @ kept < 0.02 * swung @ seen.information @ swung
    assert np.linalg.eigvalsh(seen.information[:3, :3]).min() > 1 / 0.002**2


def test_a_lens_is_taken_out_of_picture_depth_and_mask(scene: DepthScene) -> None:
    bent = replace(CAMERAS["cam1"], distortion=np.array([-0.3, 0.1, 0.0, 0.0, 0.0]))
    image, depth = np.zeros((240, 320, 3), np.uint8), np.ones((240, 320), np.float32)
    spot = np.array([40.0, 200.0])
    rows, columns = slice(198, 203), slice(38, 43)
    image[rows, columns], depth[rows, columns] = 255, 2.0
    view = DepthLook.of(Frame(image, "cam1", 0, 0.0, 0.0, 0.0), depth, bent)
    straight = (bent.unproject(spot[None]) @ bent.K.T)[0, :2]
    assert np.linalg.norm(straight - spot) > 5.0
    for shown in (view.shot.image[..., 0] > 128, view.shot.depth > 1.5, view.straight(depth > 1.5)):
        assert np.argwhere(shown).mean(axis=0)[::-1] == pytest.approx(straight, abs=0.7)


def test_depth_that_does_not_fit_or_is_in_millimetres_is_told(scene: DepthScene) -> None:
    seen = scene.view("cam1", {}, 1)
    frame = Frame(seen.image, "cam1", 0, 0.0, 0.0, 0.0)
    with pytest.raises(
        DynacollectError, match=r"depth of cam1 is 160x240 and its picture 320x240; align depth to colour"
    ):
        DepthLook.of(frame, seen.depth[:, ::2], CAMERAS["cam1"])
    with pytest.raises(
        DynacollectError, match=r"depth of cam1 is not in metres; multiply it by the camera's depth scale"
    ):
        DepthLook.of(frame, 1e3 * seen.depth, CAMERAS["cam1"])
    hollow = DepthLook.of(frame, np.full_like(seen.depth, np.nan), CAMERAS["cam1"])
    assert not hollow.shot.depth.any()
