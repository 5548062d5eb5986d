"""A rig.yaml from what is plugged in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...rig.errors import DynacollectError
from ...rig.starter import SAFE_BOXES, Robot, written_anew
from .host import Host
from .plugged import can_links, realsenses, videos

PLACES = ("opst_cam", "side_cam", "wrist_cam")
"""What cameras are called: opposite the robot, to its left, on the hand."""
HEAD = """\
# Written from what is plugged in. Go through every line: names and mounts of cameras cannot be told from outside.
# Then: dynacollect doctor --rig {file}, dynacollect rig check --rig {file}, dynacollect rig show --rig {file}

schema: 1
name: my-lab

arm:
{arm}

cameras:                        # opst_cam opposite the robot, side_cam to its left, wrist_cam on the hand
{cameras}
stage:                          # null: a person at the terminal is asked, and pushes the objects
  lay: null                     # or a command, as [./lay.sh]: one JSON object on its standard input says what
  launch: null

safety:                         # the tool never leaves the box and never goes under the table
  box:
    lower: {lower}
    upper: {upper}
  table_z: 0.0                  # measure this: height of the table top over the base
  keep_out: []
"""


@dataclass(frozen=True, slots=True)
class Plugged:
    """What a scan found, as lines for the file."""

    arm: str
    cameras: tuple[str, ...]


def scan(path: Path, robot: Robot, host: Host) -> Plugged:
    """Write the file; DynacollectError rather than overwrite anything, or where no camera is there."""
    cameras = tuple(_cameras(host))
    if not cameras:
        raise DynacollectError("no camera is plugged in; plug them in, look at: dynacollect doctor, and scan again")
    arm = _arm(robot, host)
    lower, upper = SAFE_BOXES[robot]
    blocks = "".join(_camera(number, lines) for number, lines in enumerate(cameras))
    written_anew(path, HEAD.format(file=path, arm=arm, cameras=blocks, lower=lower, upper=upper))
    return Plugged(arm, cameras)


def _arm(robot: Robot, host: Host) -> str:
    if robot != "piper":
        return f"  driver: franka\n  model: {robot}\n  host: 172.16.0.2               # address of the control unit"
    links = can_links(host)
    said = f"{links[0]}" if links else "can0                # none is plugged in now"
    return f"  driver: piper\n  model: piper\n  channel: {said}"


def _cameras(host: Host) -> Iterator[str]:
    for camera in _realsense_serials(host):
        yield f'    driver: realsense\n    serial: "{camera}"'
    for video in videos(host):
        yield f"    driver: uvc               # {video.name}\n    device: {video.by_id or video.device}"


def _realsense_serials(host: Host) -> list[str]:
    """The SDK's serials, which are not those of the USB devices."""
    if not realsenses(host):
        return []
    from ...rig.cameras.realsense.sdk import serials

    return serials()


def _camera(number: int, lines: str) -> str:
    name = PLACES[number] if number < len(PLACES) else f"cam_{number + 1}"
    return f"  {name}:\n{lines}\n    mount: {'wrist' if name == 'wrist_cam' else 'fixed'}\n"
