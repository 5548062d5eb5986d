"""The cell for DynamicVLA's public inference client: episodes as in an evaluation, which that client drives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..controllers.episode import expert_for, lag_of
from ..controllers.machine import TaskName
from ..controllers.runner import run_episode
from ..controllers.streaming.tool import Tool, open_or_shut
from ..controllers.streaming.upstream.ends import Ends
from ..controllers.streaming.upstream.host import Host, HostProfile
from ..rig.cell.truth import Truth
from ..rig.clock import HostClock
from ..rig.objects import catalogue
from ..rig.rig import Rig, open_rig
from .evaluation import Settings, launch, request_of, seed_of

COME_S = 600.0
"""For a client to load its policy and come."""


@dataclass(frozen=True, slots=True)
class Hosted:
    """An episode that a client has driven."""

    seed: int
    target: str
    instruction: str
    success: bool
    reason: str
    time_s: float
    missed_ticks: int


def host(settings: Settings, ends: Ends, say: Callable[[str], object] = str) -> tuple[str, list[Hosted]]:
    """All episodes of the settings, in real time: the client's name, and what became of them."""
    found: list[Hosted] = []
    attendant = Host(ends, HostClock())
    say("waiting for a client")
    client = attendant.await_client(COME_S)
    for index in range(settings.episodes):
        each = _episode(settings, index, ends, attendant, say)
        if each is None:
            say("the client has gone")
            break
        found.append(each)
    attendant.leave(client, {settings.task: sum(each.success for each in found) / max(1, len(found))})
    return client, found


def _episode(
    settings: Settings, index: int, ends: Ends, attendant: Host, say: Callable[[str], object]
) -> Hosted | None:
    """None if the client does not take note of its end."""
    seed, (_, request) = seed_of(settings, index), request_of(settings, index)
    with open_rig(settings.rig, seed=seed, realtime=True) as rig:
        truth = Truth(rig)
        rig.stage.prepare(seed, request)
        names = truth.names
        targets = tuple(key for key in names if key.startswith("target"))
        instruction = _instruction(names)
        say(f"episode {index + 1}: {instruction}")
        expert = expert_for(rig, settings.task, settings.profile, names, targets)
        profile = _profile(rig, ends, Tool(expert.motion, open_or_shut(rig.arm.model.gripper), _lag(rig)))

        def done(_: float) -> str:
            return "done" if _is_done(truth, settings.task, targets) else ""

        attendant.begin(instruction, rig.clock)
        launch(rig, truth)
        outcome = run_episode(
            rig, profile, expert.motion, expert.safety, truth.objects, targets[0],
            "container" if "container" in names else None, expert.limit_s, halt=done,
        )  # fmt: skip
        success, target = bool(done(0.0)), truth.plan.targets[0].object
        say(f"{'success' if success else 'failure'}: {outcome.reason}")
        path = profile.path
    if not attendant.finish(settings.task, index, success, path):
        return None
    return Hosted(seed, target, instruction, success, outcome.reason, outcome.time_s, outcome.missed_ticks)


def _profile(rig: Rig, ends: Ends, tool: Tool) -> HostProfile:
    sizes = {name: (camera.width, camera.height) for name, camera in rig.config.cameras.items()}
    return HostProfile(ends, tool, rig.see, sizes, HostClock())


def _lag(rig: Rig) -> float:
    return lag_of(rig.config, rig.arm.model.command_delay)


def _is_done(truth: Truth, task: TaskName, targets: tuple[str, ...]) -> bool:
    if task == "pick":
        return truth.picked(targets[0]).success is True
    return all(truth.placed(key).success is True for key in targets)


def _instruction(names: Mapping[str, str]) -> str:
    """In the words that the public data has."""
    said = {key: (*catalogue.load(name).words, name.replace("_", " "))[0] for key, name in names.items()}
    targets = [words for key, words in said.items() if key.startswith("target")]
    if "container" not in said:
        return f"pick up the {targets[0]}."
    return " ".join(f"grab the {target} and place on the {said['container']}." for target in targets)
