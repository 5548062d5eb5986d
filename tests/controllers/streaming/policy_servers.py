"""Policy servers to try a client on: in a thread, and in a process that can be killed or frozen."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from threading import Event, Thread

from dynacollect.controllers.streaming.remote.server import PolicyServer
from dynacollect.controllers.streaming.source import Source

TOKEN = b"a token of more than 16 characters"
HERE = "127.0.0.1:0"


@contextmanager
def serving(source: Source, address: str = HERE, token: bytes = TOKEN, said: list[str] | None = None) -> Iterator[str]:
    """In a thread; gives its address."""
    words, ready = [] if said is None else said, Event()

    def say(line: str) -> None:
        words.append(line)
        ready.set()

    server = PolicyServer(lambda: source, address, token, say)
    thread = Thread(target=server.run)
    with closing(server):
        thread.start()
        assert ready.wait(10.0)
        yield str(server.place)
    thread.join(10.0)
    assert not thread.is_alive()


def run_server(policy: str, address: str) -> None:
    """In a process of its own."""
    import odd_policies  # pyright: ignore[reportMissingImports] # the parent's path

    PolicyServer(getattr(odd_policies, policy), address, TOKEN).run()


class ServerProcess:
    """One that can be treated badly, and started again at its address."""

    def __init__(self, policy: str, address: str) -> None:
        self.address, self._policy = address, policy
        self.start()

    def start(self) -> None:
        context = get_context("spawn")
        self._process = context.Process(target=_run_server(), args=(self._policy, self.address), daemon=True)
        self._process.start()

    def send(self, number: signal.Signals) -> None:
        os.kill(self._process.pid or 0, number)

    def close(self) -> None:
        self._process.kill()
        self._process.join(5.0)


def _run_server() -> Callable[[str, str], None]:
    """By a name that a new process finds."""
    here = str(Path(__file__).parent)
    if here not in sys.path:
        sys.path.insert(0, here)
    from importlib import import_module

    return import_module("policy_servers").run_server


@contextmanager
def relay(address: str) -> Iterator[tuple[str, Event]]:
    """An address that leads to another one; while the event is set it carries nothing, and closes nothing."""
    host, _, port = address.rpartition(":")
    cut, over = Event(), Event()

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while not over.is_set() and (part := source.recv(1 << 16)):
                while cut.is_set() and not over.wait(0.01):
                    pass
                target.sendall(part)
        for each in (source, target):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def accept(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.create_connection((host, int(port)))
                for ends in ((near, far), (far, near)):
                    Thread(target=carry, args=ends, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        Thread(target=accept, args=(door,), daemon=True).start()
        yield f"127.0.0.1:{door.getsockname()[1]}", cut
        over.set()
        door.shutdown(socket.SHUT_RDWR)
