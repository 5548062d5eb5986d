"""`--help` answers before anything heavy is imported."""

import json
import subprocess
import sys

import pytest

from dynacollect.collector.cli import GROUPS

HEAVY = ("torch", "cv2", "mujoco", "lerobot", "trimesh", "scipy", "numpy", "mink", "pandas", "yaml")

PROBE = """
import json, sys
from dynacollect.collector.cli import main
sys.argv = ["dynacollect", *sys.argv[1:]]
try:
    main()
except SystemExit as end:
    code = end.code
heavy = [name for name in {heavy} if name in sys.modules]
rooms = sorted(name for name in sys.modules if name.startswith("dynacollect."))
print(json.dumps({{"code": code, "heavy": heavy, "modules": rooms}}), file=sys.stderr)
"""


def probe(*words: str) -> dict[str, list[str]]:
    """What the interpreter holds after a command line."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(heavy=HEAVY), *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stderr.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("words", [(), *[(row.name,) for row in GROUPS]], ids=lambda words: " ".join(words) or "top")
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    seen = probe(*words, "--help")
    assert seen["code"] == 0
    assert seen["heavy"] == []


def test_the_top_help_imports_no_command() -> None:
    modules = probe("--help")["modules"]
    assert [name for name in modules if ".commands." in name or ".rig" in name] == []


@pytest.mark.slow
def test_a_group_imports_no_other_group() -> None:
    modules = probe("rig", "--help")["modules"]
    assert [name for name in modules if ".commands." in name] == ["dynacollect.collector.commands.rig"]


def test_the_probe_sees_a_heavy_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import numpy;" + PROBE.format(heavy=HEAVY), "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stderr.splitlines()[-1])["heavy"] == ["numpy"]
