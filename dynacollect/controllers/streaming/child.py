"""The inference process itself: the newest observation, a chunk, the next one, until its parent is gone."""

from __future__ import annotations

import signal
from collections.abc import Callable
from ctypes import Array, c_long
from multiprocessing import parent_process

import numpy as np

from ...rig.clock import HostClock
from .letters import answer_letter, request_of, said_letter
from .mailbox import Mailbox
from .source import Source

WARM_UPS = 3
"""The first inferences compile, allocate and cache: so many are made for nobody."""
LOOK_S = 0.001
"""Between two looks for an observation."""

Make = Callable[[], Source]
"""Builds the policy in the process that runs it; a function of a module, so that a new process can find it."""


def serve(make: Make, inbox: Mailbox, outbox: Mailbox, armed: Array[c_long], rows: int) -> None:
    # Ctrl-C is the parent's to heed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        _serve(make(), inbox, outbox, armed, rows)
    except Exception as error:  # because whatever ends a policy is to be told to those who hold the arm
        outbox.put(said_letter(f"{type(error).__name__}: {error}", rows))
        raise SystemExit(1) from error


def _serve(source: Source, inbox: Mailbox, outbox: Mailbox, armed: Array[c_long], rows: int) -> None:
    clock, parent = HostClock(), parent_process()
    while parent is not None and parent.is_alive():
        letter = inbox.take()
        if letter is None:
            clock.wait_until(clock.now() + LOOK_S)
            continue
        request = request_of(letter)
        if not armed[0]:
            for _ in range(WARM_UPS):
                source(request)
            armed[0] = 1
            continue
        begin = clock.now()
        actions = np.asarray(source(request), dtype=float)
        outbox.put(answer_letter(request, actions, clock.now() - begin, rows))
