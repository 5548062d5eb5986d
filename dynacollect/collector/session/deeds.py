"""What the session itself can do against a fault."""

from __future__ import annotations

from ...rig.errors import DynacollectError
from ...rig.rig import Rig
from ...rig.stage import Request
from ...tracking.arm_check import OFF_M
from .retiring import Retiring
from .sight import Sight
from .standing import Standing
from .supervisor import Deeds


def deeds_on(rig: Rig, sight: Sight, retiring: Retiring, seed: int) -> Deeds:
    """Of the table's deeds, those for which more is done than to let time pass. A deed that fails raises."""

    def recover(_: Standing) -> None:
        if not rig.arm.recover():
            raise DynacollectError("the arm says that a person has to see to it")

    def look_at_arm(_: Standing) -> None:
        why = retiring.home()
        if why:
            raise DynacollectError(why)
        off = sight.arm_off()
        if off is None or off > OFF_M:
            raise DynacollectError("no camera sees the arm" if off is None else f"it is {1e3 * off:.0f} mm off")
        rig.arm.verified()

    def look_anew(_: Standing) -> None:
        # The arm is out of the way at home; the stage clears the table.
        sight.look_anew()
        rig.stage.prepare(seed, Request(room=seed))

    return {
        "restart": lambda one: rig.cameras[one.device].restart(),
        "recover": recover,
        "exercise": lambda _: retiring.exercise(),
        "look anew": look_anew,
        "look at the arm": look_at_arm,
    }
