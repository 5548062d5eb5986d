"""A trained policy on a rig: a checkpoint becomes a source of chunks, and an executor of them a profile."""
