"""The bridge over real sockets, against the two sides of the public code as their messages are known."""

from __future__ import annotations

import pickle
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import repeat
from threading import Thread
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import RigidTransform, Rotation

from dynacollect.controllers.streaming.course import STEP_S
from dynacollect.controllers.streaming.executor import Executor
from dynacollect.controllers.streaming.remote.wire import StrangerError
from dynacollect.controllers.streaming.simulated import Simulated
from dynacollect.controllers.streaming.source import Request
from dynacollect.controllers.streaming.upstream.ends import Ends
from dynacollect.controllers.streaming.upstream.host import Host
from dynacollect.controllers.streaming.upstream.layout import action_message, action_of, look_message, look_of
from dynacollect.controllers.streaming.upstream.visit import Ended, Visit
from dynacollect.rig.clock import HostClock
from dynacollect.rig.errors import DynacollectError
from dynacollect.rig.nouns import Vector

from .rehearsal import SCALE, telling

zmq: Any = pytest.importorskip("zmq")
RNG = np.random.default_rng(11)


def test_poses_and_actions_mean_the_same_there_and_here() -> None:
    for _ in range(50):
        turn = Rotation.random(rng=RNG)
        tool = RigidTransform.from_components(RNG.uniform(-1, 1, 3), turn)
        picture = RNG.integers(0, 255, (6, 8, 3), np.uint8)
        look = look_of(look_message(4, 1.5, tool, {"opst_cam": picture}))
        assert look.step == 4 and np.array_equal(look.pictures["opst_cam"], picture)
        assert look.state[:3] == pytest.approx(tool.translation, abs=1e-6)
        assert (Rotation.from_euler("xyz", look.state[3:]) * turn.inv()).magnitude() < 1e-5
        values = np.concatenate([look.state, [-1.0]])
        theirs = action_message(values)
        assert theirs.shape == (1, 8)
        assert (Rotation.from_quat(theirs[0, [4, 5, 6, 3]]) * turn.inv()).magnitude() < 1e-5
        assert action_of(theirs) == pytest.approx(values, abs=1e-5)


@pytest.mark.parametrize("wrong", [None, "x", np.zeros(8), np.zeros((2, 8)), np.zeros((1, 7)), np.zeros((1, 8), int)])
def test_what_is_no_action_is_refused(wrong: object) -> None:
    with pytest.raises(StrangerError):
        action_of(wrong)


@pytest.mark.parametrize("odd", [[np.nan] * 8, [0.0] * 8, [1.0, 0, 0, np.inf, 0, 0, 0, 1]])
def test_an_action_that_turns_nowhere_is_nan_and_nothing_worse(odd: list[float]) -> None:
    assert np.isnan(action_of(np.array([odd]))).any()


def test_other_machines_taken_ports_and_a_missing_package_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DynacollectError, match=r"use 127\.0\.0\.1"):
        Ends("server", "0.0.0.0")
    ports = free_ports()
    with closing(Ends("server", ports=ports)), pytest.raises(DynacollectError, match="other ports"):
        Ends("server", ports=ports)
    monkeypatch.setitem(sys.modules, "zmq", None)
    with pytest.raises(DynacollectError, match=r"dynacollect\[bridge\]"):
        Ends("client")


def free_ports() -> tuple[int, int]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        return one.getsockname()[1], other.getsockname()[1]


class Peer:
    """One side of the public code, as far as it is known: plain pickles, and of what has come the newest only."""

    def __init__(self, out: int, into: int, ports: tuple[int, int], binds: bool) -> None:
        self._context = zmq.Context()
        addresses = [f"tcp://127.0.0.1:{port}" for port in ports]
        self.out, self.into = self._context.socket(out), self._context.socket(into)
        for each, address in zip((self.out, self.into), addresses, strict=True):
            each.setsockopt(zmq.LINGER, 0)
            (each.bind if binds else each.connect)(address)
        if into == zmq.SUB:
            self.into.setsockopt_string(zmq.SUBSCRIBE, "")

    def tell(self, message: Mapping[str, object]) -> None:
        self.out.send(pickle.dumps(dict(message), -1))

    def newest(self) -> Any:
        found = None
        while self.into.poll(0):
            found = pickle.loads(self.into.recv())
        return found

    def wait_for(self, key: str) -> Any:
        while True:
            assert self.into.poll(20_000)
            found = pickle.loads(self.into.recv())
            if key in found:
                return found[key]

    def close(self) -> None:
        self.out.close()
        self.into.close()
        self._context.term()


