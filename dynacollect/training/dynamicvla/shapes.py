"""Sizes of the parts, as tables, and the presets that are made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

HEAD = 64
"""Width of an attention head, of text and expert alike."""
BYTES = "bytes"
"""The tokenizer that ships with the package, and what the names of its text models begin with."""


@dataclass(frozen=True, slots=True)
class TextShape:
    """A decoder of the SmolLM2 family."""

    vocabulary: int
    width: int
    heads: int
    kv_heads: int
    hidden: int


@dataclass(frozen=True, slots=True)
class TowerShape:
    """A FastViT: each stage halves the picture; `mixing` stages mix by convolution, those after them by attention."""

    widths: tuple[int, ...]
    depths: tuple[int, ...]
    mixing: int

    @property
    def out(self) -> int:
        return 2 * self.widths[-1]

    @property
    def reduction(self) -> int:
        """Pixels of the picture to a side of a token."""
        return 4 * 2 ** (len(self.widths) - 1)


TEXTS = {
    "HuggingFaceTB/SmolLM2-135M": TextShape(49152, 576, 9, 3, 1536),
    "HuggingFaceTB/SmolLM2-360M": TextShape(49152, 960, 15, 5, 2560),
    "HuggingFaceTB/SmolLM2-1.7B": TextShape(49152, 2048, 32, 32, 8192),
    "bytes-small": TextShape(257, 576, 9, 3, 1536),
    "bytes-tiny": TextShape(257, 192, 3, 1, 512),
}
TOWERS = {
    "fastvithd": TowerShape((96, 192, 384, 768, 1536), (2, 12, 24, 4, 2), 3),
    "small": TowerShape((64, 128, 256, 512), (2, 4, 8, 2), 3),
    "tiny": TowerShape((32, 64, 128), (1, 2, 2), 2),
}

_WHOLE = {"freeze_vision_model": False, "freeze_connector": False, "freeze_text_model": False}
PRESETS: dict[str, dict[str, Any]] = {
    "dynamicvla": {},
    "small": {
        "vlm_model_name": "bytes-small",
        "vision_tower": "small",
        "resize_imgs_with_padding": (192, 192),
        "num_vlm_layers": 10,
        "expert_width_multiplier": 0.5,
        **_WHOLE,
    },
    "tiny": {
        "vlm_model_name": "bytes-tiny",
        "vision_tower": "tiny",
        "resize_imgs_with_padding": (96, 96),
        "num_vlm_layers": 4,
        **_WHOLE,
    },
}
"""Fields of the configuration that differ from its defaults."""


def text_shape(name: str) -> TextShape:
    """KeyError unless the table knows it; instruct variants have the sizes of their base."""
    return TEXTS[name.removesuffix("-Instruct")]


def expert_hidden(width: int) -> int:
    """Of its feed-forward layers: 8/3 of the width, up to the next multiple of 256."""
    return 256 * -(-4 * (2 * width // 3) // 256)
