"""What the arm does next: state machine, interception, motion, safety, and the streaming policy executor.

`machine` holds the phases and the shape of a profile; `tasks` the published figures; `grasp` where the hand goes; `dom`
the released machine; `transition_log` what is kept of a run, and its replay.
"""
