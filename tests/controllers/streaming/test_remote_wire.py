"""The wire of a policy server: what is carried, what is refused, and who is let in."""

from __future__ import annotations

import pickle
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType

import msgpack
import numpy as np
import pytest

from dynacollect.controllers.streaming.remote.client import RemoteInference
from dynacollect.controllers.streaming.remote.meeting import CLIENT, RefusedError, be_received
from dynacollect.controllers.streaming.remote.messages import MOST_ROWS, request_fields, request_of
from dynacollect.controllers.streaming.remote.place import place_of
from dynacollect.controllers.streaming.remote.secret import NONCE, VARIABLE, proof, refuse_open_door, token_from
from dynacollect.controllers.streaming.remote.server import PolicyServer
from dynacollect.controllers.streaming.remote.wire import DTYPES, FROM_STRANGERS, LARGEST, StrangerError, Wire, array_of
from dynacollect.controllers.streaming.source import Request
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError

from .policy_servers import HERE, TOKEN, serving
from .rehearsal import shown, telling

RNG = np.random.default_rng(7)


@contextmanager
def wires() -> Iterator[tuple[Wire, Wire]]:
    """Both ends of a connection over loopback."""
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as one:
        other, _ = door.accept()
        with other:
            yield Wire(one), Wire(other)


@contextmanager
def caller(address: str) -> Iterator[Wire]:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port))) as connected:
        yield Wire(connected)


def let_in(wire: Wire, token: bytes = TOKEN, client: bytes = bytes(CLIENT)) -> Wire:
    be_received(wire, token, client)
    return wire


def a_request(step: int = 3) -> Request:
    seen = {**shown(0.5), "task": "pick up the apple"}
    return Request(step, seen, RNG.random(6), step, 1, 2, None, RNG.random((4, 7)))


def test_arrays_of_every_type_and_shape_arrive_as_they_were() -> None:
    shapes = [(), (0,), (3,), (2, 0, 3), (2, 3, 4), (1, 1, 1, 1, 1, 2)]
    with wires() as (one, other):
        for dtype in sorted(DTYPES):
            for shape in shapes:
                sent = np.asarray(100 * RNG.random(shape)).astype(dtype).reshape(shape)
                one.send("x", a=np.asarray(sent), b=np.asarray(sent).T)
                kind, fields = other.receive(1.0)
                back, turned = array_of(fields["a"]), array_of(fields["b"])
                assert kind == "x" and back.dtype == sent.dtype and back.shape == shape
                assert np.array_equal(back, sent) and np.array_equal(turned, sent.T)
        one.send("x", a=np.arange(5, dtype=">f8"))
        assert array_of(other.receive(1.0)[1]["a"]).tolist() == [0, 1, 2, 3, 4]


def test_a_request_arrives_as_it_was() -> None:
    rows = RNG.random((9, 7))
    with wires() as (one, other):
        for left_over, committed in ((None, None), (rows, None), (rows[:0], rows[:3])):
            sent = Request(7, {**shown(0.25), "task": "grüße"}, RNG.random(6), 11, 3, 4, left_over, committed)
            one.send("request", **request_fields(5, sent))
            number, back = request_of(other.receive(1.0)[1])
            assert (number, back.step, back.begins, back.episode, back.delay) == (5, 7, 11, 3, 4)
            assert np.array_equal(back.state, sent.state) and back.seen["task"] == "grüße"
            assert np.array_equal(back.seen["picture"], sent.seen["picture"])
            for was, now in ((left_over, back.left_over), (committed, back.committed)):
                assert (was is None) == (now is None) and (was is None or now is None or np.array_equal(was, now))
        one.send("request", **request_fields(1, Request(0, {}, np.zeros(6), 0, left_over=np.ones((999, 7)))))
        back = request_of(other.receive(1.0)[1])[1]
        assert back.left_over is not None and len(back.left_over) == MOST_ROWS


@pytest.mark.parametrize("seen", [{"x": object()}, {"x": np.array([object()])}, {"x": np.array([1j])}, "nothing"])
def test_what_is_no_array_of_numbers_is_not_sent(seen: object) -> None:
    with wires() as (one, _), pytest.raises(StrangerError):
        one.send("request", **request_fields(1, Request(0, seen, np.zeros(6), 0)))


def good_array() -> dict[str, object]:
    return {"dtype": "<f8", "shape": [2, 3], "data": bytes(48)}


