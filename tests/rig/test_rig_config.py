"""A rig.yaml says all or is refused in one sentence with its line."""

import re
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from dynacollect.collector import cli
from dynacollect.rig.config import RigConfig, load_rig
from dynacollect.rig.errors import DynacollectError

GOOD = """\
schema: 1
name: bench-2
arm: {driver: cell, model: piper}
cameras:
  front:
    driver: cell
    serial: CELL-OPST
    width: 480
    fps: 25
    exposure_s: 0.004
  hand: {driver: cell, serial: CELL-WRIST, mount: wrist}
pairing:
  soft_s: 0.005
  hard_s: 0.02
calibration: null
safety:
  box:
    lower: [0.1, -0.4, 0.0]
    upper: [0.5, 0.4, 0.4]
cell:
  sensor: {latency_s: 0.05, read_noise: 2}
  episodes:
    launchers: [push, ramp]
    speed_m_s: [0, 0.5]
"""


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1, f"{old!r} must stand once in the good file"
    return GOOD.replace(old, new)


ALL_CAMERAS = GOOD[GOOD.index("cameras:") : GOOD.index("pairing:")]

# what is wrong: (old text, new text, line, the sentence after the line)
WRONG = {
    "number with a unit": ("fps: 25", "fps: 30fps", 9, "cameras.front.fps: expected a number, got '30fps'; write 30"),
    "milliseconds": (
        "exposure_s: 0.004",
        "exposure_s: 4 ms",
        10,
        "cameras.front.exposure_s: expected a number, got '4 ms'; write 0.004",
    ),
    "a fraction": ("exposure_s: 0.004", "exposure_s: 1/250", 10, "got '1/250'; write 0.004"),
    "words for a number": ("fps: 25", "fps: fast", 9, "got 'fast'; write a number without a unit or quotes"),
    "a truth value for a number": ("fps: 25", "fps: yes", 9, "expected a number, got the truth value true"),
    "part of a pixel": ("width: 480", "width: 480.5", 8, "expected a whole number, got the number 480.5; write 480"),
    "an odd width": ("width: 480", "width: 481", 8, "481 is out of bounds; write a multiple of 2"),
    "too many frames": ("fps: 25", "fps: 400", 9, "400 is out of bounds; write at most 240"),
    "nan": ("fps: 25", "fps: .nan", 9, "cameras.front.fps: expected a finite number, got nan"),
    "infinity": ("latency_s: 0.05", "latency_s: .inf", 21, "cell.sensor.latency_s: expected a finite number, got the"),
    "unknown key": (
        "exposure_s",
        "exposre_s",
        10,
        "cameras.front: unknown key 'exposre_s'; did you mean 'exposure_s'?",
    ),
    "unknown key at the top": ("pairing:", "pairings:", 12, "unknown key 'pairings'; did you mean 'pairing'?"),
    "unknown key like none": ("soft_s", "zzz", 13, "pairing: unknown key 'zzz'; choose from soft_s, hard_s"),
    "missing key": ("    serial: CELL-OPST\n", "", 5, "the key 'serial' is missing; add 'serial: CELL-OPST'"),
    "no arm": ("arm: {driver: cell, model: piper}\n", "", 1, "the key 'arm' is missing; add 'arm: {driver: cell"),
    "no cameras": (
        GOOD[GOOD.index("cameras:") : GOOD.index("pairing:")],
        "cameras: {}\n",
        4,
        "cameras: nothing is in it;",
    ),
    "a wrong list for text": ("name: bench-2", "name: [a]", 2, "name: expected text, got a list; write text"),
    "a number for text": (
        "serial: CELL-OPST",
        "serial: 0146222254321",
        7,
        'cameras.front.serial: expected text, got the number 0146222254321; put it in quotes: "0146222254321"',
    ),
    "a name that is no folder": ("bench-2", "bench 2/b", 2, "name: 'bench 2/b' cannot be a folder name; use letters"),
    "unknown driver": (
        "    driver: cell\n",
        "    driver: cel\n",
        6,
        "cameras.front.driver: there is no driver 'cel'; did you mean 'cell'?",
    ),
    "no driver": ("    driver: cell\n", "", 5, "cameras.front: the key 'driver' is missing; add 'driver: cell'"),
    "unknown arm": ("piper", "piper2", 3, "arm.model: there is no 'piper2' to choose; did you mean 'piper'?"),
    "unreachable serial": (
        "CELL-OPST",
        "CELL-OPSI",
        7,
        "cameras.front.serial: no camera 'CELL-OPSI' is connected; did you mean 'CELL-OPST'?",
    ),
    "one camera twice": (
        "serial: CELL-WRIST, mount: wrist",
        "serial: CELL-OPST",
        11,
        "cameras.hand.serial: CELL-OPST is already front; give each camera its own serial",
    ),
    "a wrist camera beside the table": (", mount: wrist", "", 11, "cameras.hand.mount: CELL-WRIST sits on the wrist"),
    "a camera name with a blank": ("hand: {", "my hand: {", 11, "cameras: 'my hand' is no camera name; write my_hand"),
    "exposure longer than a frame": ("0.004", "0.05", 10, "exposure_s: 0.05 s do not fit in a frame of 0.04 s"),
    "soft above hard": (
        "soft_s: 0.005",
        "soft_s: 0.03",
        13,
        "pairing.soft_s: 0.03 is not below hard_s, which is 0.02",
    ),
    "pairing wider than a frame": ("hard_s: 0.02", "hard_s: 0.1", 14, "pairing.hard_s: 0.1 spans more than a frame"),
    "missing calibration": ("calibration: null", "calibration: lab.yaml", 15, "calibration: there is no file"),
    "box inside out": (
        "lower: [0.1, -0.4, 0.0]",
        "lower: [0.1, 0.6, 0.0]",
        18,
        "safety.box.lower[1]: 0.6 is not below upper[1], which is 0.4; swap or widen them",
    ),
    "a corner short of z": ("[0.5, 0.4, 0.4]", "[0.5, 0.4]", 19, "safety.box.upper: a list of 2 is too short"),
    "a corner with four": ("[0.5, 0.4, 0.4]", "[0.5, 0.4, 0.4, 1]", 19, "safety.box.upper: expected 3 values, got 4"),
    "text in a corner": ("[0.5, 0.4, 0.4]", "[0.5, 40 cm, 0.4]", 19, "upper[1]: expected a number, got '40 cm'"),
    "a point for a list": ("[0.5, 0.4, 0.4]", "0.5", 19, "safety.box.upper: expected a list such as [1, 2], got the"),
    "a box under the table": ("[0.5, 0.4, 0.4]", "[0.5, 0.4, 0.001]", 19, "leaves no room over the table at 0"),
    "an empty part": (
        "  soft_s: 0.005\n  hard_s: 0.02\n",
        "",
        12,
        "pairing: expected a mapping of 'key: value' lines",
    ),
    "text for a part": (
        "arm: {driver: cell, model: piper}",
        "arm: piper",
        3,
        "arm: expected a mapping of 'key: value'",
    ),
    "unknown launcher": (
        "ramp",
        "rump",
        23,
        "launchers[1]: there is no 'rump' to choose; did you mean 'ramp'?",
    ),
    "launcher twice": ("push, ramp", "push, push", 23, "cell.episodes.launchers[1]: 'push' is given twice"),
    "no launcher": ("[push, ramp]", "[]", 23, "cell.episodes.launchers: the list is empty; name at least one"),
    "range backwards": ("[0, 0.5]", "[0.5, 0.1]", 24, "cell.episodes.speed_m_s: the range [0.5, 0.1] runs backwards"),
    "range out of bounds": ("[0, 0.5]", "[0, 50]", 24, "cell.episodes.speed_m_s[1]: 50 is outside 0 to 2"),
    "unknown object": ("launchers: [push, ramp]", "objects: [apple, appel]", 23, "episodes.objects[1]: no object is"),
    "one object without brackets": ("launchers: [push, ramp]", "objects: apple", 23, "write all, or [apple]"),
    "another layout": ("schema: 1", "schema: 2", 1, "schema: expected 1, got the number 2; write 1"),
    "a key twice": ("hard_s: 0.02", "soft_s: 0.02", 14, "pairing.soft_s: given twice, first on line 13; keep one"),
    "a tab": ("    serial:", "\tserial:", 7, "not valid YAML: a tab; indent with spaces"),
    "no blank after the colon": (
        "width: 480",
        "width:480",
        9,
        "this line or the one above is no 'key: value';",
    ),
    "an open bracket": ("[push, ramp]", "[push, ramp", 24, "not valid YAML: a bracket that is not closed"),
    "an open quote": ("bench-2", '"bench-2', 25, "not valid YAML: a quote or bracket that is not closed"),
    "a tag": ("name: bench-2", "name: !lab bench", 2, "not valid YAML: a tag ('!…'); write plain values only"),
    "an alias of nothing": ("name: bench-2", "name: *lab", 2, "not valid YAML: an alias ('*…') without its anchor"),
    "an alias of itself": ("name: bench-2", "name: &a [*a]", 2, "an alias that contains itself; write the values out"),
    "two documents": ("pairing:", "---\npairing:", 12, "not valid YAML: a second document ('---')"),
    "a list as a key": ("soft_s: 0.005", "[a, b]: 1", 13, "a list or a mapping stands where a key should"),
    "a control character": ("bench-2", "bench\x07", 2, "a control character (0x07) in the text; delete it"),
}


