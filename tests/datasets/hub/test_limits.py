"""However many episodes, folders stay within what the Hub takes; what does not is refused."""

from collections.abc import Callable

import pytest

from dynacollect.datasets.export import layout_v21, layout_v30
from dynacollect.datasets.export.prepare import picture_key
from dynacollect.datasets.hub.limits import LARGEST, MOST_FILES, MOST_IN_FOLDER, entries, refuse_crowded
from dynacollect.rig.errors import DynacollectError

from ..made_sessions import CAMERAS

EPISODES = 10_000
KEYS = [picture_key(camera) for camera in CAMERAS]


def v30() -> dict[str, int]:
    """With a file for each episode, which is the most that there can be."""
    place = layout_v30._place  # pyright: ignore[reportPrivateUsage]
    folders = [("data", "parquet"), *((f"videos/{key}", "mp4") for key in KEYS)]
    paths = [place(folder, number, ending) for folder, ending in folders for number in range(EPISODES)]
    paths += [place("meta/episodes", number, "parquet") for number in range(-(-EPISODES // layout_v30.EPISODES))]
    return dict.fromkeys([*paths, "meta/info.json", "README.md"], 1)


def v21(episodes: int = EPISODES) -> dict[str, int]:
    places = [{"episode_chunk": index // layout_v21.CHUNK, "episode_index": index} for index in range(episodes)]
    paths = [layout_v21.DATA.format(**place) for place in places]
    paths += [layout_v21.VIDEO.format(**place, video_key=key) for place in places for key in KEYS]
    return dict.fromkeys([*paths, "meta/info.json", "README.md"], 1)


@pytest.mark.parametrize("layout", [v30, v21])
def test_ten_thousand_episodes_fit(layout: Callable[[], dict[str, int]]) -> None:
    paths = layout()
    assert len(paths) > 4 * EPISODES
    assert max(entries(paths).values()) == 1000
    refuse_crowded(paths)


def test_folders_count_too() -> None:
    assert entries({"a/b/1": 1, "a/b/2": 1, "a/c/1": 1, "d": 1}) == {"": 2, "a": 2, "a/b": 2, "a/c": 1}


def test_what_is_too_much_is_refused_with_the_remedy() -> None:
    most = {f"data/{number}.parquet": 1 for number in range(MOST_IN_FOLDER)}
    refuse_crowded(most)
    with pytest.raises(DynacollectError, match=r"^data holds 10001 files .* build the set as v3.0"):
        refuse_crowded({**most, "data/one": 1})
    with pytest.raises(
        DynacollectError, match=f"has 120002 files and the Hub takes {MOST_FILES}; build the set as v3.0"
    ):
        refuse_crowded(v21(30_000))
    with pytest.raises(DynacollectError, match=r"a.mp4 has 60 GB"):
        refuse_crowded({"a.mp4": LARGEST + 10**10})
