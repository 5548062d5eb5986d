"""LeRobot finds what `plugins/` installs by the names of the distributions."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import distributions

import pytest
from lerobot.cameras import CameraConfig
from lerobot.configs import PreTrainedConfig


@pytest.mark.parametrize(
    ("name", "registry", "kind"),
    [
        ("lerobot_policy_dynamicvla", PreTrainedConfig, "dynamicvla"),
        ("lerobot_camera_dynacollect", CameraConfig, "dynacollect"),
    ],
)
def test_a_plug_in_registers_its_type(name: str, registry: type, kind: str) -> None:
    assert name in {each.metadata["Name"] for each in distributions()}
    import_module(name)
    assert kind in registry.get_known_choices()  # type: ignore[attr-defined]
