"""Adding a mesh: a good one arrives whole; every kind of bad one is mended or refused in a plain sentence."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
import yaml
from typer.testing import CliRunner

from dynacollect.collector.commands.objects import app
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.objects import load, names
from dynacollect.rig.objects.add import add


def saved(folder: Path, mesh: trimesh.Trimesh, name: str = "thing.stl") -> Path:
    path = folder / name
    mesh.export(path)
    return path


def block() -> trimesh.Trimesh:
    return trimesh.creation.box((0.04, 0.05, 0.06))


def twice(distance: float) -> trimesh.Trimesh:
    """Two blocks, the second moved along x."""
    first, second = block(), block()
    vertices = np.vstack([first.vertices, second.vertices + np.array([distance, 0, 0])])
    return trimesh.Trimesh(vertices, np.vstack([first.faces, second.faces + len(first.vertices)]), process=False)


@pytest.mark.slow
def test_a_good_mesh_arrives_whole(tmp_path: Path) -> None:
    bodies = {
        "sphere": trimesh.creation.icosphere(subdivisions=3, radius=0.03),
        "axis": trimesh.creation.cylinder(radius=0.03, height=0.09, sections=48),
        "discrete": block(),
    }
    for kind, mesh in bodies.items():
        for suffix in (".stl", ".ply", ".obj", ".glb"):
            name = f"{kind}_{suffix[1:]}"
            entry, findings = add(saved(tmp_path, mesh, name + suffix), folder=tmp_path / "objects")
            model = load(name, tmp_path / "objects")
            assert entry.symmetry.kind == model.symmetry.kind == kind
            assert all(finding.endswith(".") for finding in findings)
            assert np.allclose(np.sort(model.extent), np.sort(mesh.extents), atol=5e-4)
            assert trimesh.Trimesh(model.vertices, model.faces, process=False).is_watertight
            assert name in names(folder=tmp_path / "objects")


def test_millimetres_are_noticed_and_taken(tmp_path: Path) -> None:
    mesh = block()
    mesh.apply_scale(1000)
    path = saved(tmp_path, mesh)
    with pytest.raises(DynacollectError, match="--unit mm"):
        add(path, folder=tmp_path / "objects")
    entry, _ = add(path, folder=tmp_path / "objects", unit="mm")
    assert entry.source_unit == "mm"
    assert load("thing", tmp_path / "objects").diameter == pytest.approx(np.linalg.norm([0.04, 0.05, 0.06]), rel=1e-3)


def test_what_can_be_mended_is(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    holed = trimesh.Trimesh(block().vertices, block().faces[1:], process=False)
    inside_out = trimesh.Trimesh(block().vertices, block().faces[:, ::-1], process=False)
    mixed = block().faces.copy()
    mixed[:4] = mixed[:4, ::-1]
    thin = trimesh.Trimesh(block().vertices, np.vstack([block().faces, [[0, 0, 1]]]), process=False)
    touching = twice(0.03)
    cases = {
        "Filled small holes": holed,
        "inside out": inside_out,
        "looked inward": trimesh.Trimesh(block().vertices, mixed, process=False),
        "without area": thin,
        "2 bodies that touch": touching,
    }
    for index, (sentence, mesh) in enumerate(cases.items()):
        _, findings = add(saved(tmp_path, mesh, f"case{index}.ply"), folder=folder)
        assert any(sentence in finding for finding in findings), sentence
        assert load(f"case{index}", folder).mass > 0


def test_what_cannot_be_mended_is_refused(tmp_path: Path) -> None:
    ball = trimesh.creation.icosphere(subdivisions=2, radius=0.03)
    half = trimesh.Trimesh(ball.vertices, ball.faces[ball.triangles_center[:, 2] > 0], process=False)
    apart = twice(0.2)
    tiny = block()
    tiny.apply_scale(1e-6)
    (tmp_path / "words.stl").write_text("these are words")
    (tmp_path / "points.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\n")
    (tmp_path / "notes.txt").write_text("no mesh")
    cases = {
        "not closed": saved(tmp_path, half, "half.stl"),
        "lie apart": saved(tmp_path, apart, "apart.stl"),
        "Scale it": saved(tmp_path, tiny, "tiny.ply"),
        "20000 is the limit": saved(tmp_path, trimesh.creation.icosphere(subdivisions=6, radius=0.03), "many.stl"),
        "export": tmp_path / "words.stl",
        "no faces": tmp_path / "points.obj",
        "no mesh file this reads": tmp_path / "notes.txt",
        "There is no mesh file": tmp_path / "absent.stl",
        "built-in": saved(tmp_path, block(), "mug.stl"),
    }
    for sentence, path in cases.items():
        with pytest.raises(DynacollectError, match=sentence):
            add(path, folder=tmp_path / "objects")
    assert not (tmp_path / "objects").exists()


def test_an_entry_is_never_overwritten(tmp_path: Path) -> None:
    path = saved(tmp_path, block())
    add(path, folder=tmp_path / "objects")
    with pytest.raises(DynacollectError, match="exists; choose another"):
        add(path, folder=tmp_path / "objects")


@pytest.mark.parametrize(
    ("field", "value"), [("mass", -1), ("colours", "red"), ("category", "vehicle"), ("schema_version", 2)]
)
def test_a_bad_entry_names_file_and_field(tmp_path: Path, field: str, value: object) -> None:
    folder = tmp_path / "objects"
    add(saved(tmp_path, block()), folder=folder)
    path = folder / "thing" / "object.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), field: value}))
    with pytest.raises(DynacollectError, match=rf"object\.yaml: {field}: "):
        load("thing", folder)


def test_an_entry_that_is_no_yaml_or_lost_its_mesh(tmp_path: Path) -> None:
    folder = tmp_path / "objects"
    add(saved(tmp_path, block()), folder=folder)
    (folder / "thing" / "mesh.ply").unlink()
    with pytest.raises(DynacollectError, match="there is no file"):
        load("thing", folder)
    (folder / "thing" / "object.yaml").write_text("words: [")
    with pytest.raises(DynacollectError, match="is not YAML"):
        load("thing", folder)


def test_commands_print_one_document(tmp_path: Path) -> None:
    runner = CliRunner()
    listed = yaml.safe_load(runner.invoke(app, ["list", "--json"]).stdout)
    assert len(listed["objects"]) == len(names(kind=None))
    added = runner.invoke(app, ["add", str(saved(tmp_path, block())), "--folder", str(tmp_path / "own"), "--json"])
    assert yaml.safe_load(added.stdout)["name"] == "thing"
    shown = runner.invoke(app, ["show", "thing", "--folder", str(tmp_path / "own"), "--json"])
    assert yaml.safe_load(shown.stdout)["symmetry"] == "discrete"
    wrong = runner.invoke(app, ["show", "mugg"])
    assert isinstance(wrong.exception, DynacollectError)


@pytest.mark.slow
def test_show_draws_all_sides(tmp_path: Path) -> None:
    picture = tmp_path / "mug.png"
    result = CliRunner().invoke(app, ["show", "mug", "--out", str(picture)])
    assert result.exit_code == 0, result.output
    assert picture.stat().st_size > 20_000
