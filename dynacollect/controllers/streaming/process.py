"""Inference in a process of its own, so that nothing that a policy does holds up the arm's loop."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from typing import Any

from numpy.typing import NDArray

from ...rig.clock import Clock
from ...rig.errors import DynacollectError
from .child import Make, serve
from .delay import Delay
from .letters import answer_of, empty_answer, empty_request, request_letter
from .mailbox import Mailbox
from .source import Answer, Request

LEAST_PATIENCE_S, PATIENCE = 1.0, 5.0
"""Silence for so long, and for so many times what answers take, counts as frozen."""
LOOK_S, LEAVE_S = 0.01, 2.0
"""Between looks whether it is warm; and how long it may take to leave."""
MOST_ROWS = 64


class InferenceProcess:
    """Follows the `Inference` protocol; `shown` is an example of what requests show. Close it when done."""

    def __init__(self, make: Make, shown: Mapping[str, NDArray[Any]], rows: int = MOST_ROWS) -> None:
        self._make, self._shown, self._rows = make, dict(shown), rows
        self._context = get_context("spawn")
        self._took = Delay()
        self._start()

    def _start(self) -> None:
        context, rows = self._context, self._rows
        self._inbox = Mailbox(context, empty_request(self._shown, rows))
        self._outbox = Mailbox(context, empty_answer(rows))
        self._armed = context.RawArray("l", 1)
        self._process = context.Process(
            target=serve, args=(self._make, self._inbox, self._outbox, self._armed, rows), daemon=True, name="inference"
        )
        self._process.start()
        self._asked: tuple[int, int] | None = None
        """Episode and step of the newest observation that an answer is expected for."""
        self._first: tuple[int, int] | None = None
        """Of the first one: what was offered before the policy was warm does not count."""
        self._silent_since = 0.0
        self._said = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def armed(self) -> bool:
        """The policy is warm; what is offered from now on is answered."""
        return bool(self._armed[0])

    @property
    def waiting(self) -> bool:
        return self._asked is not None

    def offer(self, request: Request, now: float) -> None:
        self._inbox.put(request_letter(request, self._rows))
        if not self.armed:
            return
        if self._asked is None:
            self._silent_since = now
        self._asked = (request.episode, request.step)
        self._first = self._first or self._asked

    def collect(self, now: float) -> Sequence[Answer]:
        letter = self._outbox.take()
        answer = None if letter is None else answer_of(letter)
        if isinstance(answer, str):
            self._said = answer
        if not isinstance(answer, Answer):
            return []
        number = (answer.chunk.episode, answer.chunk.made_at)
        if self._first is None or number < self._first:
            return []
        self._silent_since = now
        self._took.add(answer.took_s)
        if self._asked is not None and number >= self._asked:
            self._asked = None
        return [answer]

    def trouble(self, now: float) -> str:
        if not self._process.is_alive():
            return f"the inference process has ended ({self._said or _ending(self._process.exitcode)})"
        if not self.armed:
            return "the policy is not warm yet"
        silent = now - self._silent_since
        if self.waiting and silent > max(LEAST_PATIENCE_S, PATIENCE * self._took.value):
            return f"the inference process has not answered for {silent:.1f} s"
        return ""

    def warm_up(self, request: Request, clock: Clock, within_s: float = 120.0) -> None:
        """Show it an observation, and wait until it is warm; before the arm is let go of."""
        until = clock.now() + within_s
        self.offer(request, clock.now())
        while not self.armed:
            self.collect(clock.now())
            if not self._process.is_alive():
                raise DynacollectError(f"{self.trouble(clock.now())}; mend the policy, then start again")
            if clock.now() > until:
                raise DynacollectError(
                    f"the policy was not ready within {within_s:.0f} s; look at its process's output"
                )
            clock.wait_until(clock.now() + LOOK_S)

    def restart(self) -> None:
        """A new process in place of one that is dead or frozen; the policy has to become warm again."""
        self.close()
        self._start()

    def close(self) -> None:
        self._process.kill()
        self._process.join(LEAVE_S)


def _ending(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
