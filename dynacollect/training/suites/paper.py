"""What the DynamicVLA paper (arXiv 2601.22153) reports of its policy on the nine dimensions, in its own simulator."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SUCCESS: Mapping[str, float] = MappingProxyType(
    {
        "CR": 0.605, "DA": 0.385, "LS": 0.405,
        "VU": 0.515, "SR": 0.480, "MP": 0.335,
        "VG": 0.595, "MG": 0.650, "DR": 0.265,
    }
)  # fmt: skip
MEAN_SUCCESS, MEAN_PATH_M, MEAN_TIME_S = 0.4706, 2.50, 8.53
"""Path and time are means over all episodes, failures among them."""
