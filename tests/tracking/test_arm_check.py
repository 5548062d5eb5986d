"""An arm that stands where it says looks as it did; one that was knocked does not."""

from __future__ import annotations

import pytest

from dynacollect.rig.cell.truth import Truth
from dynacollect.rig.config import load_rig
from dynacollect.rig.rig import open_rig
from dynacollect.rig.stage import Request
from dynacollect.tracking.arm_check import OFF_M, ArmCheck
from dynacollect.tracking.live import beside_table, pictures
from dynacollect.tracking.seeing.arm_cover import ArmCover


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cell", "cell-piper"])
def test_a_knock_shows_and_other_things_on_the_table_do_not(name: str) -> None:
    rig = open_rig(load_rig(name), seed=1)
    with rig:
        cameras = beside_table(rig, Truth(rig).camera_models)

        def shots() -> dict:
            return {name: taken[0] for name, taken in pictures(rig, cameras).items()}

        rig.stage.prepare(1, Request(room=1))
        check = ArmCheck(ArmCover(rig.arm.model), cameras)
        assert check.off(shots()) is None
        check.learn(shots(), rig.feel())
        rig.stage.prepare(7, Request(room=1))
        near = check.off(shots())
        assert near is not None
        assert near < 0.5 * OFF_M
        rig.stage.world.joint_offset[1:3] = 0.03  # pyright: ignore[reportAttributeAccessIssue]
        rig.clock.wait_until(rig.clock.now() + 0.5)
        far = check.off(shots())
        assert far is not None
        assert far > OFF_M
