"""Sessions that were cut or bit-flipped come back as far as they can, each picture under its tick."""

from __future__ import annotations

import hashlib
import json
import shutil
import zlib
from pathlib import Path

import av
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from dynacollect.collector.commands import dataset_check
from dynacollect.datasets.checks import check_session
from dynacollect.datasets.raw import RawEpisode, episodes_in
from dynacollect.datasets.repair import Repaired, repair_session
from dynacollect.datasets.repair.film import Film, decoded, film_in
from dynacollect.datasets.repair.messages import messages_in
from dynacollect.datasets.repair.rewrite import write_messages
from dynacollect.rig.errors import DynacollectError

from .damage import cut, edit_record, edit_rows, flip, messages, record_of, rewrite, vouch
from .made_sessions import CAMERAS, FPS, Course, make_session, read_stamp

COURSES = (Course(0, 36), Course(1, 40), Course(2, 34, success=False))
FIRST = {1: 0, 2: 36, 3: 76}
"""The stamp on each episode's first picture."""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("sessions") / "monday", *COURSES)


@pytest.fixture
def session(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "monday"))


def second(session: Path) -> Path:
    return session / "episodes/000002"


def prints(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def repaired(session: Path, name: str = "new") -> Repaired:
    """With what every repair must keep to."""
    before = prints(session)
    result = repair_session(session, session.parent / name)
    assert prints(session) == before
    for each in result.episodes:
        assert len(each.numbers) == 0 or each.state != "lost"
        for number in each.numbers:
            sound(RawEpisode.open(result.out / f"episodes/{number:06d}"), each.episode, trusted(each.pictures))
    assert not (result.out / "in_flight").exists()
    return result


def trusted(pictures: dict) -> set[str]:
    """Cameras whose pictures are proven to be as they were."""
    return {name for name, each in pictures.items() if each.proven}


def sound(episode: RawEpisode, number: int, cameras: set[str]) -> None:
    """As whole as a committed one: files agree with the record, rows and pictures with the ticks, stamps with both."""
    assert episode.damage() == []
    rows = episode.rows("/tick", "/objects")
    assert len(rows["/tick"]) == len(rows["/objects"]) == episode.record.ticks
    assert [row["index"] for row in rows["/tick"]] == list(range(episode.record.ticks))
    for camera in episode.record.videos:
        pictures = list(episode.pictures(camera))
        assert len(pictures) == episode.record.ticks
        for row, picture in zip(rows["/tick"], pictures, strict=True):
            if camera in cameras and camera not in row["repeated"]:
                # The place of an object says which tick a row was.
                tick = round((0.1 - rows["/objects"][row["index"]]["target0"]["pose"][1]) / 0.2 * FPS)
                assert read_stamp(picture) == (FIRST[number] + tick, CAMERAS.index(camera))


def test_a_sound_session_is_taken_over_as_it_is(session: Path) -> None:
    result = repaired(session)
    assert result.ok
    assert [each.state for each in result.episodes] == ["sound"] * 3
    assert prints(result.out) == prints(session)
    with pytest.raises(DynacollectError, match="exists already"):
        repair_session(session, result.out)


@pytest.mark.parametrize("seed", range(6))
def test_a_video_that_is_cut_comes_back_up_to_the_cut(seed: int, session: Path) -> None:
    rng = np.random.default_rng(seed)
    camera = CAMERAS[seed % 3]
    path = second(session) / f"{camera}.mp4"
    size = path.stat().st_size
    cut(path, left := int(rng.integers(0, size)))
    came = repaired(session).episodes[1]
    if left > 0.8 * size:
        assert came.ticks >= 0.7 * 40
    if came.ticks < 40:
        episode = RawEpisode.open(session.parent / "new/episodes/000002")
        assert episode.record.verdict.success is None
        assert "was success" in episode.record.verdict.reason
        assert any("these came back" in sentence for sentence in came.said)
    else:
        # Of too little of a camera the others make an episode on their own.
        assert came.pictures[camera].back == 0 or left > 0.9 * size


def test_everything_before_a_cut_comes_back(good: Path) -> None:
    data = (good / "episodes/000002/side_cam.mp4").read_bytes()
    whole = film_in(data, FPS, 40)
    assert sorted(whole.shots) == list(range(40))
    ends = [data.find(whole.shots[tick].data) + len(whole.shots[tick].data) for tick in range(40)]
    for tick in range(0, 40, 3):
        assert sorted(film_in(data[: ends[tick]], FPS, 40).shots) == list(range(tick + 1))
        assert sorted(film_in(data[: ends[tick] - 1], FPS, 40).shots) == list(range(tick))


@pytest.mark.parametrize("seed", range(4))
def test_signals_that_are_cut_come_back_chunk_by_chunk(seed: int, session: Path) -> None:
    """In small chunks, as files of longer episodes have many."""
    rng = np.random.default_rng(seed)
    path = second(session) / "signals.mcap"
    small_chunks(second(session))
    data = path.read_bytes()
    cut(path, int(rng.integers(len(data) // 3, len(data))))
    came = repaired(session).episodes[1]
    expected = sum(each.topic == "/objects" for each in messages_in(path.read_bytes()).said)
    assert came.ticks == expected > 0


def small_chunks(folder: Path) -> None:
    said = messages(folder)
    (folder / "signals.mcap").unlink()
    write_messages(folder / "signals.mcap", said, chunk=4096)
    vouch(folder)


def test_a_lost_chunk_leaves_the_parts_before_and_after_it(session: Path) -> None:
    path = second(session) / "signals.mcap"
    small_chunks(second(session))
    flip(path, path.stat().st_size // 3)
    came = repaired(session).episodes[1]
    assert len(came.numbers) == 2
    assert came.numbers == (2, 4)
    assert 30 < came.ticks < 40
    parts = [RawEpisode.open(session.parent / f"new/episodes/{number:06d}") for number in came.numbers]
    assert [part.record.provenance["repaired"]["number"] for part in parts] == [2, 2]
    assert parts[1].record.provenance["repaired"]["first"] > parts[0].record.ticks
    assert parts[1].record.phases[0][0] == 0
    assert all(part.record.phases[-1][0] <= part.record.ticks for part in parts)


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bits_are_survived(seed: int, session: Path) -> None:
    """Anywhere, several at once, in several files."""
    rng = np.random.default_rng(100 + seed)
    files = sorted(second(session).iterdir())
    for _ in range(1 + seed % 4):
        path = files[rng.integers(len(files))]
        flip(path, int(rng.integers(path.stat().st_size)), int(rng.integers(8)))
    result = repaired(session)
    assert {each.state for each in result.episodes} <= {"sound", "repaired", "lost"}
    assert result.episodes[0].state == result.episodes[2].state == "sound"


@pytest.mark.slow
def test_no_flipped_picture_passes_where_checksums_are_known(good: Path) -> None:
    data = (good / "episodes/000002/opst_cam.mp4").read_bytes()
    whole = film_in(data, FPS, 40)
    sums = packet_sums(good / "episodes/000002/opst_cam.mp4")
    rng = np.random.default_rng(1)
    lost = []
    for _ in range(60):
        flipped = bytearray(data)
        flipped[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
        film = film_in(bytes(flipped), FPS, 40, sums, whole.header)
        assert film.proven
        assert all(film.shots[tick] == whole.shots[tick] for tick in film.shots)
        lost.append(40 - len(film.shots))
    # A picture that stands alone takes one other with it; rarely, more is lost with the table of a whole second.
    assert np.median(lost) <= 2
    assert np.mean(lost) < 4


def packet_sums(path: Path) -> list[int]:
    """The CRC-32 of each picture as any reader of the file gets it."""
    sums: list[int] = []
    with av.open(str(path)) as container:
        sums += [zlib.crc32(bytes(packet)) for packet in container.demux(video=0) if packet.size]
    return sums


def test_pieces_of_video_whose_place_is_unsure_are_left_out(good: Path) -> None:
    data = bytearray((good / "episodes/000002/opst_cam.mp4").read_bytes())
    second_base = data.find(b"tfdt", data.find(b"tfdt") + 1) + 8
    assert len(film_in(bytes(data), FPS, 40).shots) == 40
    data[second_base + 5] ^= 4
    # Its neighbours and the count agree, whatever its own word.
    assert len(film_in(bytes(data), FPS, 40).shots) == 40
    # Without the first piece and without the count there is nobody to ask.
    first_media = data.find(b"mdat") + 4
    data[first_media + 4] |= 128
    assert len(film_in(bytes(data), FPS, None).shots) == 0


def test_a_hole_in_a_video_is_filled_and_said(session: Path) -> None:
    path = second(session) / "opst_cam.mp4"
    film = film_in(path.read_bytes(), FPS, 40)
    place = path.read_bytes().find(film.shots[10].data)
    # The length of a picture's data is wrong: the rest of that second is lost, and the next second is there.
    flip(path, place + 1, 2)
    came = repaired(session).episodes[1]
    assert (came.ticks, came.state) == (40, "repaired")
    lost = sorted(set(range(40)) - set(film_of(path).shots))
    assert lost[0] == 10
    assert 10 < len(lost) < 20
    opst = came.pictures["opst_cam"]
    assert (opst.back, opst.filled) == (40 - len(lost), len(lost))
    rows = RawEpisode.open(session.parent / "new/episodes/000002").rows("/tick")["/tick"]
    assert [row["index"] for row in rows if "opst_cam" in row["repeated"]] == lost
    assert all("opst_cam" not in rows[tick]["frames"] for tick in lost)
    assert any(f"{len(lost)} of 40 pictures cannot be read" in sentence for sentence in came.said)


def test_pictures_come_back_as_they_were_encoded(session: Path) -> None:
    """Nothing is encoded anew where nothing had to be filled in."""
    before = film_of(second(session) / "side_cam.mp4")
    cut(second(session) / "signals.mcap", (second(session) / "signals.mcap").stat().st_size - 40)
    repaired(session)
    after = film_of(session.parent / "new/episodes/000002/side_cam.mp4")
    assert after.shots == before.shots
    first, again = (next(iter(decoded(film, [7]))) for film in (before, after))
    assert np.array_equal(first, again)


def film_of(path: Path) -> Film:
    return film_in(path.read_bytes(), FPS, 40)


def test_a_lost_record_is_told_anew_where_the_signals_do_not_repeat_it(session: Path) -> None:
    rewrite(second(session), messages(second(session)))
    lost = record_of(second(session))
    (second(session) / "episode.json").unlink()
    came = repaired(session).episodes[1]
    assert (came.ticks, came.of) == (40, 40)
    assert came.said == (
        "its episode.json is lost: it was told anew from the signals, and what they do not hold is left open",
    )
    again = record_of(session.parent / "new/episodes/000002")
    for key in ("task", "robot", "fps", "ticks"):
        assert again[key] == lost[key]
    assert [tuple(phase) for phase in again["phases"]] == [tuple(phase) for phase in lost["phases"]]
    assert again["verdict"]["success"] is None


def test_a_record_that_the_signals_repeat_comes_back_whole(session: Path) -> None:
    record = RawEpisode.open(second(session)).record
    (second(session) / "episode.json").unlink()
    came = repaired(session).episodes[1]
    assert came.said == ("its episode.json is lost: the signals repeat it",)
    assert all(each.proven for each in came.pictures.values())
    again = RawEpisode.open(session.parent / "new/episodes/000002").record
    new = {"id": again.id, "signals": again.signals, "provenance": again.provenance, "videos": again.videos}
    assert again == record.model_copy(update=new)
    assert {name: video.sums for name, video in again.videos.items()} == {
        name: video.sums for name, video in record.videos.items()
    }
    assert check_session(session.parent / "new").findings == ()


def test_a_repeated_record_is_read_behind_damage_and_never_with_damage_in_it(session: Path) -> None:
    path = second(session) / "signals.mcap"
    data = path.read_bytes()
    place = data.find(b'{"format"')
    assert messages_in(data).about["number"] == 2
    rng = np.random.default_rng(3)
    for _ in range(20):
        before, within = (int(rng.integers(*bounds)) for bounds in ((8, place - 100), (place, place + 500)))
        for where, expected in ((before, True), (within, False)):
            flipped = bytearray(data)
            flipped[where] ^= 1 << int(rng.integers(8))
            assert bool(messages_in(bytes(flipped)).about) == expected


def test_commands_of_older_logs_get_the_number_of_their_tick(session: Path) -> None:
    edit_rows(second(session), command=lambda row, _: {key: row[key] for key in row if key != "index"})
    widths = RawEpisode.open(second(session)).signals().widths
    path = second(session) / "signals.mcap"
    cut(path, path.stat().st_size - 8)
    repaired(session)
    episode = RawEpisode.open(session.parent / "new/episodes/000002")
    assert [row["index"] for row in episode.rows("/command")["/command"]] == list(range(40))
    assert np.array_equal(episode.signals().widths, widths)


@pytest.mark.parametrize("place", ["in_flight/000003", "left_over/000003", "left_over/000003-2"])
def test_what_a_killed_recorder_left_comes_back_when_asked_for(place: str, session: Path) -> None:
    """It has no record, and all files end anywhere."""
    flight = session / place
    flight.parent.mkdir(exist_ok=True)
    small_chunks(session / "episodes/000003")
    (session / "episodes/000003").rename(flight)
    (flight / "episode.json").unlink()
    for path in flight.iterdir():
        cut(path, round(0.9 * path.stat().st_size))
    assert [each.episode for each in repaired(session, "without").episodes] == [1, 2]
    result = repair_session(session, session.parent / "new", in_flight=True)
    came = result.episodes[2]
    assert (came.episode, came.folder, came.state, came.numbers) == (3, flight, "repaired", (3,))
    assert 20 <= came.ticks < 34
    assert not result.ok
    sound(RawEpisode.open(session.parent / "new/episodes/000003"), 3, set(CAMERAS))


def test_an_episode_of_which_nothing_is_left_is_said_to_be_lost(session: Path) -> None:
    for path in second(session).iterdir():
        path.write_bytes(b"")
    result = repaired(session)
    assert (result.ok, result.episodes[1].state, result.episodes[1].numbers) == (False, "lost", ())
    assert [episode.record.number for episode in episodes_in(result.out)] == [1, 3]


def test_a_wrong_count_in_the_record_is_told_by_the_files(session: Path) -> None:
    edit_record(second(session), lambda record: record.update(ticks=48))
    cut(second(session) / "signals.mcap", (second(session) / "signals.mcap").stat().st_size - 8)
    assert repaired(session).episodes[1].ticks == 40


def test_the_command_says_what_came_back(session: Path) -> None:
    app = typer.Typer()
    app.command("check")(dataset_check.check)
    app.command("repair")(dataset_check.repair)
    cut(second(session) / "opst_cam.mp4", 6500)
    done = CliRunner().invoke(app, ["repair", str(session), "--json"], env={"COLUMNS": "200"})
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["out"] == f"{session}-repaired"
    assert [each["state"] for each in found["episodes"]] == ["sound", "repaired", "sound"]
    assert found["episodes"][1]["pictures"]["opst_cam"]["back"] == found["episodes"][1]["ticks"] < 40
    again = CliRunner().invoke(
        app, ["repair", str(session), "--out", str(session.parent / "x")], env={"COLUMNS": "200"}
    )
    assert "of 40 ticks these came back: 0 to" in again.stdout
