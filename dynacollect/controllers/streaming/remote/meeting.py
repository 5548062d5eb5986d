"""How client and server meet: each shows the other that it has the token, before anything else is read."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from .messages import some_bytes, text, whole
from .secret import NONCE, PROOF, is_proven, proof
from .wire import FROM_STRANGERS, StrangerError, Wire

VERSION = 1
MEET_S = 5.0
"""Within which each frame of a meeting has to be there."""
CLIENT = 16
"""Bytes by which a client that comes back is known."""


class RefusedError(Exception):
    """One side does not want the other; `final` until somebody changes something."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


@dataclass(frozen=True, slots=True)
class Caller:
    """A client that has shown the token."""

    client: bytes
    proof: bytes
    """That the server has the token too."""


def receive(wire: Wire, token: bytes) -> Caller:
    """The server's side, up to the welcome."""
    nonce = secrets.token_bytes(NONCE)
    wire.send("hello", version=VERSION, nonce=nonce)
    kind, fields = wire.receive(MEET_S, FROM_STRANGERS)
    if kind != "token":
        raise StrangerError("a client that shows no token")
    client, theirs = some_bytes(fields.get("client"), CLIENT), some_bytes(fields.get("nonce"), NONCE)
    if not is_proven(some_bytes(fields.get("proof"), PROOF), token, "client", nonce, theirs):
        raise RefusedError("it has another token", final=True)
    return Caller(client, proof(token, "server", nonce, theirs))


def welcome(wire: Wire, caller: Caller, *, supports_rtc: bool) -> None:
    wire.send("welcome", proof=caller.proof, supports_rtc=supports_rtc)


def refuse(wire: Wire, why: str, *, final: bool) -> None:
    wire.send("refused", why=why, final=final)


def be_received(wire: Wire, token: bytes, client: bytes) -> bool:
    """The client's side: whether the policy supports real-time chunking."""
    kind, fields = wire.receive(MEET_S, FROM_STRANGERS)
    if kind != "hello":
        raise StrangerError("no policy server")
    if whole(fields.get("version")) != VERSION:
        raise RefusedError("it is of another version", final=True)
    theirs, nonce = some_bytes(fields.get("nonce"), NONCE), secrets.token_bytes(NONCE)
    wire.send("token", client=client, nonce=nonce, proof=proof(token, "client", theirs, nonce))
    kind, fields = wire.receive(MEET_S, FROM_STRANGERS)
    if kind == "refused":
        raise RefusedError(text(fields.get("why")), final=fields.get("final") is True)
    if kind != "welcome":
        raise StrangerError("no policy server")
    if not is_proven(some_bytes(fields.get("proof"), PROOF), token, "server", theirs, nonce):
        raise RefusedError("it has another token", final=True)
    return fields.get("supports_rtc") is True