@dataclass
class EvaluationServer:
    """Observes, takes the newest action, and repeats the last one where there is none."""

    ports: tuple[int, int]
    episodes: int = 2
    steps: int = 60
    done: list[list[tuple[int, Vector | None]]] = field(default_factory=list)
    acks: list[int] = field(default_factory=list)
    client: str = ""

    def run(self) -> None:
        clock = HostClock()
        with closing(Peer(zmq.PUB, zmq.PULL, self.ports, binds=True)) as peer:
            self.client = peer.wait_for("vla")
            for episode in range(self.episodes):
                peer.tell({"task": f"pick up the apple of {episode}."})
                self.done.append([])
                for step in range(self.steps):
                    peer.tell(self.observation(step, episode))
                    clock.wait_until(clock.now() + STEP_S)
                    said = peer.newest()
                    self.done[-1].append((step, said["action"] if said and "action" in said else None))
                way = np.zeros((self.steps, 1, 3), np.float32)
                peer.tell({"env_name": "scene", "eps_name": "x", "success": episode == 0, "ee_path": way})
                self.acks.append(peer.wait_for("ack"))
            peer.tell({"vla": self.client, "success_rates": {"scene": 0.5}})
            clock.wait_until(clock.now() + 0.3)

    def observation(self, step: int, episode: int) -> dict[str, object]:
        picture = np.full((1, 6, 8, 3), step, np.uint8)
        pictures = {f"observation.images.{name}": picture for name in ("opst_cam", "wrist_cam")}
        quat = np.array([[1.0, 0.0, 0.0, 0.0]], np.float32)
        effector = {"pos": np.full((1, 3), episode / 100, np.float32), "quat": quat}
        return {"dt_scale": 1.0, "index": step, "observation.state": {"end_effector": effector}, **pictures}


class Words:
    """Shows the pictures, the words, and how often it was asked."""

    def __init__(self) -> None:
        self.visit: Visit | None = None
        self.tasks: list[str] = []
        self.asked = 0

    def begin(self, instruction: str) -> None:
        self.tasks.append(instruction)

    def now(self) -> Any:
        self.asked += 1
        frames = {} if self.visit is None else self.visit.look().frames
        return {name: frame.image for name, frame in frames.items()}


@pytest.mark.slow
def test_our_executor_drives_their_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dynacollect.controllers.streaming.upstream.visit.LOOK_S", 0.01)
    ports, seen = free_ports(), list[Request]()
    server = EvaluationServer(ports)
    thread = Thread(target=server.run)
    thread.start()

    def source(request: Request) -> Vector:
        seen.append(request)
        return telling(request)

    clock, words, said = HostClock(), Words(), list[str]()
    with closing(Ends("client", ports=ports)) as ends:
        words.visit = visit = Visit(ends, clock, said.append)
        rates = visit.run(Executor("laas", Simulated(source, repeat(0.1))), words, "ours")
    thread.join(20.0)
    assert rates == {"scene": 0.5} and server.client == "ours" and server.acks == [1, 2]
    assert words.tasks == ["pick up the apple of 0.", "pick up the apple of 1."] and words.asked >= 110
    assert [ended.success for ended in visit.ended] == [True, False]
    assert (
        isinstance(visit.ended[0], Ended)
        and visit.ended[0].steps == 60
        and visit.ended[0].starved < 20
        and visit.ended[0].holds
    )
    for request in seen:
        assert {name: int(picture.max()) for name, picture in request.seen.items()} == dict.fromkeys(
            ("opst_cam", "wrist_cam"), request.step
        )
    for episode, steps in enumerate(server.done):
        acted = [(step, action_of(action)) for step, action in steps if action is not None]
        assert len(acted) > 40
        late = [step - round(values[0] * SCALE) for step, values in acted]
        assert np.median(late) == 0 and min(late) >= -1, "what is done at a step was meant for it"
        assert {round(values[2] * SCALE) for _, values in acted} == {episode + 1}, "and for its episode"


