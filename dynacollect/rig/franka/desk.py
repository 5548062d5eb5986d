"""Desk, the arm's web page: joints unlocked, FCI on, the daily self-test.

Asked only with credentials in the environment, FRANKA_USER and FRANKA_PASSWORD; they are kept nowhere else, and no
token is written to a file.
"""

from __future__ import annotations

import os
from contextlib import suppress
from types import ModuleType
from typing import Any

from ..errors import DynacollectError

USER, PASSWORD = "FRANKA_USER", "FRANKA_PASSWORD"
OPEN_S, CONTROL_S = 10.0, 15.0
SOON_S = 3600.0
"""A self-test that is due within so long is told of before a session."""


class Desk:
    """An open session with Desk, which keeps the control of the arm until it is closed."""

    def __init__(self, package: ModuleType, session: Any, host: str) -> None:
        self._package, self._session, self._host = package, session, host

    @classmethod
    def of(cls, package: ModuleType, host: str, model: str) -> Desk | None:
        """None without credentials."""
        user, password = os.environ.get(USER), os.environ.get(PASSWORD)
        if not user or not password:
            return None
        kind = package.DeskWebSession if model == "franka-panda" else package.Desk
        return cls(package, kind(host, user, password), host)

    def prepare(self) -> str:
        """Unlock the joints and switch FCI on; what Desk says of the self-test."""
        try:
            self._session.open(timeout=OPEN_S)
            said = self._self_test()
            self._session.take_control(wait_timeout=CONTROL_S)
            if self._session.brake_state is not self._package.BrakeState.UNLOCKED:
                self._session.unlock_brakes()
            self._session.enable_fci()
        except DynacollectError:
            self.close()
            raise
        except Exception as error:  # because sockets, TLS, JSON and the vendor's own errors all come through
            self.close()
            raise DynacollectError(
                f"Desk at https://{self._host} refused ({type(error).__name__}: {error}); check {USER} and {PASSWORD}, "
                "and that nobody else has control there"
            ) from error
        return said

    def close(self) -> None:
        """Give the control back."""
        with suppress(Exception):  # because whoever leaves cannot do anything about a page that is gone
            if self._session.is_open:
                self._session.close()

    def _self_test(self) -> str:
        left = self._self_test_left()
        if left is None:
            return "no self-test due"
        if left <= 0.0:
            raise DynacollectError(
                f"the arm's daily self-test is due; run it in Desk at https://{self._host}, then connect again"
            )
        soon = left < SOON_S
        return f"self-test due in {left / 3600.0:.1f} h{', run it in Desk before a long session' if soon else ''}"

    def _self_test_left(self) -> float | None:
        """Seconds until it is due; None where Desk does not tell."""
        if isinstance(self._session, self._package.DeskWebSession):
            left = self._session.system_status.get("safety", {}).get("timeToTd2")
            return None if left is None else float(left)
        recovery = self._session.get_recovery_status()
        return 0.0 if recovery is not None and recovery.get("type") == "SelfTestsElapsed" else None