@pytest.mark.parametrize(
    "wrong",
    [
        {"dtype": "|O"}, {"dtype": "object"}, {"dtype": "<M8[s]"}, {"dtype": "|V8"}, {"dtype": 3}, {"dtype": "<f8,<f8"},
        {"shape": [2, 4]}, {"shape": [-2, -3]}, {"shape": [2.0, 3]}, {"shape": "23"}, {"shape": [1] * 7 + [6]},
        {"shape": [1 << 62, 1 << 62]}, {"shape": [True, 6]}, {"data": "x" * 48}, {"data": bytes(47)}, {"more": 1},
    ],
    ids=str,
)  # fmt: skip
def test_an_array_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    assert array_of(good_array()).shape == (2, 3)
    with pytest.raises(StrangerError):
        array_of({**good_array(), **wrong})


def test_a_request_with_any_field_wrong_or_missing_is_refused() -> None:
    with wires() as (one, other):
        one.send("request", **request_fields(5, a_request()))
        fields = other.receive(1.0)[1]
    request_of(fields)
    for name in fields:
        if name not in ("left_over", "committed"):
            with pytest.raises(StrangerError):
                request_of({key: value for key, value in fields.items() if key != name})
        for wrong in (-1, 1.5, True, "x", [], {}, good_array(), 1 << 60, {"a": [1]}):
            if not (name == "seen" and wrong == {}):
                with pytest.raises(StrangerError):
                    request_of({**fields, name: wrong})


@pytest.fixture(scope="module")
def served() -> Iterator[str]:
    with serving(telling) as address:
        yield address


def msgpacked(value: object) -> bytes:
    return bytes(msgpack.packb(value) or b"")


