"""Laws of every object: closed, balanced, symmetric as claimed, collision parts that fit, widths that suit the arms."""

import numpy as np
import pytest
import trimesh
from scipy.spatial import KDTree
from scipy.spatial.transform import Rotation

from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import ObjectModel, load, load_all, names
from dynacollect.rig.objects.build import WIDTH_LIMITS, finish
from dynacollect.rig.objects.household import RECIPES
from dynacollect.rig.objects.solids import lowest, support
from dynacollect.rig.objects.symmetry import detect, surface_points

EVERY = pytest.mark.parametrize("name", names(kind=None))


def surface(model: ObjectModel) -> trimesh.Trimesh:
    return trimesh.Trimesh(model.vertices, model.faces, process=False)


@EVERY
def test_closed_outward_and_one_piece(name: str) -> None:
    mesh = surface(load(name))
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0
    assert len(mesh.vertices) == len(np.unique(mesh.faces))


@EVERY
def test_origin_is_the_centre_of_mass(name: str) -> None:
    assert np.allclose(surface(load(name)).center_mass, 0, atol=1e-6)


@EVERY
def test_inertia_is_that_of_a_body(name: str) -> None:
    model = load(name)
    a, b, c = np.linalg.eigvalsh(model.inertia)
    assert a > 0
    assert a + b >= c * (1 - 1e-9)
    mesh = surface(model)
    solid = np.asarray(mesh.moment_inertia) * model.mass / mesh.volume
    ratio = model.inertia.trace() / solid.trace()
    assert np.allclose(model.inertia, ratio * solid, atol=1e-6 * solid.trace())
    # A thin shell has 5/3 of a solid body's inertia.
    assert 0.999 < ratio < 5 / 3


@EVERY
def test_texture_covers_every_corner(name: str) -> None:
    model = load(name)
    assert model.texture.dtype == np.uint8
    assert model.face_texcoords.shape == model.faces.shape
    assert model.texcoords.min() >= 0
    assert model.texcoords.max() <= 1
    assert model.face_texcoords.max() < len(model.texcoords)
    assert max(model.texture.shape) <= 400
    assert 200 <= len(model.vertices) <= 1500


def claimed_rotations(model: ObjectModel) -> list[Rotation]:
    symmetry = model.symmetry
    if symmetry.kind == "sphere":
        return list(Rotation.random(4, rng=np.random.default_rng(0)))
    if symmetry.kind != "axis" or symmetry.axis is None:
        return list(symmetry.rotations)
    turns = [Rotation.from_rotvec(symmetry.axis * angle) for angle in (0.1, 1.0, 2.0)]
    if symmetry.flip:
        across = np.linalg.svd(symmetry.axis[None])[2][1]
        turns.append(Rotation.from_rotvec(across * np.pi))
    return turns


@EVERY
def test_symmetry_maps_the_shape_onto_itself(name: str) -> None:
    model = load(name)
    mesh = surface(model)
    cloud = KDTree(surface_points(model.vertices, model.faces, 20000, 1))
    probes = surface_points(model.vertices, model.faces, 300, 2)
    spacing = cloud.query(probes)[0].max()
    for turn in claimed_rotations(model):
        assert cloud.query(turn.apply(probes))[0].max() < spacing + 0.001 + 0.005 * mesh.scale


@pytest.mark.slow
def test_discrete_symmetries_are_groups() -> None:
    for model in load_all(kind=None):
        turns = [Rotation.identity(), *model.symmetry.rotations]
        for a in turns:
            for b in turns:
                assert min((a * b * c.inv()).magnitude() for c in turns) < 1e-6


@EVERY
def test_collision_parts_wrap_the_shape(name: str) -> None:
    model = load(name)
    for direction in [*np.eye(3), *-np.eye(3)]:
        reach = max(support(solid, direction) for solid in model.solids)
        # Thin stalks that stick out carry no weight and are left out.
        allowed = {"apple": 0.008, "pear": 0.012, "banana": 0.005}.get(name, 0.003)
        assert abs(reach - (model.vertices @ direction).max()) < allowed


@EVERY
def test_rests_are_stable_and_first_is_upright(name: str) -> None:
    model = load(name)
    assert model.rests[0].magnitude() < 1e-9
    assert model.rest_height == pytest.approx(model.rest_height_in(model.rests[0]))
    for rest in model.rests:
        height = -lowest(model.solids, rest)
        for axis in ([1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]):
            tilted = Rotation.from_rotvec(0.03 * np.array(axis, float)) * rest
            assert -lowest(model.solids, tilted) > height - 2e-6
        assert abs(float(rest.apply(model.vertices)[:, 2].min()) + height) < 0.002


def test_fingers_fit_and_lift() -> None:
    seen = load_all("object", "seen")
    assert len(seen) >= 25
    for arm, limit in WIDTH_LIMITS.items():
        able = [model for model in seen if arm in model.graspable_by]
        assert len(able) >= 20
        for model in able:
            assert model.grasp_width < limit
            assert model.mass <= 0.5
    for model in (*seen, *load_all("object", "unseen")):
        outline = model.footprint(model.rests[0])
        angles = np.linspace(0, np.pi, 60)
        across = outline @ np.stack([np.cos(angles), np.sin(angles)])
        assert model.grasp_width < np.ptp(across, axis=0).min() + 0.001


def test_footprint_holds_the_projection() -> None:
    model, turn = load("hammer"), Rotation.from_rotvec([0.3, 0.2, 1.0])
    outline, flat = model.footprint(turn), turn.apply(model.vertices)[:, :2]
    for start, end in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        edge, away = end - start, flat - start
        assert (edge[0] * away[:, 1] - edge[1] * away[:, 0]).min() > -1e-9


def test_words_are_nobody_elses() -> None:
    words = [word for model in load_all(kind=None) for word in model.words]
    assert len(words) == len(set(words))


def test_made_the_same_every_time() -> None:
    first, again = finish("mug", RECIPES["mug"]()), finish("mug", RECIPES["mug"]())
    assert np.array_equal(first.vertices, again.vertices)
    assert np.array_equal(first.texture, again.texture)


def test_containers_have_a_zone_and_objects_none() -> None:
    assert all(model.zone is None for model in load_all("object"))
    for model in load_all("container"):
        assert model.zone is not None
        inside = np.array([0.0, 0.0, 0.5 * (model.zone.low + model.zone.high)])
        assert model.zone.contains(inside)
        assert not model.zone.contains(inside + np.array([0.2, 0.2, 0.0]))
        assert not model.zone.contains(inside + np.array([0.0, 0.0, 0.2]))


def test_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(DynacollectError, match="did you mean 'ketchup_bottle'"):
        load("ketchup botle")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("can", "axis"), ("tennis_ball", "sphere"), ("cuboid", "discrete"), ("mug", "none"), ("hammer", "none")],
)
def test_symmetry_is_found_from_the_mesh(name: str, kind: str) -> None:
    model = load(name)
    assert detect(model.vertices, model.faces).kind == kind
