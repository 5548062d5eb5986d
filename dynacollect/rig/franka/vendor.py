"""The vendor's package, and its errors in one sentence each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import ModuleType

from ..errors import DynacollectError

INSTALL = "run: uv pip install 'dynacollect[franka]'"
INSTALL_SIM = "run: uv pip install franky-sim"
WHEELS = "https://timschneider42.github.io/franky/whl/by-robot-server-version"
CONNECT_S = 10.0
"""A control unit on the same cable answers within a second."""

REMEDIES: tuple[tuple[str, str, str], ...] = (
    ("Realtime", "",
     "this kernel is not real-time; boot one with PREEMPT_RT, or write arm.realtime: false to try things"),
    ("", "FCI refused|FCI mode", "the control unit at {host} does not offer FCI; activate FCI in Desk"),
    ("", "Host not found|No route|unreachable|Timeout|timed out",
     "nothing answers at {host}; check the cable to the control unit, arm.host and this machine's address"),
    ("", "Net Exception|I/O error", "the line to {host} was lost; check the cable, and that nobody else uses FCI"),
    ("Network", "", "the line to {host} was lost ({words}); check the cable, and that nobody else uses FCI"),
    ("", "safety func|rejected due to activated|manual error recovery",
     "the arm refuses to move ({words}); unlock its joints in Desk, release the user stop, run a due self-test"),
    ("Command", "not possible|rejected", "the arm refuses that in its mode ({words}); switch Desk to Execution"),
)  # fmt: skip
"""Kind of error, words in it, and the sentence for both; the first that fits."""


def franky() -> ModuleType:
    """The package; one that is there but broken keeps its own words."""
    try:
        import franky
    except ModuleNotFoundError as error:
        if error.name == "franky":
            raise DynacollectError(f"franky-control is not installed; {INSTALL}") from error
        raise DynacollectError(f"franky-control cannot be used ({error}); {INSTALL}") from error
    except ImportError as error:
        raise DynacollectError(f"franky-control cannot be used ({error}); {INSTALL}") from error
    return franky


def explained(error: BaseException, host: str) -> DynacollectError:
    """One sentence with the remedy."""
    words = " ".join(str(error).replace("libfranka: ", "").split())
    kind = type(error).__name__
    if kind == "IncompatibleVersionException":
        return DynacollectError(_other_version(words, host))
    for of_kind, with_words, sentence in REMEDIES:
        if of_kind in kind and re.search(with_words, words, re.IGNORECASE):
            return DynacollectError(sentence.format(host=host, words=words))
    return DynacollectError(f"the Franka at {host} said: {words or kind}; look at Desk, then connect again")


def _other_version(words: str, host: str) -> str:
    found = re.search(r"server version:? *(\d+)", words)
    version = found.group(1) if found else "VERSION"
    return (
        f"the arm at {host} speaks version {version}, for which this franky was not built; run: "
        f"uv pip install franky-control --index {WHEELS}/{version}/"
    )


@contextmanager
def in_one_sentence(host: str) -> Iterator[None]:
    """Around every call of the vendor's."""
    try:
        yield
    except DynacollectError:
        raise
    except Exception as error:  # because the vendor's errors share no base, and those of its network library come too
        raise explained(error, host) from error


def within[T](seconds: float, call: Callable[[], T], host: str) -> T:
    """The result of a call that may wait for minutes for somebody who is not there."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 # because it is raised where the result is waited for
            errors.append(error)

    thread = Thread(target=run, name="franka-connecting", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise explained(errors[0], host) from errors[0]
    if not results:
        raise explained(TimeoutError("timed out"), host)
    return results[0]
