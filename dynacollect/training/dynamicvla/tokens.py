"""Instructions as token numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from ...rig.errors import DynacollectError
from .shapes import BYTES

PAD = 256
"""Of the tokenizer that ships, after the 256 bytes."""


class Tokenizer(Protocol):
    """Knows its padding token."""

    pad: int

    def encode(self, text: str) -> list[int]: ...


class ByteTokenizer:
    """Each byte is a token: nothing to download, nothing unknown."""

    pad = PAD

    def encode(self, text: str) -> list[int]:
        return list(text.encode())


class FileTokenizer:
    """A tokenizer.json, as the `tokenizers` library reads it."""

    def __init__(self, source: str) -> None:
        try:
            from tokenizers import Tokenizer as Library
        except ImportError:
            raise DynacollectError(
                f"the tokenizer of '{source}' needs the tokenizers library; install dynacollect[train]"
            ) from None
        path = Path(source) / "tokenizer.json" if Path(source).is_dir() else Path(source)
        try:
            self._library = Library.from_file(str(path)) if path.is_file() else Library.from_pretrained(source)
        except Exception as error:  # noqa: BLE001 # because the library raises nothing narrower
            raise DynacollectError(
                f"there is no tokenizer at '{source}' ({str(error).splitlines()[0][:120]}); "
                "name a folder with tokenizer.json in --policy.tokenizer, or go online once"
            ) from None
        self._library.no_padding()
        self._library.no_truncation()
        self.pad = self._library.token_to_id("<|endoftext|>") or 0

    def encode(self, text: str) -> list[int]:
        return self._library.encode(text).ids


def tokenizer_from(source: str) -> Tokenizer:
    return ByteTokenizer() if source == BYTES else FileTokenizer(source)


def tokens_of(texts: list[str], tokenizer: Tokenizer, *, to: int | None = None) -> tuple[Tensor, Tensor]:
    """Numbers and which are valid, [batch, longest], padded on the right; every text ends in a new line."""
    rows = [tokenizer.encode(text if text.endswith("\n") else text + "\n") for text in texts]
    length = max([to or 0, *map(len, rows)])
    numbers = torch.full((len(rows), length), tokenizer.pad, dtype=torch.long)
    valid = torch.zeros((len(rows), length), dtype=torch.bool)
    for number, row in enumerate(rows):
        numbers[number, : len(row)] = torch.tensor(row)
        valid[number, : len(row)] = True
    return numbers, valid