@contextmanager
def client(ports: tuple[int, int], act: Any, heard: list[Any]) -> Iterator[None]:
    """Comes, does what `act` says to each observation, and takes note of ends until all are over."""

    def run() -> None:
        with closing(Peer(zmq.PUSH, zmq.SUB, (ports[1], ports[0]), binds=False)) as peer:
            HostClock().wait_until(HostClock().now() + 0.3)
            peer.tell({"vla": "theirs", "epoch": 3})
            while True:
                assert peer.into.poll(60_000)
                message = peer.newest()
                if message is None:
                    continue
                heard.append(message)
                if "success_rates" in message:
                    return
                if "success" in message:
                    peer.tell({"ack": 1})
                elif "index" in message and (action := act(message)) is not None:
                    peer.tell({"action": action})

    thread = Thread(target=run)
    thread.start()
    yield
    thread.join(60.0)
    assert not thread.is_alive()


def settings_for(episodes: int) -> Any:
    from dynacollect.rig.config import load_rig
    from dynacollect.training.evaluation import Settings

    config = load_rig("cell")
    cameras = {"opst_cam": config.cameras["opst_cam"].model_copy(update={"width": 64, "height": 48})}
    return Settings(config.model_copy(update={"cameras": cameras}), episodes=episodes, seed=3)


def moving_on(message: Mapping[str, Any], towards: Sequence[float]) -> NDArray[np.float32]:
    """At most fifty millimetres on from where the tool is now."""
    effector = message["observation.state"]["end_effector"]
    here, goal = effector["pos"][0].astype(float), np.asarray(towards)
    way = goal - here
    new = here + way * min(1.0, 0.05 / max(1e-9, float(np.linalg.norm(way))))
    return np.concatenate([new, effector["quat"][0], [1.0]])[None].astype(np.float32)


@pytest.mark.slow
def test_their_client_drives_our_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    from dynacollect.training import hosting

    monkeypatch.setattr(hosting, "COME_S", 20.0)
    monkeypatch.setattr("dynacollect.controllers.streaming.upstream.host.GIVE_UP_S", 1.0)
    ports, heard, goal = free_ports(), list[Any](), (0.45, 0.1, 0.35)

    def act(message: Mapping[str, Any]) -> NDArray[np.float32]:
        """Good ones for a while, and then nothing but nonsense."""
        return moving_on(message, goal) if message["index"] < 60 else np.full((1, 8), np.nan, np.float32)

    with closing(Ends("server", ports=ports)) as ends, client(ports, act, heard):
        name, found = hosting.host(settings_for(1), ends)
    assert name == "theirs" and [each.success for each in found] == [False] and "NaN" in found[0].reason
    tasks = [message["task"] for message in heard if "task" in message]
    assert tasks == [found[0].instruction] and tasks[0].startswith("pick up the ")
    looks = [message for message in heard if "index" in message]
    assert looks[0]["observation.images.opst_cam"].shape == (1, 48, 64, 3) and looks[-1]["dt_scale"] >= 1.0
    assert looks[5]["observation.images.opst_cam"].any()
    ended = next(message for message in heard if "success" in message)
    way = ended["ee_path"][:, 0]
    assert ended["success"] is False and np.linalg.norm(way[0] - goal) > 0.1
    assert np.linalg.norm(way[-1] - goal) < 0.01, "the arm is where the client sent it"
    assert np.ptp(way[-15:], axis=0).max() < 0.002, "and nonsense moves it no more"
    assert heard[-1]["success_rates"] == {"pick": 0.0}


def test_a_client_that_does_not_come_is_a_sentence() -> None:
    with closing(Ends("server", ports=free_ports())) as ends, pytest.raises(DynacollectError, match="no client"):
        Host(ends, HostClock()).await_client(0.05)
