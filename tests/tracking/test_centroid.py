"""Masks of known boxes and balls give back where they are, how large, and which way they go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import RigidTransform

from dynacollect.rig.nouns import Mask, Masks, Vector
from dynacollect.rig.objects import catalogue
from dynacollect.tracking.centroid import locate

from .made_sequences import CAMERAS, TARGET, standing


def masks_of(vertices: Vector, faces: np.ndarray, poses: dict[str, RigidTransform], time: float = 0.0) -> Masks:
    """What every camera would see."""
    views = {}
    for name, pose in poses.items():
        camera = CAMERAS[name]
        mask = np.zeros((camera.height, camera.width), np.uint8)
        for triangle in np.round(16 * camera.project(pose.apply(vertices))[faces]).astype(np.int32):
            cv2.fillConvexPoly(mask, triangle, 1, cv2.LINE_8, 4)
        views[name] = {"it": Mask(mask.astype(bool), 0.9)}
    return Masks(views, time)


def seen(name: str, pose: RigidTransform, cameras: tuple[str, ...] = ("cam1", "cam2")) -> Masks:
    model = catalogue.load(name)
    return masks_of(model.vertices, model.faces, dict.fromkeys(cameras, pose))


@pytest.mark.parametrize("place", [TARGET, TARGET + np.array([0.1, -0.08, 0.0]), TARGET + np.array([-0.1, 0.1, 0.0])])
def test_a_ball_is_where_it_is(place: Vector) -> None:
    pose = standing("tennis_ball", place)
    blob = locate(seen("tennis_ball", pose), "it", CAMERAS)
    assert blob is not None
    off = np.asarray(blob.pose.T_base_object.translation - pose.translation)
    assert np.linalg.norm(off) < 0.003
    assert off @ np.linalg.solve(blob.pose.covariance[:3, :3], off) < 12
    assert blob.extent == pytest.approx(0.065 * np.ones(3), rel=0.2)
    assert blob.pose.health > 0.8


def test_a_box_has_its_size_along_its_way() -> None:
    heading, speed = 0.5, 0.3
    model = catalogue.load("light_bulb_box")
    pose = standing("light_bulb_box", TARGET, yaw=heading)
    velocity = speed * np.array([np.cos(heading), np.sin(heading), 0.0])
    blob = locate(seen("light_bulb_box", pose), "it", CAMERAS, velocity=velocity)
    assert blob is not None
    assert blob.pose.T_base_object.rotation.as_rotvec() == pytest.approx([0.0, 0.0, heading])
    # Corners stick out of an ellipsoid by up to half.
    assert (0.9 * model.extent < blob.extent).all()
    assert (blob.extent < 1.5 * model.extent).all()
    assert blob.pose.covariance[5, 5] < 0.2 < blob.pose.covariance[3, 3]


def test_late_views_are_brought_to_one_time() -> None:
    velocity = np.array([0.0, 0.7, 0.0])
    model, lags = catalogue.load("tennis_ball"), {"cam1": 0.0, "cam2": 0.03}
    poses = {name: standing("tennis_ball", TARGET + lag * velocity) for name, lag in lags.items()}
    masks = masks_of(model.vertices, model.faces, poses)
    true = np.asarray(poses["cam1"].translation)
    places = []
    for known in (None, velocity):
        blob = locate(masks, "it", CAMERAS, times=lags, velocity=known)
        assert blob is not None
        places.append(np.linalg.norm(blob.pose.T_base_object.translation - true))
    assert places[1] < 0.003 < places[0]


def test_one_view_and_a_known_height_are_enough() -> None:
    pose = standing("tennis_ball", TARGET)
    masks = seen("tennis_ball", pose, ("cam2",))
    assert locate(masks, "it", CAMERAS) is None
    blob = locate(masks, "it", CAMERAS, height=(float(pose.translation[2]), 0.003))
    assert blob is not None
    assert np.linalg.norm(blob.pose.T_base_object.translation - pose.translation) < 0.01
    two = locate(seen("tennis_ball", pose), "it", CAMERAS)
    assert two is not None
    assert np.trace(blob.pose.covariance[:3, :3]) > np.trace(two.pose.covariance[:3, :3])


def test_views_of_different_things_are_not_believed() -> None:
    model = catalogue.load("tennis_ball")
    poses = {"cam1": standing("tennis_ball", TARGET)}
    poses["cam2"] = RigidTransform.from_translation([0.0, 0.0, 0.06]) * poses["cam1"]
    blob = locate(masks_of(model.vertices, model.faces, poses), "it", CAMERAS)
    assert blob is None or blob.pose.health < 0.1


def test_nothing_is_said_of_what_has_no_mask() -> None:
    masks = seen("tennis_ball", standing("tennis_ball", TARGET))
    assert locate(masks, "another", CAMERAS) is None
