"""Recorded ways of a real arm's joints: read back from logs and data sets, and followed by the cell's arm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dynacollect.datasets.export import Options, build
from dynacollect.datasets.retrace import Way, read_way, retrace
from dynacollect.datasets.retrace.way import Course
from dynacollect.rig.arms import PANDA, PIPER
from dynacollect.rig.arms.kinematics import forward
from dynacollect.rig.cell.arm import CellArm
from dynacollect.rig.config import load_rig
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import SetPoints, Vector
from dynacollect.rig.rig import Rig, open_rig

from .made_ways import FPS, OPEN, SHUT, SHUT_AT, TICKS, recorded, swing


@contextmanager
def cell(name: str = "cell", keep_out: list[dict[str, list[float]]] | None = None) -> Iterator[Rig]:
    config = load_rig(name)
    safety = type(config.safety).model_validate({**config.safety.model_dump(), "keep_out": keep_out or []})
    rig = open_rig(config.model_copy(update={"safety": safety}), seed=0)
    rig.cameras = {}
    with rig:
        rig.stage.clear()
        yield rig


def sent_to(monkeypatch: pytest.MonkeyPatch) -> list[SetPoints]:
    sent = list[SetPoints]()
    command = CellArm.command

    def noted(self: CellArm, setpoints: SetPoints) -> None:
        sent.append(setpoints)
        command(self, setpoints)

    monkeypatch.setattr(CellArm, "command", noted)
    return sent


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recorded(tmp_path_factory.mktemp("retrace") / "monday")


@pytest.fixture(scope="module")
def way(session: Path) -> Way:
    return read_way(session)


def known() -> Vector:
    return np.array([swing(tick / FPS) for tick in range(TICKS)])


def test_a_log_gives_the_way_back_with_its_orders(way: Way) -> None:
    assert np.allclose(way.joints, known(), atol=1e-6)
    assert way.grips == (OPEN,) * SHUT_AT + (SHUT,) * (TICKS - SHUT_AT)


def test_ticks_that_came_late_leave_no_dent(tmp_path: Path) -> None:
    late = read_way(recorded(tmp_path / "late", late=(7, 20, 21)))
    assert np.abs(late.joints - known()).max() < 2e-4


@pytest.mark.parametrize("action", ["absolute", "delta", "joint"])
@pytest.mark.parametrize("ahead", [0, 5])
def test_actions_of_a_data_set_give_it_too_whatever_they_are(
    session: Path, tmp_path: Path, action: str, ahead: int
) -> None:
    build([session], tmp_path / "set", Options(action=action, ahead=ahead))  # pyright: ignore[reportArgumentType]
    found = read_way(tmp_path / "set")
    assert np.abs(found.joints - known()).max() < 1e-4
    widths = [grip.width for grip in found.grips if grip is not None]
    assert len(widths) == TICKS
    assert [width > 0.01 for width in widths] == [True] * SHUT_AT + [False] * (TICKS - SHUT_AT)


def test_actions_count_and_not_what_was_measured(session: Path, tmp_path: Path) -> None:
    """What a policy would learn is what is done: poses that are not those of the measured joints move the arm there."""
    build([session], tmp_path / "set", Options())
    path = next((tmp_path / "set/data").rglob("*.parquet"))
    table = pq.read_table(path)
    action = np.array(table["action"].to_pylist(), np.float32)
    action[:, 2] += 0.03
    place = table.column_names.index("action")
    pq.write_table(
        table.set_column(place, table.schema.field(place), pa.array(list(action), table.schema.field(place).type)), path
    )
    tools = read_way(tmp_path / "set").tool
    then = np.array([forward(PANDA, joints).translation for joints in known()])
    assert np.allclose(tools[10:, :3] - then[10:], [0.0, 0.0, 0.03], atol=1e-4)


def test_the_pace_keeps_the_arm_within_its_limits(way: Way) -> None:
    for asked in (1.0, 0.5, 0.2):
        course = Course.of(way, PANDA, asked, 0.02)
        assert course.pace <= asked
        rates = course.joints
        for most in (PANDA.max_velocity, PANDA.max_acceleration, PANDA.max_jerk):
            rates = np.diff(rates, axis=0) * PANDA.rate_hz
            assert (np.abs(rates) <= most * (1 + 1e-6)).all()
    hurried = Way(way.name, way.robot, way.joints[::4], way.tool[::4], way.grips[::4], way.opening)
    assert Course.of(hurried, PANDA, 1.0, 0.02).pace < 1.0


@pytest.mark.slow
def test_the_arm_follows_it_within_few_millimetres(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sent_to(monkeypatch)
    for speed in (1.0, 0.5):
        with cell() as rig:
            followed = retrace(rig, way, speed=speed)
            joints = rig.feel().joints
        assert followed.stopped == "" and followed.apart is not None
        assert followed.pace == speed
        assert followed.apart.rms_mm < 2.0 and followed.apart.max_mm < 5.0
        assert followed.apart.max_deg < 1.0 and abs(followed.apart.late_ms) < 10.0
        assert np.abs(joints - way.joints[-1]).max() < 0.02
    assert SHUT in [one.grip for one in sent] and OPEN in [one.grip for one in sent]


@pytest.mark.slow
def test_a_shadow_sends_nothing_and_says_what_would_be(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sent_to(monkeypatch)
    with cell() as rig:
        before = rig.feel().joints
        followed = retrace(rig, way, shadow=True)
        assert np.abs(rig.feel().joints - before).max() < 1e-9
    assert sent == []
    assert followed.stopped == "" and followed.apart is not None and followed.apart.max_mm < 2.0


@pytest.mark.slow
@pytest.mark.parametrize("shadow", [False, True])
def test_what_lies_in_the_way_stops_it(way: Way, shadow: bool) -> None:
    middle = way.tool[TICKS // 2, :3]
    barred = {"lower": (middle - 0.02).tolist(), "upper": (middle + 0.02).tolist()}
    with cell(keep_out=[barred]) as rig:
        followed = retrace(rig, way, shadow=shadow)
        place = rig.feel().T_base_tool.translation
    assert followed.stopped.startswith("safety: ")
    assert np.abs(place - middle).max() > 0.02


@pytest.mark.slow
def test_an_arm_that_is_slower_to_obey_is_said_to_be_behind(way: Way) -> None:
    with cell() as rig:
        arm, obey, waiting = rig.arm, rig.arm.command, list[SetPoints]()

        def late(setpoints: SetPoints) -> None:
            """Each comes when the next one should, and as late."""
            waiting.append(replace(setpoints, times=setpoints.times + 0.04))
            if len(waiting) > 1:
                obey(waiting.pop(0))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(arm), "command", lambda _, setpoints: late(setpoints))
            followed = retrace(rig, way)
    assert followed.stopped == "" and followed.apart is not None
    assert followed.apart.late_ms == pytest.approx(40.0, abs=8.0)
    assert followed.apart.max_mm > 5.0


def test_whoever_wants_it_to_stop_is_heeded(way: Way) -> None:
    with cell() as rig:
        followed = retrace(rig, way, halt=lambda: "somebody came")
    assert followed.apart is None and "somebody came" in followed.stopped


def test_another_arm_is_refused(way: Way) -> None:
    with cell("cell-piper") as rig, pytest.raises(DynacollectError, match=PIPER.name):
        retrace(rig, way)


def test_a_number_that_is_not_there_is_refused(session: Path, tmp_path: Path) -> None:
    for folder, number, words in (
        (session, 9, "has no episode 9"),
        (session / "episodes/000001", 1, "leave out --episode"),
        (tmp_path, None, "is no session, episode or built data set"),
    ):
        with pytest.raises(DynacollectError, match=words):
            read_way(folder, number)