def test_the_good_file_is_good(tmp_path: Path) -> None:
    rig = loaded(tmp_path, GOOD)
    assert rig.cameras["front"].fps == 25.0
    assert rig.cell.sensor.read_noise == 2.0
    assert rig.cell.episodes.speed_m_s == (0.0, 0.5)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_gets_one_sentence_with_its_line(case: str, tmp_path: Path) -> None:
    old, new, line, sentence = WRONG[case]
    said = refused(tmp_path, changed(old, new))
    assert said.startswith(f"{tmp_path / 'rig.yaml'}:{line}: "), said
    assert sentence in said
    assert_one_sentence_with_a_remedy(said)


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_leaves_with_2(case: str, tmp_path: Path) -> None:
    old, new, _, sentence = WRONG[case]
    path = tmp_path / "rig.yaml"
    path.write_text(changed(old, new), encoding="utf-8")
    done = CliRunner().invoke(cli.app, ["rig", "check", "--rig", str(path)])
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert sentence in done.stderr


def assert_one_sentence_with_a_remedy(said: str) -> None:
    assert "\n" not in said
    assert not said.endswith(".")
    assert ";" in said, "what is wrong; what to do"
    assert not re.search(r"pydantic|Input should|validation error|literal\[", said)


def loaded(folder: Path, text: str) -> RigConfig:
    path = folder / "rig.yaml"
    path.write_text(text, encoding="utf-8")
    return load_rig(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(DynacollectError) as caught:
        loaded(folder, text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", ":1: the file is empty; write one to start from: dynacollect rig init"),
        (b"# only a comment\n", ":1: the file is empty;"),
        (b"- a\n- b\n", ":1: expected a mapping with the keys schema, name, arm, cameras;"),
        (b"schema: 1\nname: caf\xe9\n", ":2: byte 0xe9 is not UTF-8 text; save the file as UTF-8"),
    ],
)
def test_what_is_no_rig_at_all(raw: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_bytes(raw)
    with pytest.raises(DynacollectError) as caught:
        load_rig(path)
    assert f"{path}{sentence}" in str(caught.value)


def test_a_folder_is_not_a_rig(tmp_path: Path) -> None:
    with pytest.raises(DynacollectError, match=r"not a rig file; name the file in it, as .*rig\.yaml"):
        load_rig(tmp_path)


def test_a_missing_file_names_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "rig.yaml").write_text(GOOD)
    with pytest.raises(DynacollectError, match=r"did you mean 'rig\.yaml'"):
        load_rig(tmp_path / "rigg.yaml")
    with pytest.raises(DynacollectError, match="did you mean 'cell-piper'"):
        load_rig("cell-pipper")