FRAMES = {
    "nothing claimed": struct.pack(">I", 0),
    "too much claimed": struct.pack(">I", LARGEST + 1),
    "all claimed": b"\xff" * 64,
    "http": b"GET / HTTP/1.1\r\nHost: arm\r\n\r\n",
    "pickle": struct.pack(">I", 40) + pickle.dumps({"kind": "token"}).ljust(40, b"\0"),
    "noise": struct.pack(">I", 200) + RNG.bytes(200),
    "a list": struct.pack(">I", 2) + b"\x91\x01",
    "many things claimed": struct.pack(">I", 5) + b"\xdd\xff\xff\xff\xff",
    "deep": struct.pack(">I", 4000) + b"\x91" * 4000,
    "an extension": struct.pack(">I", 20) + msgpacked({"kind": msgpack.ExtType(4, b"x" * 8)}).ljust(20, b"\xc0"),
    "no kind": struct.pack(">I", 5) + msgpacked({"no": 1}),
    "another kind": struct.pack(">I", 12) + msgpacked({"kind": "shell"}),
    "a request before the token": struct.pack(">I", 14) + msgpacked({"kind": "request"}),
    "half a frame": struct.pack(">I", 100) + b"\x81",
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_garbage_is_refused_before_and_after_the_token_and_the_server_lives(served: str, frame: bytes) -> None:
    for has_token in (False, True):
        with caller(served) as wire:
            if has_token:
                let_in(wire)
            else:
                assert wire.receive(1.0)[0] == "hello"
            wire.socket.sendall(frame)
            # What the server has refused by now takes no end of it either.
            with suppress(OSError):
                wire.socket.shutdown(socket.SHUT_WR)
            with pytest.raises(ConnectionError):
                wire.receive(1.0)
    with caller(served) as wire:
        ask(let_in(wire))


def ask(wire: Wire) -> None:
    for number, expected in ((1, "warm"), (2, "answer")):
        wire.send("request", **request_fields(number, a_request()))
        # One thread acknowledges and another answers.
        frames = dict(wire.receive(1.0) for _ in range(2))
        assert frames.keys() == {"got", expected}
        fields = frames[expected]
    assert fields["number"] == 2 and array_of(fields["actions"]).shape == (20, 7)


def test_bytes_changed_at_random_never_do_more_than_end_their_own_connection() -> None:
    with wires() as (one, other):
        one.send("request", **request_fields(5, a_request()))
        body = other._msgpack.packb({"kind": "request", **other.receive(1.0)[1]})
    refused = 0
    for _ in range(300):
        changed = bytearray(body)
        for place in RNG.integers(0, len(body), RNG.integers(1, 6)):
            changed[place] = RNG.integers(256)
        with wires() as (one, other):
            one.socket.sendall(struct.pack(">I", len(changed)) + changed)
            try:
                request_of(other.receive(1.0)[1])
            except StrangerError:
                refused += 1
    assert 20 < refused < 300, "most bytes are pixels, where any value is a good one"


def test_only_who_has_the_token_is_let_in() -> None:
    with serving(telling) as address:
        for token in (b"", TOKEN[:-1], TOKEN + b"x", b"another token of 30 characters"):
            with caller(address) as wire, pytest.raises(RefusedError, match="another token") as told:
                be_received(wire, token, bytes(CLIENT))
            assert told.value.final
        with caller(address) as wire:
            ask(let_in(wire))


def test_what_was_overheard_lets_nobody_in() -> None:
    with serving(telling) as address:
        with caller(address) as wire:
            nonce = wire.receive(1.0)[1]["nonce"]
            overheard = {
                "client": bytes(CLIENT),
                "nonce": bytes(NONCE),
                "proof": proof(TOKEN, "client", nonce, bytes(NONCE)),
            }
            wire.send("token", **overheard)
            answer, fields = wire.receive(1.0)
            assert answer == "welcome" and fields["proof"] == proof(TOKEN, "server", nonce, bytes(NONCE))
        for again in (overheard, {**overheard, "proof": fields["proof"]}, {**overheard, "proof": b""}):
            with caller(address) as wire:
                assert wire.receive(1.0)[1]["nonce"] != nonce
                wire.send("token", **again)
                with pytest.raises(ConnectionError):
                    assert wire.receive(1.0)[0] == "refused"
                    wire.receive(1.0)


def test_a_server_that_does_not_have_the_token_is_not_believed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        with closing(RemoteInference(f"127.0.0.1:{port}", TOKEN)) as inference:
            connected, _ = door.accept()
            with connected:
                wire = Wire(connected)
                wire.send("hello", version=1, nonce=bytes(NONCE))
                assert wire.receive(1.0)[0] == "token"
                wire.send("welcome", proof=bytes(NONCE), supports_rtc=False)
                with pytest.raises(ConnectionError):
                    wire.receive(1.0)
            clock = HostClock()
            with pytest.raises(DynacollectError, match="another token"):
                inference.warm_up(a_request(), clock, 5.0)


def test_a_stranger_may_not_send_more_than_a_token_takes() -> None:
    with serving(telling) as address, caller(address) as wire:
        wire.receive(1.0)
        wire.socket.sendall(struct.pack(">I", FROM_STRANGERS + 1) + bytes(FROM_STRANGERS + 1))
        with pytest.raises(ConnectionError):
            wire.receive(1.0)


def test_a_token_comes_from_the_environment_or_a_file_and_is_long_enough(tmp_path: Path) -> None:
    file, nowhere = tmp_path / "token", MappingProxyType({})
    file.write_bytes(TOKEN + b"\n")
    assert token_from(nowhere) == b"" and token_from({VARIABLE: TOKEN.decode()}) == TOKEN
    assert token_from({VARIABLE: "of the environment, not of the file"}, file) == TOKEN
    file.write_text("short")
    for environment, named in ((nowhere, file), ({VARIABLE: "short"}, None)):
        with pytest.raises(DynacollectError, match="5 characters"):
            token_from(environment, named)
    with pytest.raises(DynacollectError, match="cannot be read"):
        token_from(nowhere, tmp_path / "none")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "[::]"])
def test_without_a_token_nobody_else_takes_part(host: str) -> None:
    for take_part in (lambda: PolicyServer(lambda: telling, f"{host}:0"), lambda: RemoteInference(f"{host}:1")):
        with pytest.raises(DynacollectError, match=VARIABLE):
            take_part()
    refuse_open_door(place_of(f"{host}:0"), TOKEN)
    for here in ("127.0.0.1:0", "127.0.0.9:0", "[::1]:0"):
        refuse_open_door(place_of(here), b"")


@pytest.mark.parametrize("address", ["", "here", "here:", ":5588", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:-1"])
def test_what_is_no_address_is_a_sentence(address: str) -> None:
    with pytest.raises(DynacollectError, match="HOST:PORT"):
        place_of(address)


def test_an_address_that_is_taken_is_a_sentence() -> None:
    with serving(telling) as address, pytest.raises(DynacollectError, match="another address"):
        PolicyServer(lambda: telling, address, TOKEN)


def test_without_msgpack_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "msgpack", None)
    for make in (lambda: PolicyServer(lambda: telling, HERE), lambda: RemoteInference("127.0.0.1:1")):
        with pytest.raises(DynacollectError, match=r"dynacollect\[remote\]"):
            make()
