"""Connecting to something that is no Franka, or not ready, ends in one sentence with the remedy."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest

from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.franka.arm import Franka
from dynacollect.rig.franka.config import FrankaArm
from dynacollect.rig.franka.desk import PASSWORD, USER
from dynacollect.rig.franka.vendor import explained, within

HOST = "127.63.1.1"
FCI_PORT = 1337


def driver() -> Franka:
    return Franka(FrankaArm(driver="franka", model="franka-fr3", host=HOST, realtime=False), HostClock(), HOST)


@contextmanager
def answering(reply: bytes) -> Iterator[None]:
    """Something that listens where a Franka would, and answers the first message so."""
    with socket.create_server((HOST, FCI_PORT)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(reply)
                connection.recv(1024)

        thread = Thread(target=answer, daemon=True)
        thread.start()
        yield
    thread.join(5.0)


def test_nothing_listens() -> None:
    with pytest.raises(DynacollectError, match="does not offer FCI; activate FCI in Desk"):
        driver().connect()


def test_another_version_names_the_wheel_that_fits() -> None:
    incompatible = struct.pack("<III", 0, 0, 20) + struct.pack("<BH5x", 1, 5)
    with (
        answering(incompatible),
        pytest.raises(DynacollectError, match=r"speaks version 5, .*by-robot-server-version/5/"),
    ):
        driver().connect()


def test_no_answer_at_all() -> None:
    clock = HostClock()
    with pytest.raises(DynacollectError, match="nothing answers at h; check the cable"):
        within(0.05, lambda: clock.wait_until(clock.now() + 1.0), "h")


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "franky", None)
    with pytest.raises(DynacollectError, match=r"run: uv pip install 'dynacollect\[franka\]'"):
        driver().connect()


def test_a_wrong_password_is_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(USER, "somebody")
    monkeypatch.setenv(PASSWORD, "a-secret-word")
    with pytest.raises(DynacollectError, match="check FRANKA_USER") as caught:
        driver().connect()
    assert "a-secret-word" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "words", "remedy"),
    [
        ("RealtimeException", "libfranka: unable to set realtime scheduling: Operation not permitted", "PREEMPT_RT"),
        ("NetworkException", "libfranka: UDP receive: Timeout", "nothing answers"),
        ("NetworkException", "libfranka: TCP send bytes: I/O error", "the line to h was lost"),
        (
            "CommandException",
            "Move command rejected: command not possible in the current mode!",
            "Execution",
        ),
        ("CommandException", "rejected due to activated safety function!", "unlock its joints"),
        ("ModelException", "libfranka: no model", "look at Desk"),
    ],
)
def test_each_error_of_the_vendor_has_a_remedy(kind: str, words: str, remedy: str) -> None:
    error = type(kind, (Exception,), {})(words)
    assert remedy in str(explained(error, "h"))
