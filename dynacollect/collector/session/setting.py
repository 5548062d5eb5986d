"""Setting the scene: the table laid and looked at, the object in motion and seen to move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...rig.errors import DynacollectError
from ...rig.nouns import ObjectState
from ...rig.rig import Rig
from ...rig.stage import Staged
from ...training.vision import keys_of
from .fault_table import rule_of
from .sight import PERIOD_S, Sight
from .standing import Standing
from .wish import Wish

MOVED_M = 0.004
"""An object has begun to move that is so far from where it stood."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands on the table, ready to go."""

    staged: Staged
    names: dict[str, str]
    """Key -> name."""

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(key for key in self.names if key.startswith("target"))

    @property
    def container(self) -> str | None:
        return "container" if "container" in self.names else None


class Setting:
    """Sets one scene after the other."""

    def __init__(self, rig: Rig, sight: Sight, room: int) -> None:
        self._rig, self._sight, self._room = rig, sight, room
        self.trouble: Standing | None = None
        """Why the last scene could not be set."""

    def set(self, wish: Wish, number: int) -> Scene | None:
        """Lay the table for a wish and find all that is on it; None where that failed."""
        try:
            staged = self._staged(wish, number)
        except DynacollectError as error:
            self.trouble = Standing(rule_of("object", "no room"), wish.kind.object, str(error))
            return None
        scene = Scene(staged, keys_of(staged))
        missing = self._sight.found() & {*scene.targets, *([scene.container] if scene.container else [])}
        if missing:
            names = ", ".join(sorted(scene.names[key] for key in missing))
            self.trouble = Standing(rule_of("object", "missing"), wish.kind.object, f"{names} not found on the table")
            return None
        self.trouble = None
        return scene

    def launch(self, wish: Wish, scene: Scene) -> ObjectState | None:
        """Set the target in motion; its state once it moves, None where it does not."""
        clock, key = self._rig.clock, scene.targets[0]
        start = self._sight(clock.now()).get(key)
        self._rig.stage.launch()
        if wish.kind.sector is None or scene.staged.launcher is None:
            return start
        end = clock.now() + scene.staged.within_s
        while clock.now() < end:
            clock.wait_until(clock.now() + PERIOD_S)
            self._rig.feel()
            state = self._sight(clock.now()).get(key)
            start = start or state
            if state is not None and start is not None and _apart(state, start) > MOVED_M:
                return state
        self.trouble = Standing(
            rule_of("object", "stuck"), wish.kind.object, f"{scene.names[key]} stands still after the launch"
        )
        return None

    def _staged(self, wish: Wish, number: int) -> Staged:
        """Direction and side are left to chance where there is no room for them."""
        seed = wish.seed + number * 10_000_019
        try:
            return self._sight.prepare(seed, wish.request(self._room))
        except DynacollectError:
            return self._sight.prepare(seed, wish.request(self._room, anyhow=True))


def _apart(state: ObjectState, start: ObjectState) -> float:
    return float(np.linalg.norm(state.position[:2] - start.position[:2]))
