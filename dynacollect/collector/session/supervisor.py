"""Deals with faults: bounded tries by the table, then a person, then a safe end. The arm stands meanwhile."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...rig.errors import DynacollectError
from ...rig.rig import Rig
from .fault_table import Deed, Rule, pause_of
from .log import Log
from .standing import Standing, standing_on

PERIOD_S = 0.04
FLAPS, FLAPS_S = 20, 60.0
"""A fault that was put right so often in so many seconds is not put right."""
POLL_S = 0.5
"""While a person is awaited."""


@dataclass(slots=True)
class Stop:
    """Whether the session shall end; set from a signal handler."""

    reason: str = ""


Deeds = Mapping[Deed, Callable[[Standing], None]]
"""What can be done; a deed that fails raises `DynacollectError`."""


class Supervisor:
    """Watches one rig."""

    def __init__(self, rig: Rig, deeds: Deeds, log: Log, stop: Stop, patience_s: float) -> None:
        self._rig, self._deeds, self._log, self._stop, self._patience = rig, deeds, log, stop, patience_s
        self.views_doubted = False
        """Since it was last set: a camera's view was not what it should be."""
        self._known: set[tuple[str, str]] = set()
        self._cured: defaultdict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=FLAPS))

    def ending(self) -> str:
        """Called in every tick, after the rig was read: why the attempt must end now; empty while it need not."""
        everything = standing_on(self._rig)
        self.views_doubted = self.views_doubted or any(one.rule.view for one in everything)
        found = [one for one in everything if not one.rule.view]
        self._tell(found)
        worst = next((one for one in found if one.rule.ends or one.needs_person), None)
        return "" if worst is None else f"{worst.device}: {worst.rule.name}"

    def spoilt_views(self) -> list[Standing]:
        """Faults of what cameras see of the room."""
        return [one for one in standing_on(self._rig) if one.rule.view]

    def mend(self, *, urgent: bool = False) -> bool:
        """Go on until nothing stands, or nothing that keeps the arm from moving; False where the session must end."""
        while not self._stop.reason:
            self.pause(PERIOD_S)
            found = [one for one in standing_on(self._rig) if not (urgent and one.rule.view)]
            self._tell(found)
            found = [one for one in found if one.rule.ends or one.needs_person or not urgent]
            if not found:
                return True
            if not self._against(found[0], lambda key: key in {one.key for one in standing_on(self._rig)}):
                return False
        return False

    def settle(self, one: Standing, solved: Callable[[], bool]) -> bool:
        """The same for what no device reports: do what the table says until `solved`; False where it was not."""
        self._log.fault(one)
        return self._against(one, lambda _: not solved(), person=False)

    def call(self, one: Standing, stands: Callable[[], bool]) -> bool:
        """Ask for a person, and wait; False where nobody came in time or the session shall end."""
        clock, stage = self._rig.clock, self._rig.stage
        begin = clock.now()
        self._log.call(one)
        stage.call(f"{one.device}: {one.rule.name}")
        while clock.now() < begin + self._patience and not self._stop.reason:
            self.pause(POLL_S)
            if stage.attended():
                self._attended()
                if not one.needs_person and one.rule.deed == "none":
                    self._log.answered(one, clock.now() - begin)
                    return True
            if not stands():
                self._log.answered(one, clock.now() - begin)
                return True
        return False

    def pause(self, seconds: float) -> None:
        """Let time pass with the rig's eyes open: what drivers report comes from what is read."""
        clock = self._rig.clock
        end = clock.now() + seconds
        while clock.now() < end and not self._stop.reason:
            clock.wait_until(min(end, clock.now() + PERIOD_S))
            self._rig.see()
            self._rig.feel()

    def _against(self, one: Standing, stands: Callable[[tuple[str, str]], bool], *, person: bool = True) -> bool:
        clock, rule = self._rig.clock, one.rule
        begin, cured = clock.now(), self._cured[one.key]
        flaps = len(cured) == FLAPS and begin - cured[0] < FLAPS_S
        for number in range(0 if one.needs_person or flaps else rule.tries):
            why = self._do(rule, one)
            self.pause(pause_of(rule, number))
            ok = not stands(one.key)
            self._log.deed(one, number + 1, ok, clock.now() - begin, why)
            if ok:
                cured.append(clock.now())
            if ok or self._stop.reason:
                return ok
        return self.call(one, lambda: stands(one.key)) if person else False

    def _do(self, rule: Rule, one: Standing) -> str:
        """Why it failed; empty where it did not."""
        deed = self._deeds.get(rule.deed)
        if deed is None:
            return ""
        try:
            deed(one)
        except DynacollectError as error:
            return str(error)
        return ""

    def _attended(self) -> None:
        """Somebody says that the arm is where it says, and that the cameras look at what they should."""
        self._rig.arm.verified()
        self._rig.arm.recover()
        for camera in self._rig.cameras.values():
            camera.rebase()

    def _tell(self, found: list[Standing]) -> None:
        """Of those that did not stand before, and of those that do not any more."""
        now = {one.key for one in found}
        for one in found:
            if one.key not in self._known:
                self._log.fault(one)
        for key in self._known - now:
            self._log.gone(key)
        self._known = now
