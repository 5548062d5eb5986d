"""How long a Hub that fails is asked again, and what is said when it is asked no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx
from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled
from huggingface_hub.utils import parse_ratelimit_headers

from ...rig.clock import Clock
from ...rig.errors import DynacollectError

TRIES = 6
"""In a row without anything getting done; the client itself tries some calls again before it gives up."""
SHORTEST, LONGEST = 2.0, 60.0
"""s between two tries that nobody asked for; twice as long each time."""
LONGEST_ASKED = 900.0
"""s that a Hub may ask to wait."""
PASSING = frozenset({408, 409, 412, 425, 429, 500, 502, 503, 504})
"""Status of what may be otherwise a little later; with 412, somebody else has committed meanwhile."""
FAILURES = (httpx.HTTPError, OSError, RuntimeError, ValueError)
"""What the client raises."""


class Patience:
    """Waits and counts; what gets done renews it."""

    def __init__(self, clock: Clock, repo: str, tell: Callable[[str], None]) -> None:
        self.waited_s, self.failures = 0.0, 0
        self._clock, self._repo, self._in_a_row, self._tell = clock, repo, 0, tell

    def ask[T](self, call: Callable[[], T]) -> T:
        """The answer, if need be of a later try; only for calls that may be made twice."""
        before = self._in_a_row
        while True:
            try:
                answer = call()
            except FAILURES as error:
                self.after(error)
            else:
                # That a question is answered again does not mean that anything got done.
                self._in_a_row = before
                return answer

    def renew(self) -> None:
        """Something got done."""
        self._in_a_row = 0

    def after(self, error: Exception) -> None:
        """Wait as long as is sensible after this; raise where that is no use."""
        if not _passes(error):
            raise _final(error, self._repo) from error
        self.failures, self._in_a_row = self.failures + 1, self._in_a_row + 1
        seconds = _asked(error) or min(SHORTEST * 2 ** (self._in_a_row - 1), LONGEST)
        if self._in_a_row >= TRIES or seconds > LONGEST_ASKED:
            soon = f" and asks to wait {seconds / 60:.0f} minutes" if seconds > LONGEST_ASKED else ""
            raise DynacollectError(
                f"The Hub does not answer as it should ({_brief(error)}){soon}; what is there stays: give the same "
                "line again later, and it goes on"
            ) from error
        self._tell(f"The Hub does not answer as it should ({_brief(error)}); waiting {seconds:.0f} s")
        self.waited_s += seconds
        self._clock.wait_until(self._clock.now() + seconds)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _response(error: Exception) -> httpx.Response | None:
    return next((each.response for each in _causes(error) if isinstance(each, HfHubHTTPError)), None)


def _passes(error: Exception) -> bool:
    response = _response(error)
    if response is not None:
        return response.status_code in PASSING
    if isinstance(error, OfflineModeIsEnabled):
        return False
    # An upload that broke off is a RuntimeError; an answer that was cut off is no JSON.
    broken = (httpx.TransportError, ConnectionError, TimeoutError, json.JSONDecodeError, RuntimeError)
    return any(isinstance(each, broken) for each in _causes(error))


def _asked(error: Exception) -> float | None:
    """Seconds that the Hub wants to be left alone."""
    response = _response(error)
    if response is None:
        return None
    after = response.headers.get("Retry-After", "")
    if after.isdigit():
        return float(after)
    limit = parse_ratelimit_headers(response.headers)
    return float(limit.reset_in_seconds) if limit and limit.remaining == 0 else None


def _final(error: Exception, repo: str) -> DynacollectError:
    """In one sentence."""
    response = _response(error)
    status = None if response is None else response.status_code
    if isinstance(error, LocalTokenNotFoundError):
        return no_token()
    if isinstance(error, OfflineModeIsEnabled):
        return DynacollectError("The Hub may not be reached, as HF_HUB_OFFLINE is set; unset it")
    if status == 401:
        return DynacollectError("The Hub does not take the token; log in again with: hf auth login --force")
    if status == 403:
        return DynacollectError(
            f"The token has no right to write to {repo}; make one that has at https://huggingface.co/settings/tokens"
        )
    if response is None and isinstance(error, OSError) and error.filename:
        return DynacollectError(f"{error.filename} cannot be read ({error.strerror}); push again when it can")
    return DynacollectError(f"The Hub does not take this ({_brief(error)}); mend that, and push again")


def no_token() -> DynacollectError:
    return DynacollectError("There is no token for the Hub; log in with: hf auth login, or set HF_TOKEN")


def _brief(error: Exception) -> str:
    response = _response(error)
    if response is not None:
        said = next((each.server_message for each in _causes(error) if isinstance(each, HfHubHTTPError)), None)
        return f"{response.status_code} {said or response.reason_phrase}".splitlines()[0].strip()
    deepest = [*_causes(error)][-1]
    lines = [line.strip() for line in str(deepest).splitlines() if line.strip()]
    return " ".join(lines) or type(deepest).__name__
