"""`dynacollect policy serve`: a policy for arms on other machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ..output import JsonFlag, emit
from ..weights import DeviceOption

SERVE_EXAMPLE = "Example: dynacollect policy serve outputs/apple/checkpoints/last/pretrained_model --device cuda"


def serve(
    source: Annotated[str, typer.Argument(metavar="DIR|HUB-ID", help="A policy: a folder, or its name on the Hub.")],
    listen: Annotated[
        str, typer.Option("--listen", metavar="HOST:PORT", help="Where; another host than this needs a token.")
    ] = "127.0.0.1:5588",
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="Its text is the token; else DYNACOLLECT_POLICY_TOKEN."),
    ] = None,
    device: DeviceOption = "auto",
    as_json: JsonFlag = False,
) -> None:
    """Work out a policy's actions for an arm elsewhere, until Ctrl-C.

    One client at a time holds the arm. Both sides show that they have the same token, 16 characters or more.

    Nothing is encrypted: across a network that is shared with others, lead the connection through ssh.
    """
    import os

    from ...controllers.streaming.remote.secret import token_from
    from ...controllers.streaming.remote.server import PolicyServer

    server = PolicyServer(lambda: _source(source, device), listen, token_from(os.environ, token_file), _say)
    try:
        server.run()
    except KeyboardInterrupt:
        _say("stopped")
    finally:
        server.close()
    found = {name: getattr(server, name) for name in ("answered", "failed", "refused")}
    emit({"listen": str(server.place), **found}, as_json, "{answered} answered, {failed} failed".format(**found))


def _source(path: str, device: str) -> Any:
    from ...training.rollout.source import policy_source

    return policy_source(path, device)


def _say(words: str) -> None:
    typer.echo(words, err=True)
