"""A push ends with every byte there, whatever goes wrong on the way, and sends nothing twice."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from huggingface_hub import DatasetCard, HfApi, constants, get_token

from dynacollect.datasets.export import Options, build
from dynacollect.datasets.hub import items, plan, push
from dynacollect.datasets.hub.patience import TRIES
from dynacollect.rig.clock import SimClock
from dynacollect.rig.errors import DynacollectError

from ..made_sessions import Course, make_session
from .loopback import TOKEN, USER, Commit, Fault, Hub, running

ALL = Options(where="ticks > 0", licence="cc-by-4.0")
REPO = f"{USER}/mugs"


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("sessions")
    courses = (Course(0, 16), Course(1, 18, success=False))
    return [make_session(folder / "monday", *courses), make_session(folder / "tuesday", Course(3, 14))]


@pytest.fixture(scope="module")
def built(sessions: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sets") / "mugs"
    build(sessions, out, ALL)
    return out


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Hub, str]]:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(items, "MOST_FILES", 3)
    with running() as served:
        yield served


def client(address: str) -> HfApi:
    return HfApi(endpoint=address, token=TOKEN)


def local(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_complete(hub: Hub, folder: Path, revision: str = "v3.0") -> dict[str, bytes]:
    """Returns what is there beside the set's own files."""
    there = hub.bytes_of(REPO, revision)
    mine = local(folder)
    assert {path: there.get(path) for path in mine} == mine
    assert hub.repos[REPO].tags["v3.0"] == hub.repos[REPO].commits[-1].sha
    return {path: data for path, data in there.items() if path not in mine}


def assert_nothing_twice(hub: Hub) -> None:
    assert hub.puts and set(hub.puts.values()) == {1}
    assert all(one.files != other.files for one, other in pairwise(hub.repos[REPO].commits))


