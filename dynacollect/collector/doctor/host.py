"""The machine as its files show it; tests look at files of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Host:
    """One machine's file system."""

    root: Path = Path("/")

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    def read(self, name: str) -> str:
        """A small file's text, empty where there is none or it cannot be read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""

    def names(self, folder: str) -> list[str]:
        try:
            return sorted(entry.name for entry in self.path(folder).iterdir())
        except OSError:
            return []

    def may_use(self, device: str) -> bool:
        return os.access(self.path(device), os.R_OK | os.W_OK)

    def described(self, interface: str) -> str | None:
        """What `ip` would say of a network interface of another machine's files; None for this machine."""
        return None if self.root == Path("/") else self.read(f"/ip/{interface}.json")
