"""Who drives in an evaluation, by the words of its command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...controllers.streaming.latency import parse_latency
from ...controllers.streaming.stream import Strategy
from ...rig.config import RigConfig
from ...rig.errors import DynacollectError
from ...training.chunked import ForeseeingExpert, Streaming, refuse_unsupported

if TYPE_CHECKING:
    from ...training.rollout.rolled import Rolled

EXPERT, CHUNKED, POLICY, MEASURED = "expert", "chunked-expert", "policy:", "measured"


@dataclass(frozen=True, slots=True)
class Driver:
    """The expert by itself, unless one of these says otherwise."""

    chunks: Streaming | None = None
    policy: Rolled | None = None

    @property
    def streaming(self) -> Streaming | None:
        return self.chunks or (self.policy.streaming if self.policy else None)


def driver_of(
    controller: str, executor: Strategy | None, latency: str | None, device: str, rig: RigConfig, *, vision: bool
) -> Driver:
    """What is wrong with a policy is said before anything runs."""
    if controller == EXPERT:
        if executor is not None or latency is not None:
            raise DynacollectError(
                f"--executor and --latency are for chunks; add --controller {CHUNKED} or policy:PATH"
            )
        return Driver()
    strategy = executor or "laas"
    if controller == CHUNKED:
        refuse_unsupported(strategy, ForeseeingExpert)
        return Driver(chunks=Streaming(strategy, parse_latency(latency or "226ms")))
    if not controller.startswith(POLICY):
        raise DynacollectError(f"there is no controller '{controller}'; choose {EXPERT}, {CHUNKED} or policy:PATH")
    if vision:
        raise DynacollectError("a policy sees pictures, and needs no tracker; leave out --state vision")
    # Torch is loaded only for those who run a policy.
    from ...training.rollout.rolled import Rolled

    measured = latency == MEASURED
    rolled = Rolled(
        controller.removeprefix(POLICY), Streaming(strategy, None if measured else parse_latency(latency or "226ms")),
        device,
    )  # fmt: skip
    rolled.rig(rig)
    return Driver(policy=rolled)
