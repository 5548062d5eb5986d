"""LeRobot's trainer still looks up the names that are put in its place, and calls them as before."""

import inspect

import pytest

pytestmark = pytest.mark.slow


def test_lerobot_has_every_name_and_uses_it() -> None:
    from lerobot.scripts import lerobot_train

    from dynacollect.training.finetune.seams import NAMES, Seams

    text = inspect.getsource(lerobot_train.train)
    for name in NAMES:
        assert hasattr(lerobot_train, name), name
        assert callable(getattr(Seams, name))
        assert f"{name}(" in text, name


def test_a_name_that_is_gone_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    from lerobot.scripts import lerobot_train

    from dynacollect.rig.errors import DynacollectError
    from dynacollect.training.finetune.seams import Seams

    monkeypatch.delattr(lerobot_train, "cycle")
    with pytest.raises(DynacollectError, match=r"has no cycle any more; install lerobot>=0\.6"), _bare().in_place():
        pass
    assert lerobot_train.make_policy is not Seams.make_policy


def test_names_are_given_back() -> None:
    from lerobot.scripts import lerobot_train

    from dynacollect.training.finetune.seams import NAMES

    before = {name: getattr(lerobot_train, name) for name in NAMES}
    with _bare().in_place():
        assert all(getattr(lerobot_train, name) is not before[name] for name in NAMES)
    assert {name: getattr(lerobot_train, name) for name in NAMES} == before


def _bare():
    """Without a training, which a look at names does not need."""
    from dynacollect.training.finetune.seams import Seams

    return Seams.__new__(Seams)
