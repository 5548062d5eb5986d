"""The machine as its files show it; tests look at files of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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

    def link(self, name: str) -> dict[str, Any]:
        """What `ip` says of a network interface; empty where it is not installed or says nothing."""
        if self.root != Path("/"):
            text = self.read(f"/ip/{name}.json")
        elif (ip := shutil.which("ip")) is None:
            return {}
        else:
            line = [ip, "-details", "-json", "link", "show", name]
            text = subprocess.run(line, capture_output=True, text=True, timeout=5, check=False).stdout
        try:
            found = json.loads(text)
        except ValueError:
            return {}
        return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
