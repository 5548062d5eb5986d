"""Calling a person: the terminal's bell, and a web hook."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from threading import Thread
from urllib.error import URLError
from urllib.request import Request, urlopen

from ...rig.errors import DynacollectError

TIMEOUT_S = 10.0


def ringer(session: str, webhook: str | None, *, bell: bool) -> Callable[[str, str], None]:
    """A function of reason and remedy that returns at once."""
    if webhook is not None and not webhook.startswith(("http://", "https://")):
        raise DynacollectError(f"--webhook {webhook} is no address; give one that begins with https://")

    def ring(reason: str, remedy: str) -> None:
        if bell:
            sys.stderr.write("\a")
            sys.stderr.flush()
        if webhook is not None:
            Thread(target=_post, args=(webhook, session, reason, remedy), daemon=True).start()

    return ring


def _post(webhook: str, session: str, reason: str, remedy: str) -> None:
    """`text` is what chat services show."""
    body = {"text": f"{session}: {reason}. {remedy}", "session": session, "reason": reason, "remedy": remedy}
    request = Request(webhook, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=TIMEOUT_S):  # because ringer() lets only http and https pass
            pass
    except (URLError, OSError, ValueError) as error:
        sys.stderr.write(f"The web hook did not answer: {error}\n")
