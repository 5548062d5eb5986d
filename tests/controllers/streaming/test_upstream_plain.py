"""Pickles of the public code: what numpy writes is read as it was, and nothing else can be made or called."""

from __future__ import annotations

import os
import pickle
from collections import OrderedDict, deque
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dynacollect.controllers.streaming.remote.wire import DTYPES, StrangerError
from dynacollect.controllers.streaming.upstream.plain import DEEPEST, MOST_VALUES, dumped, loaded

RNG = np.random.default_rng(5)
SHAPES = [(), (0,), (3,), (2, 3), (2, 0, 3), (2, 3, 4)]
MESSAGE = {
    "dt_scale": 1.25, "index": 7, "task": "pick up the apfel, größer", "success": True, "nothing": None,
    "observation.state": {"end_effector": {"pos": RNG.random((1, 3)).astype(np.float32)}},
    "observation.images.opst_cam": RNG.integers(0, 255, (1, 36, 48, 3), np.uint8),
    "rates": {"a": 0.5}, "more": [1, (2, b"3")],
}  # fmt: skip


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return type(one) is type(other) and one == other


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_pickle_writes_of_plain_values_and_arrays_is_read_as_it_was(protocol: int) -> None:
    assert same(loaded(pickle.dumps(MESSAGE, protocol)), MESSAGE)
    for dtype in sorted(DTYPES):
        for shape in SHAPES:
            array = np.asarray(100 * RNG.random(shape)).astype(dtype)
            for given in (array, array.T, np.asfortranarray(array), array[..., ::2] if shape else array):
                assert same(loaded(pickle.dumps({"a": given}, protocol))["a"], given), (dtype, shape)


def test_names_of_older_and_newer_numpy_are_both_known() -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        written = pickle.dumps({"a": np.arange(6.0).reshape(2, 3), "b": np.float32(2.5)}, protocol)
        if protocol < 4:
            # There names end with a line, so that they can be changed without counting.
            written = written.replace(b"numpy._core.", b"numpy.core.")
            assert b"numpy.core." in written
        found = loaded(written)
        assert same(found["a"], np.arange(6.0).reshape(2, 3)) and found["b"] == 2.5


def test_what_we_write_is_read_by_anybody_and_names_nothing_that_numpy_has_moved() -> None:
    written = dumped(MESSAGE)
    assert same(pickle.loads(written), MESSAGE) and same(loaded(written), MESSAGE)
    assert b"_core" not in written and b"reconstruct" not in written
    back = pickle.loads(dumped({"a": np.arange(3)}))["a"]
    back[0] = 5


class Runs:
    def __reduce__(self) -> Any:
        return os.system, ("touch /tmp/should-not-be-there",)


class Sets:
    def __reduce__(self) -> Any:
        return np.ndarray, ((1,), "<f8", bytes(8)), {"made": 1}


@pytest.mark.parametrize(
    "value",
    [
        Runs(), {"a": [Runs()]}, Sets(), os.system, partial(print, 1), date(2026, 1, 1), Fraction(1, 3),
        OrderedDict(a=1), deque([1]), {1, 2}, 1 + 2j, slice(1), np.array([object()]), np.array([{"a": Runs()}]),
        np.array(["x"]), np.array([1j]), np.zeros(2, "M8[s]"), np.zeros(2, [("a", "f4")]), np.ma.array([1.0]),
        np.zeros(3, ">f8"), {1: 2}, eval, getattr, type, np.load, pickle.loads, Path("/"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_anything_else_is_refused_and_not_run(value: object, protocol: int, tmp_path: Path) -> None:
    with pytest.raises(StrangerError):
        loaded(pickle.dumps({"x": value}, protocol))
    assert not Path("/tmp/should-not-be-there").exists()


BY_HAND = {
    "an attribute of what is known": b"\x80\x04\x8c\x05numpy\x8c\x10ndarray.__init__\x93.",
    "a class made anew": b"\x80\x02cnumpy\ndtype\n)\x81.",
    "something put into the reader": b"\x80\x02cnumpy\nndarray\nN}X\x05\x00\x00\x00_callK\x01s\x86b.",
    "attributes of the reader": b"\x80\x02cnumpy\nndarray\n}X\x01\x00\x00\x00aK\x01sb.",
    "an object from outside": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "an extension": b"\x80\x02\x82\x01.",
    "a list of itself": b"\x80\x02]q\x00h\x00a.",
    "too deep": b"\x80\x02" + b"]" * (DEEPEST + 2) + b"a" * (DEEPEST + 1) + b".",
    "too much": b"\x80\x02](" + b"K\x01" * (MOST_VALUES + 1) + b"e.",
    "what doubles": b"\x80\x02]q\x00" + b"".join(b"]q%c(h%ch%ce" % (k + 1, k, k) for k in range(40)) + b".",
    "nothing": b"",
    "an end only": b".",
    "no end": b"\x80\x04K\x01",
    "text": b"hello, who is there?",
    "bytes of a number": b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.",
    "an array of a claimed size": b"\x80\x02cnumpy\nndarray\n(J\xff\xff\xff\x7ftX\x03\x00\x00\x00<f8C\x01\x00\x87R.",
}


@pytest.mark.parametrize("written", BY_HAND.values(), ids=BY_HAND.keys())
def test_a_pickle_written_by_hand_does_no_harm(written: bytes) -> None:
    for _ in range(2):
        with pytest.raises(StrangerError):
            loaded(written)
    assert same(loaded(dumped(MESSAGE)), MESSAGE), "the reader is as it was"


def test_bytes_changed_at_random_are_refused_or_are_plain() -> None:
    written, refused = bytearray(pickle.dumps({**MESSAGE, "observation.images.opst_cam": 0})), 0
    for _ in range(2000):
        changed = written.copy()
        for place in RNG.integers(0, len(changed), 3):
            changed[place] = RNG.integers(256)
        try:
            loaded(bytes(changed))
        except StrangerError:
            refused += 1
    assert refused > 500
