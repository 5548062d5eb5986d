"""The house rules that a linter cannot hold, read from the source; each is seen failing on a bad line first."""

import ast
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

import dynacollect

PACKAGE = Path(dynacollect.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "manager", "misc", "common"}
CLOCK_CALLS = {"time", "sleep", "monotonic", "perf_counter", "time_ns", "monotonic_ns"}

Rule = Callable[[Path, str], list[str]]


@lru_cache(1)
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


def nodes(text: str) -> Iterator[ast.AST]:
    return ast.walk(parsed(text))


def reads_the_wall_clock(path: Path, text: str) -> list[str]:
    """Only `rig/clock.py` reads or waits for time; benchmarks may time themselves."""
    if path.as_posix() in ("rig/clock.py", "collector/commands/bench.py"):
        return []
    found = []
    for node in nodes(text):
        if isinstance(node, ast.Import) and any(alias.name == "time" for alias in node.names):
            found.append(f"{path}:{node.lineno} imports time")
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            found.append(f"{path}:{node.lineno} imports from time")
        if isinstance(node, ast.ImportFrom) and node.module == "asyncio":
            found += [f"{path}:{node.lineno} sleeps" for alias in node.names if alias.name in CLOCK_CALLS]
    return found


def prints_outside_the_view(path: Path, text: str) -> list[str]:
    """Only the collector talks to people."""
    if path.parts[0] == "collector":
        return []
    return [
        f"{path}:{node.lineno} prints"
        for node in nodes(text)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]


def catches_everything(path: Path, text: str) -> list[str]:
    """A bare or broad `except` says `# because …` on its line."""
    lines = text.splitlines()
    broad = {"Exception", "BaseException"}
    found = []
    for node in nodes(text):
        if isinstance(node, ast.ExceptHandler) and "# because" not in lines[node.lineno - 1]:
            names = {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)} if node.type else broad
            found += [f"{path}:{node.lineno} catches everything"] if names & broad else []
    return found


def imports_itself_by_name(path: Path, text: str) -> list[str]:
    """Inside the package imports are relative."""
    found = []
    for node in nodes(text):
        named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            named = [node.module or ""]
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += [f"{path}:{node.lineno}" for name in named if name.split(".")[0] == "dynacollect"]
    return found


def is_too_long(path: Path, text: str) -> list[str]:
    """A file is one idea."""
    count = len(text.splitlines())
    return [f"{path} has {count} lines"] if count > MOST_LINES else []


def has_a_vague_name(path: Path, text: str) -> list[str]:
    """A file's name says its idea."""
    return [str(path) for part in path.with_suffix("").parts if VAGUE_NAMES & set(part.split("_"))]


def leaves_out_types(path: Path, text: str) -> list[str]:
    """Every public function is annotated, in and out."""
    return [
        f"{path}:{function.lineno} {function.name}"
        for function in public_functions(parsed(text))
        if not is_annotated(function)
    ]


def public_functions(module: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef]:
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public_functions(node)


def is_annotated(function: ast.FunctionDef) -> bool:
    spec = function.args
    every = [*spec.posonlyargs, *spec.args, *spec.kwonlyargs, *filter(None, [spec.vararg, spec.kwarg])]
    return function.returns is not None and all(item.annotation for item in every if item.arg not in ("self", "cls"))


def lacks_a_docstring(path: Path, text: str) -> list[str]:
    """Every module says what it is."""
    return [] if ast.get_docstring(parsed(text)) else [str(path)]


BROKEN: dict[Rule, tuple[str, str]] = {
    reads_the_wall_clock: ("tracking/kalman.py", "import time\ntime.sleep(1)\n"),
    prints_outside_the_view: ("rig/arm.py", "print('hello')\n"),
    catches_everything: ("rig/arm.py", "try:\n    pass\nexcept (ValueError, Exception):\n    pass\n"),
    imports_itself_by_name: ("rig/arm.py", "from dynacollect.rig import nouns\n"),
    is_too_long: ("rig/arm.py", "pass\n" * (MOST_LINES + 1)),
    has_a_vague_name: ("rig/camera_utils.py", ""),
    leaves_out_types: ("rig/arm.py", "class Arm:\n    def stop(self, now): ...\n"),
    lacks_a_docstring: ("rig/arm.py", "import os\n"),
}


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_the_rule_sees_a_bad_line(rule: Rule) -> None:
    path, text = BROKEN[rule]
    assert rule(Path(path), text)


@cache
def broken() -> dict[Rule, list[str]]:
    """Where the package breaks each rule; a file is parsed once for all of them."""
    found: dict[Rule, list[str]] = {rule: [] for rule in BROKEN}
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        for rule in BROKEN:
            found[rule] += rule(path.relative_to(PACKAGE), text)
    return found


@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule: Rule) -> None:
    assert broken()[rule] == []


def test_all_rooms_are_read() -> None:
    rooms = {path.relative_to(PACKAGE).parts[0] for path in SOURCES}
    assert {"rig", "calibration", "tracking", "controllers", "datasets", "training", "collector"} <= rooms
