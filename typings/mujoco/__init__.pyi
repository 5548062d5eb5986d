"""MuJoCo 4 ships no types; its names are taken on trust."""

from typing import Any

def __getattr__(name: str) -> Any: ...