@pytest.mark.slow
def test_everything_arrives_private_with_a_card(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub
    done = push(built, REPO, api=client(address), tag="2026-11", clock=SimClock())
    extra = assert_complete(server, built)
    assert_nothing_twice(server)
    assert {*extra} == {".gitattributes", "README.md", "pictures.jpg"}
    assert server.repos[REPO].private and done.private
    assert (done.files, done.sent, done.failures) == (len(local(built)) + 2, len(local(built)) + 2, 0)
    assert done.commits == -(-done.files // 3) == len(server.repos[REPO].commits) - 1
    steps = [len({*after.files} - {*before.files}) for before, after in pairwise(server.repos[REPO].commits)]
    assert max(steps) <= 3 and sum(steps) == done.files
    assert server.repos[REPO].tags == {"v3.0": done.sha, "2026-11": done.sha}
    again = push(built, REPO, api=client(address), clock=SimClock())
    assert (again.sent, again.commits, again.sha) == (0, 0, done.sha)


def test_the_card_says_what_is_in_the_set(hub: tuple[Hub, str], built: Path) -> None:
    said = plan(built, REPO, api=client(hub[1])).card
    card = DatasetCard(said).data.to_dict()
    assert (card["license"], card["task_categories"], card["size_categories"]) == (
        "cc-by-4.0",
        ["robotics"],
        "n<1K",
    )
    assert card["configs"] == [{"config_name": "default", "data_files": "data/*/*.parquet"}]
    assert {"LeRobot", "panda"} <= {*card["tags"]}
    for line in (
        "| episodes | 3, 48 rows, 2 s |", "| success | 2 success, 1 failure |", "| objects | mug 3 |",
        "| cameras | opst_cam, side_cam and wrist_cam; 96x64 px, 25 a second, H.264 |",
        "| action | absolute, 5 ticks ahead |", "| licence | cc-by-4.0 |", "| speed of the object | 0.20 to 0.20 m/s",
        f'LeRobotDataset("{REPO}")',
    ):  # fmt: skip
        assert line in said


FAULTS = {
    "before anything is sent": [
        Fault("GET", "whoami", "503"),
        Fault("POST", "repos/create", "429", headers={"Retry-After": "7"}),
        Fault("POST", "repos/create", "lost", nth=1),
        Fault("GET", "/tree/", "503"),
        Fault("POST", "validate-yaml", "503"),
    ],
    "in uploads": [
        Fault("POST", "preupload", "429", nth=2, headers={"Retry-After": "0"}),
        Fault("POST", "objects/batch", "503", nth=3),
        Fault("PUT", "/storage/", "drop", nth=2),
        Fault("PUT", "/storage/", "503", nth=3),
    ],
    "in commits": [
        Fault("POST", "/commit/", "429", nth=2, headers={"Retry-After": "7"}),
        Fault("POST", "/commit/", "drop", nth=2),
        Fault("POST", "/commit/", "lost", nth=3),
        Fault("GET", "/tree/", "drop", nth=3),
    ],
    "at the end": [
        Fault("POST", "/tag/", "503"),
        Fault("POST", "/tag/", "lost", nth=1),
        Fault("GET", "/refs", "drop"),
        Fault("HEAD", "resolve", "503"),
    ],
}


@pytest.mark.parametrize("where", FAULTS)
@pytest.mark.slow
def test_what_fails_in_passing_is_done_again(hub: tuple[Hub, str], built: Path, where: str) -> None:
    server, address = hub
    server.faults = [replace(fault) for fault in FAULTS[where]]
    clock = SimClock()
    done = push(built, REPO, check=False, api=client(address), clock=clock)
    assert all(fault.seen >= fault.nth for fault in server.faults)
    assert_complete(server, built)
    assert_nothing_twice(server)
    assert done.sha == server.repos[REPO].commits[-1].sha
    assert clock.now() == done.waited_s
    if where in ("before anything is sent", "in commits"):
        assert clock.now() > 7 and done.failures >= 3


def test_it_gives_up_in_time_and_goes_on_later(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub
    server.faults = [Fault("POST", "/commit/", "503", nth=2, times=10**6)]
    clock, told = SimClock(), list[str]()
    with pytest.raises(DynacollectError, match=r"\(503 on purpose\); what is there stays: .* goes on"):
        push(built, REPO, api=client(address), clock=clock, tell=told.append)
    assert [line.split("waiting ")[1] for line in told] == ["2 s", "4 s", "8 s", "16 s", "32 s"]
    assert server.faults[0].seen == 1 + TRIES
    assert clock.now() == 2 + 4 + 8 + 16 + 32
    assert "v3.0" not in server.repos[REPO].tags
    sent = dict(server.puts)
    server.faults = []
    done = push(built, REPO, api=client(address), clock=SimClock())
    assert done.sent == done.files - 3
    assert_complete(server, built)
    assert_nothing_twice(server)
    assert sent.items() <= server.puts.items()


def test_a_hub_that_asks_for_an_hour_is_left_alone(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub
    server.faults = [Fault("GET", "whoami", "429", headers={"Retry-After": "3600"})]
    clock = SimClock()
    with pytest.raises(DynacollectError, match="asks to wait 60 minutes"):
        push(built, REPO, api=client(address), clock=clock)
    assert clock.now() == 0 and not server.repos


def test_a_commit_of_somebody_else_stays(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub

    def noted() -> None:
        last = server.repos[REPO].commits[-1]
        files = last.files | {"notes.txt": last.files[".gitattributes"]}
        server.repos[REPO].commits.append(Commit("f" * 40, last.sha, "notes", files))

    server.faults = [Fault("POST", "/commit/", "pass", nth=2, call=noted)]
    done = push(built, REPO, check=False, api=client(address), clock=SimClock())
    assert "notes.txt" in assert_complete(server, built)
    assert_nothing_twice(server)
    assert done.failures == 1 and all(one.sha == other.parent for one, other in pairwise(server.repos[REPO].commits))


def test_a_grown_set_sends_only_what_is_new(hub: tuple[Hub, str], sessions: list[Path], tmp_path: Path) -> None:
    server, address = hub
    build(sessions[:1], tmp_path / "mugs", ALL)
    (tmp_path / "mugs/README.md").write_text("---\ntask_categories: [robotics]\n---\nmine\n")
    (tmp_path / "mugs/meta/old.json").write_text("{}")
    first = push(tmp_path / "mugs", REPO, api=client(address), clock=SimClock())
    (tmp_path / "mugs/meta/old.json").unlink()
    build(sessions, tmp_path / "mugs", ALL)
    before = dict(server.puts)
    server.repos[REPO].commits[-1].files["notes.txt"] = server.repos[REPO].commits[-1].files["meta/old.json"]
    grown = push(tmp_path / "mugs", REPO, api=client(address), clock=SimClock())
    extra = assert_complete(server, tmp_path / "mugs")
    assert {*extra} == {".gitattributes", "pictures.jpg", "notes.txt"}
    assert b"mine" in server.bytes_of(REPO)["README.md"]
    assert all(server.puts[name] == 1 for name in before)
    assert grown.sent < grown.files and first.sha != grown.sha
    assert server.bytes_of(REPO, first.sha)["meta/info.json"] != server.bytes_of(REPO)["meta/info.json"]


def test_other_data_is_not_written_over(
    hub: tuple[Hub, str], built: Path, sessions: list[Path], tmp_path: Path
) -> None:
    server, address = hub
    push(built, REPO, api=client(address), clock=SimClock())
    build(sessions[1:], tmp_path / "few", ALL)
    before = server.repos[REPO].commits[-1].sha
    with pytest.raises(DynacollectError, match=r"holds other data \(2 episodes or files .* --replace"):
        push(tmp_path / "few", REPO, api=client(address), clock=SimClock())
    assert server.repos[REPO].commits[-1].sha == before
    push(tmp_path / "few", REPO, api=client(address), replace=True, clock=SimClock())
    assert_complete(server, tmp_path / "few")
    assert server.bytes_of(REPO, before)["meta/info.json"] == (built / "meta/info.json").read_bytes()


def test_a_public_repository_is_only_used_when_meant(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub
    done = push(built, REPO, public=True, api=client(address), clock=SimClock())
    assert not done.private and not server.repos[REPO].private
    with pytest.raises(DynacollectError, match="is public already; give --public"):
        push(built, REPO, api=client(address), clock=SimClock())


def test_tokens_that_do_not_do(hub: tuple[Hub, str], built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server, address = hub
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", "/nowhere")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert get_token() is None
    with pytest.raises(DynacollectError, match=r"^There is no token for the Hub; log in with: hf auth login, or set"):
        push(built, REPO, api=HfApi(endpoint=address), clock=SimClock())
    with pytest.raises(DynacollectError, match="does not take the token; log in again"):
        push(built, REPO, api=HfApi(endpoint=address, token="hf_wrong"), clock=SimClock())
    server.may_write = False
    with pytest.raises(DynacollectError, match=f"has no right to write to {REPO}; make one"):
        push(built, REPO, api=client(address), clock=SimClock())
    assert not server.repos


def test_a_plan_sends_nothing(hub: tuple[Hub, str], built: Path) -> None:
    server, address = hub
    said = plan(built, REPO, api=client(address), clock=SimClock())
    assert len(said.missing) == said.files == len(local(built)) + 2
    assert (said.missing_bytes, said.removed, said.commits) == (said.bytes, (), -(-said.files // 3))
    assert not server.repos and not server.puts and all(each.startswith("GET") for each in server.requests)
    push(built, REPO, api=client(address), clock=SimClock())
    assert plan(built, REPO, api=client(address), clock=SimClock()).missing == ()


def test_a_set_with_errors_is_not_sent_unless_told(hub: tuple[Hub, str], sessions: list[Path], tmp_path: Path) -> None:
    server, address = hub
    build(sessions, tmp_path / "mugs", ALL)
    path = tmp_path / "mugs/meta/splits.json"
    path.write_text(json.dumps({"train": [0, 1, 2], "val": [2]}))
    with pytest.raises(DynacollectError, match=r"has 1 errors, first .*; see dynacollect dataset check, .* --no-check"):
        push(tmp_path / "mugs", REPO, api=client(address), clock=SimClock())
    assert not server.repos
    push(tmp_path / "mugs", REPO, check=False, api=client(address), clock=SimClock())
    assert_complete(server, tmp_path / "mugs")


@pytest.mark.slow
def test_a_set_that_changes_meanwhile_is_not_called_sent(
    hub: tuple[Hub, str], sessions: list[Path], tmp_path: Path
) -> None:
    server, address = hub
    folder = tmp_path / "mugs"
    build(sessions[:1], folder, ALL)
    server.faults = [Fault("POST", "/commit/", "pass", call=lambda: build(sessions, folder, ALL))]
    with pytest.raises(DynacollectError, match="push again"):
        push(folder, REPO, api=client(address), clock=SimClock())
    assert "v3.0" not in server.repos[REPO].tags
    push(folder, REPO, api=client(address), clock=SimClock())
    assert_complete(server, folder)


def test_files_with_the_same_bytes_are_one_upload(hub: tuple[Hub, str], built: Path, tmp_path: Path) -> None:
    server, address = hub
    folder = Path(shutil.copytree(built, tmp_path / "mugs"))
    for name in ("films/one.mp4", "films/two.mp4", "films/three.mp4", "films/empty.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"" if "empty" in name else b"the same")
    push(folder, REPO, check=False, api=client(address), clock=SimClock())
    assert_complete(server, folder)
    assert_nothing_twice(server)


def test_the_older_layout_is_sent_too(hub: tuple[Hub, str], sessions: list[Path], tmp_path: Path) -> None:
    server, address = hub
    build(sessions, tmp_path / "mugs", Options(where="ticks > 0", format="v2.1"))
    with pytest.raises(DynacollectError, match=r"v2.1, which is not checked; .* --no-check"):
        push(tmp_path / "mugs", REPO, api=client(address), clock=SimClock())
    done = push(tmp_path / "mugs", REPO, check=False, api=client(address), clock=SimClock())
    assert done.tags == ("v2.1",)
    assert {path: server.bytes_of(REPO, "v2.1")[path] for path in local(tmp_path / "mugs")} == local(tmp_path / "mugs")
    assert re.search(r"licence \| not stated; ask", server.bytes_of(REPO)["README.md"].decode())