def test_the_calibration_is_found_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "lab.yaml").write_text("")
    rig = loaded(tmp_path, changed("calibration: null", "calibration: lab.yaml"))
    assert rig.calibration == (tmp_path / "lab.yaml").resolve()


def test_a_camera_overrides_single_sensor_values(tmp_path: Path) -> None:
    rig = loaded(tmp_path, changed("mount: wrist}", "mount: wrist, sensor: {latency_s: 0.1}}"))
    assert rig.sensor_of("hand").latency_s == 0.1
    assert rig.sensor_of("hand").read_noise == 2.0
    assert rig.sensor_of("front") == rig.cell.sensor


def test_the_resolved_rig_loads_as_the_same_rig(tmp_path: Path) -> None:
    rig = loaded(tmp_path, changed("mount: wrist}", "mount: wrist, sensor: {latency_s: 0.1}}"))
    again = loaded(tmp_path, rig.to_yaml())
    assert again.resolved() == rig.resolved()
    assert again.sensor_of("hand") == rig.sensor_of("hand")


def test_yaml_traps_are_disarmed(tmp_path: Path) -> None:
    rig = loaded(tmp_path, changed("exposure_s: 0.004", "exposure_s: 4e-3").replace("bench-2", "2026-01-02"))
    assert rig.cameras["front"].exposure_s == 0.004
    assert rig.name == "2026-01-02"


def test_anchors_and_merges_work_and_may_be_overridden(tmp_path: Path) -> None:
    text = changed("front:\n", "front: &cam\n").replace(
        "hand: {driver: cell, serial", "hand: {<<: *cam, fps: 40, serial"
    )
    rig = loaded(tmp_path, text)
    assert (rig.cameras["hand"].fps, rig.cameras["hand"].exposure_s) == (40.0, 0.004)


def test_what_safety_leaves_out_suits_the_arm(tmp_path: Path) -> None:
    start, end = GOOD.index("safety:"), GOOD.index("cell:\n")
    without = GOOD[:start] + GOOD[end:]
    assert loaded(tmp_path, without).safety.box == load_rig("cell-piper").safety.box
    assert loaded(tmp_path, without + "safety: {table_z: -0.1}\n").safety.table_z == -0.1


def test_a_rig_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load_rig("cell").name = "other"
    assert isinstance(load_rig("cell").cell.episodes.launchers, tuple)
