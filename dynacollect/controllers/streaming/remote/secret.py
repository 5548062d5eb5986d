"""The token that client and server share, and how each shows that it has it without saying it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path

from ....rig.errors import DynacollectError
from .place import Place

VARIABLE = "DYNACOLLECT_POLICY_TOKEN"
SHORTEST = 16
"""Characters: a shorter one could be found by trying."""
NONCE, PROOF = 32, 32
"""Bytes: what each side makes up for each meeting, and what it shows."""


def token_from(environment: Mapping[str, str], file: Path | None = None) -> bytes:
    """From the file if there is one, else from the environment; empty where neither has one."""
    text = environment.get(VARIABLE, "") if file is None else _read(file)
    token = text.strip().encode()
    if file is None and not token:
        return b""
    if len(token) < SHORTEST:
        raise DynacollectError(
            f"the policy token has {len(token)} characters; "
            f"make one of {SHORTEST} or more, as with: openssl rand -hex 16"
        )
    return token


def refuse_open_door(place: Place, token: bytes) -> None:
    """Without a token nobody but this machine takes part."""
    if not token and not place.is_here:
        raise DynacollectError(
            f"{place} is not this machine alone, and there is no token; "
            f"set {VARIABLE} on both machines, or name a file with --token-file"
        )


def proof(token: bytes, role: str, server: bytes, client: bytes) -> bytes:
    """What only who has the token can work out; `server` and `client` are their nonces."""
    return hmac.digest(token, role.encode() + server + client, hashlib.sha256)


def is_proven(claimed: bytes, token: bytes, role: str, server: bytes, client: bytes) -> bool:
    return hmac.compare_digest(claimed, proof(token, role, server, client))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DynacollectError(f"the token file {file} cannot be read ({error}); name a text file") from error
