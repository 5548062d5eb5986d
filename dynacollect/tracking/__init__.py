"""What the object is doing: masks, 6D pose, Kalman state.

`seeing` tells which pixels show which object, `pose` finds where an object is, `kalman` what it does and will do;
`tracker.py` puts them together. `sequences` reads and writes recordings, `measures` holds states against the truth.
"""
