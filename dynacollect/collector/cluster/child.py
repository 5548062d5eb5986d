"""The worker's own process: `python -m dynacollect.collector.cluster.child`.

Standard input brings the job and then stays open. When it closes, because somebody wants an end or because whoever
started the worker has died, the session ends safely. Standard output takes one line: how it ended.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
from dataclasses import asdict
from threading import Thread

from ...rig.errors import DynacollectError
from ..session.calling import ringer
from ..session.running import Run, run_session
from ..session.supervisor import Stop
from .job import Ended, How, Job

INPUT, OUTPUT, ERRORS = 0, 1, 2


def main() -> None:
    """Until the job is done."""
    with os.fdopen(os.dup(OUTPUT), "w", encoding="utf-8") as answer:
        # Whatever libraries print goes to the log.
        os.dup2(ERRORS, OUTPUT)
        with os.fdopen(os.dup(INPUT), "rb") as line:
            job: Job = pickle.load(line)
        stop = Stop()
        Thread(target=_heed, args=(stop,), name="lifeline", daemon=True).start()
        json.dump(asdict(_done(job, stop)), answer)
        answer.write("\n")


def _heed(stop: Stop) -> None:
    while os.read(INPUT, 1):
        pass
    stop.reason = stop.reason or "asked to end"


def _done(job: Job, stop: Stop) -> Ended:
    try:
        ring = ringer(str(job.home), job.webhook, bell=False)
        ran = run_session(job.home, job.settings, Run(job.faults, job.realtime, ring, stop=stop))
    except DynacollectError as error:
        return Ended(How.REFUSED, str(error))
    return Ended(How.ENDED if ran.reason else How.DONE, ran.reason)


if __name__ == "__main__":
    sys.exit(main())
