"""Links from a page to what lies beside it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def link(folder: Path, page: Path) -> str:
    """To a folder, from the page in another; it never leads off this machine."""
    way = os.path.relpath(folder.absolute(), page.absolute().parent)
    return "./" + quote(os.fsencode(Path(way).as_posix())) + "/"
