"""The options that put a trained network in the place of learnt colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ..tracking.seeing.ultralytics.weights import Weights

WeightsOption = Annotated[
    str | None, typer.Option("--weights", metavar="FILE", help="YOLO-seg, YOLO-World, YOLOE or SAM 2, on this disk.")
]
DeviceOption = Annotated[Literal["auto", "cpu", "cuda"], typer.Option("--device", help="What the network runs on.")]


def network_of(weights: str | None, device: Literal["auto", "cpu", "cuda"], *, wanted: bool, by: str) -> Weights | None:
    """The network that these options ask for; `by` is the option that wants one."""
    from ..rig.errors import DynacollectError
    from ..tracking.seeing.ultralytics.weights import Weights, file_of

    if not wanted:
        if weights is not None:
            raise DynacollectError(f"--weights are for a network; add {by}")
        return None
    if weights is None:
        raise DynacollectError(
            f"{by} needs a network; name its file with --weights, or train one: dynacollect objects train-detector"
        )
    file_of(weights)
    return Weights(weights, device)
